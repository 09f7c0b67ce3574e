/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A disk (virtio 1.2, 5.2): one queue, served by a thread of its own that hands requests to the
 * kernel's io_uring. Data moves between the file and guest memory without a copy here, but where
 * O_DIRECT does not take the guest's alignment.
 */
#ifndef HV_CORE_VIRTIO_BLK_H
#define HV_CORE_VIRTIO_BLK_H

#include "hv-core/pci/pci.h"

struct hv_blk;

struct hv_blk_options {
	const char *id;	    /* of the device in the machine: "disk:root" */
	const char *serial; /* what the guest reads as its serial number; 20 bytes count */
	int fd; /* a file or block device, opened as the rest says; taken over, on error too */
	bool readonly;
	bool direct; /* it was opened with O_DIRECT */
};

struct hv_blk_stats {
	uint64_t reads, writes, flushes, read_bytes, written_bytes, errors;
};

/* Makes the disk and plugs it. 0; -EINVAL: neither a file nor a block device, or smaller than a
 * sector; -ENOSYS: no io_uring, with the cure. Main thread. */
int hv_blk_create(struct hv_vm *vm, struct hv_pci *pci, const struct hv_blk_options *o,
		  struct hv_blk **b, struct err *e);

uint64_t hv_blk_bytes(const struct hv_blk *b);
/* Any thread. */
void hv_blk_stats(const struct hv_blk *b, struct hv_blk_stats *s);

/* Called first in each disk's thread from now on, for its seccomp filter. Before any is made. */
void hv_blk_thread_init(int (*init)(void *arg, struct err *e), void *arg);

#endif
