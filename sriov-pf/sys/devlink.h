/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * devlink over generic netlink. A kernel or a driver without it is no error: then there are no
 * modes, no serial number and no ports.
 */
#ifndef SRIOV_PF_SYS_DEVLINK_H
#define SRIOV_PF_SYS_DEVLINK_H

#include "sriov-pf/sys/devlink_msg.h"
#include "sriov-pf/sys/talk.h"

struct pf_devlink {
	struct pf_nl nl;
	uint16_t family; /* 0: the kernel has no devlink */
};

int pf_devlink_open(struct pf_devlink *d, struct err *e);
void pf_devlink_close(struct pf_devlink *d);

/* bus: "pci" or "netdevsim"; dev: the device's name on it. All of these return 0 or negative errno
 * with the kernel's words in ack. */

/* *mode is PF_ESWITCH_NONE where the device has none. */
int pf_devlink_mode(struct pf_devlink *d, const char *bus, const char *dev, enum pf_eswitch *mode,
		    struct pf_ack *ack);
int pf_devlink_set_mode(struct pf_devlink *d, const char *bus, const char *dev,
			enum pf_eswitch mode, struct pf_ack *ack);
/* "" where the device tells none. */
int pf_devlink_serial(struct pf_devlink *d, const char *bus, const char *dev,
		      char serial[PF_SERIAL], struct pf_ack *ack);

/* In switchdev mode: puts into vf[0..vfs-1] what the ports of VFs tell of their function's address
 * and of their rates. What they do not tell is left as it is. */
int pf_devlink_vfs(struct pf_devlink *d, const char *bus, const char *dev, struct pf_vf *vf,
		   unsigned int vfs, struct pf_ack *ack);

/* Where the VF's address or rates are set: *has gets PF_DL_MAC and PF_DL_RATE of what its port has,
 * 0 when it has no port. *port: that port. */
int pf_devlink_port(struct pf_devlink *d, const char *bus, const char *dev, unsigned int vf,
		    unsigned int *has, uint32_t *port, struct pf_ack *ack);
int pf_devlink_set_mac(struct pf_devlink *d, const char *bus, const char *dev, uint32_t port,
		       const uint8_t mac[6], struct pf_ack *ack);
/* Both bounds or none: when the second is refused the first is put back. */
int pf_devlink_set_rate(struct pf_devlink *d, const char *bus, const char *dev, uint32_t port,
			uint32_t min_mbps, uint32_t max_mbps, struct pf_ack *ack);

#endif
