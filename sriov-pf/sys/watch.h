/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Being told when something changes that is not our own doing, or is: links by rtnetlink (also
 * when an attribute of a VF was set; the message does not say which), devices by kernel uevents.
 * An event says where to look anew, not what is there now.
 */
#ifndef SRIOV_PF_SYS_WATCH_H
#define SRIOV_PF_SYS_WATCH_H

#include "sriov-pf/sys/uevent.h"

struct pf_watch;

enum pf_event_kind {
	PF_EVENT_LINK,	 /* ifindex: something of it, or of VFs behind it, was set */
	PF_EVENT_GONE,	 /* ifindex: the interface is no more in this network namespace */
	PF_EVENT_DEVICE, /* device: came, went, changed driver */
	PF_EVENT_LOST,	 /* more happened than there was room for: look at everything */
};

struct pf_event {
	enum pf_event_kind kind;
	unsigned int ifindex;
	char ifname[PF_IFNAME];
	struct pf_uevent device;
};

/* NULL: e says why. Loop's thread, as all of these. */
struct pf_watch *pf_watch_open(struct err *e);
void pf_watch_close(struct pf_watch *w);

/* Two descriptors that become readable. */
enum { PF_WATCH_FDS = 2 };
void pf_watch_fds(const struct pf_watch *w, int fds[PF_WATCH_FDS]);

/* Reads all that has come in on that descriptor, without waiting, and tells each in turn. After
 * PF_EVENT_LOST it goes on as before. 0 or negative errno: the descriptor is broken. */
int pf_watch_read(struct pf_watch *w, int fd, void (*each)(void *arg, const struct pf_event *event),
		  void *arg);

/* One RTM_NEWLINK or RTM_DELLINK. False: it is neither, or damaged. Pure; any thread. */
bool pf_watch_link(const void *msg, size_t len, struct pf_event *event);

#endif
