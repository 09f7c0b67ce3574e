/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Messages of devlink, which has what belongs to a card and not to an interface: the mode of its
 * switch, its serial number, and in switchdev mode the address of a VF (the function behind a port)
 * and its rates (the leaf of the rate tree that hangs on that port). Pure; any thread.
 */
#ifndef SRIOV_PF_SYS_DEVLINK_MSG_H
#define SRIOV_PF_SYS_DEVLINK_MSG_H

#include "sriov-pf/model/state.h"

#include <libmnl/libmnl.h>

enum pf_dl_has {
	PF_DL_MODE = 1,
	PF_DL_PORT = 2,	 /* port index */
	PF_DL_VF = 4,	 /* the port is that of a VF of this host */
	PF_DL_MAC = 8,	 /* of the function behind the port */
	PF_DL_RATE = 16, /* it is a leaf of the rate tree */
	PF_DL_SERIAL = 32,
};

struct pf_dl_msg {
	unsigned int has; /* enum pf_dl_has */
	uint8_t command;  /* DEVLINK_CMD_* */
	char bus[16], dev[32];
	enum pf_eswitch mode;
	uint32_t port, vf;
	uint8_t mac[6];
	uint64_t tx_share, tx_max; /* bytes a second; 0: none, or no bound */
	char serial[PF_SERIAL];	   /* of the device, else of its board */
};

/* False: it is no message of devlink's. */
bool pf_dl_parse(const void *msg, size_t len, struct pf_dl_msg *m);

/* The answer to CTRL_CMD_GETFAMILY; 0: it names no family. */
uint16_t pf_dl_family_parse(const void *msg, size_t len);

/* Messages in a buffer of PF_NL_REQUEST bytes. */
struct nlmsghdr *pf_dl_family_get(void *buf);
/* With bus and device; the caller adds what else there is to say. */
struct nlmsghdr *pf_dl_start(void *buf, uint16_t family, uint8_t command, const char *bus,
			     const char *dev);
struct nlmsghdr *pf_dl_set_mac(void *buf, uint16_t family, const char *bus, const char *dev,
			       uint32_t port, const uint8_t mac[6]);
/* One bound of a leaf. DEVLINK_ATTR_RATE_TX_SHARE (what it is sure to have) or _TX_MAX; a message
 * with both that is refused for the second would leave the first. */
struct nlmsghdr *pf_dl_set_rate(void *buf, uint16_t family, const char *bus, const char *dev,
				uint32_t port, uint16_t which, uint64_t bytes_per_second);

#endif
