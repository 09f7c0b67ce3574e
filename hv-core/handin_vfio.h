/* SPDX-License-Identifier: BSD-3-Clause */
/* What the supervisor opens of VFIO, or takes from flue-pf, for cards that are functions of the
 * host. Main thread. */
#ifndef HV_CORE_HANDIN_VFIO_H
#define HV_CORE_HANDIN_VFIO_H

#include "hv-core/config.h"
#include "hv-core/guest.h"
#include "hv-core/handin_pf.h"
#include "hv-core/vfio/vfio.h"

/* How it is opened; tests have their own. */
struct hv_handin_vfio {
	/* The IOMMU group of a function. */
	int (*group)(const char *address, unsigned int *group, struct err *e);
	int (*open)(const char *address, struct hv_vfio_fds *fds, struct err *e);
	/* hv_pf_take() */
	int (*take)(const char *guest, uint64_t mem_bytes, const struct hv_nic_config *nic,
		    unsigned int timeout_ms, struct hv_pf_taken *t, struct err *e);
};
extern const struct hv_handin_vfio hv_handin_vfio;

/* Whom it is for. */
struct hv_handin_guest {
	const char *name;
	uint64_t mem_bytes;
};

/* Fills container, group and device of the n cards' descriptors; those of cards that are not direct
 * become -1. A guest has one container, which comes with its first function; functions of one IOMMU
 * group have one open group, each a descriptor of it. All are close-on-exec. A card with a VF gets
 * its address and epoch in nic; who has an epoch afterwards, on error too, has to give it back. 0,
 * or VFIO's error, or flue-pf's, with its cure; then none is left open, and e->path says which
 * card. */
int hv_handin_direct(struct hv_nic_fds *fds, struct hv_nic_config *nic, unsigned int n,
		     const struct hv_handin_guest *guest, const struct hv_handin_vfio *vfio,
		     struct err *e);

/* Closes them, but not the socket, which the supervisor keeps. */
void hv_handin_nic_close(struct hv_nic_fds *fds);

#endif
