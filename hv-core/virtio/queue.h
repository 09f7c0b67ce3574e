/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The device's side of a virtqueue, for devices in this process: takes chains of buffers the driver
 * made available, gives them back used. Split (virtio 1.2, 2.7) and packed (2.8) rings, indirect
 * descriptors, event index.
 *
 * Everything in the ring is the guest's and may change while it is looked at: each descriptor is
 * copied, then checked, and buffers are only ever named by what hv_mem_at() gave. A ring that makes
 * no sense is broken for good (until it is set up again): the device says NEEDS_RESET then.
 *
 * All: one thread at a time for one queue; no lock is taken.
 */
#ifndef HV_CORE_VIRTIO_QUEUE_H
#define HV_CORE_VIRTIO_QUEUE_H

#include "hv-core/virtio/virtio.h"

#include <sys/uio.h>

struct hv_vq {
	const struct hv_mem *mem;
	bool packed, event_idx, indirect;
	uint16_t size;
	uint8_t *desc, *driver, *device; /* in this process */

	/* What is taken next and given back next: split, free-running indices; packed, a slot and
	 * its wrap counter (2.8.1). */
	uint16_t avail, used;
	bool avail_wrap, used_wrap;

	uint16_t in_flight; /* chains (packed: slots) taken and not given back */
	uint16_t called;    /* `used` when hv_vq_needs_call() was last asked */
	bool called_wrap, called_valid;
	const char *broken; /* why; NULL: it is not */
};

/* One chain: first what the device reads, then what it writes (2.7.4.2). The caller lends iov. */
struct hv_vq_chain {
	uint16_t id;	/* how it is given back */
	uint16_t slots; /* packed: of the ring */
	struct iovec *iov;
	unsigned int iov_max;
	unsigned int out_n, in_n; /* iov[0 .. out_n) is read, the in_n after it are written */
	uint64_t out_bytes, in_bytes;
};

/* Sets up a queue hv_virtio checked, from its beginning. features: what the driver accepted. 0, or
 * -EFAULT: it does not lie in mem. */
int hv_vq_init(struct hv_vq *q, const struct hv_mem *mem, const struct hv_virtio_queue *vq,
	       uint64_t features);

/* 1: c is the next chain; 0: there is none; -EPROTO: the ring is broken, `broken` says why. A chain
 * of more parts than iov_max breaks it, too. */
int hv_vq_pop(struct hv_vq *q, struct hv_vq_chain *c);

/* Gives a chain back, in any order. written: bytes written to its buffers, from the first on. */
void hv_vq_push(struct hv_vq *q, const struct hv_vq_chain *c, uint32_t written);

/* Does the driver want an interrupt for what was given back since this was last asked? */
bool hv_vq_needs_call(struct hv_vq *q);

/* Kicks are wanted from now on. True: something has come in the meantime, look again first. */
bool hv_vq_listen(struct hv_vq *q);
/* No kicks are wanted: the device looks by itself. */
void hv_vq_deaf(struct hv_vq *q);

/* Where it stands. Nothing is in flight: what was taken is given back before (quiesce). load
 * follows hv_vq_init(). */
void hv_vq_save(const struct hv_vq *q, struct hv_out *out);
int hv_vq_load(struct hv_vq *q, struct hv_in *in, struct err *e);

#endif
