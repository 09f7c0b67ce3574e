/* SPDX-License-Identifier: BSD-3-Clause */
/* The kernel's word that a device came, went or changed (NETLINK_KOBJECT_UEVENT). */
#ifndef SRIOV_PF_SYS_UEVENT_H
#define SRIOV_PF_SYS_UEVENT_H

#include "sriov-pf/model/state.h"

enum pf_uevent_action {
	PF_UEVENT_ADD,
	PF_UEVENT_REMOVE,
	PF_UEVENT_BIND,	  /* a driver took it */
	PF_UEVENT_UNBIND, /* and let it go */
	PF_UEVENT_CHANGE, /* also move, online, offline */
};

struct pf_uevent {
	enum pf_uevent_action action;
	bool net;		  /* its interface, else the function itself */
	char address[PF_ADDRESS]; /* of the function that it is, or that the interface belongs to */
	char driver[PF_DRIVER];	  /* of a function: bound, "" for none */
	char ifname[PF_IFNAME];	  /* of an interface */
	unsigned int ifindex;
};

/* One datagram: "ACTION@DEVPATH", then KEY=VALUE, each with its NUL. False: it is not about a
 * function of PCI or netdevsim, or their interfaces, or it is damaged. Pure; any thread. */
bool pf_uevent_parse(const char *buf, size_t len, struct pf_uevent *u);

#endif
