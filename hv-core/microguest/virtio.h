/* SPDX-License-Identifier: BSD-3-Clause */
/* A virtio device on PCI, as its driver sees it: virtio 1.2, 4.1. */
#ifndef HV_CORE_MICROGUEST_VIRTIO_H
#define HV_CORE_MICROGUEST_VIRTIO_H

#include "hv-core/microguest/vq.h"

#include <stddef.h>

#define MG_F(bit) (UINT64_C(1) << (bit))
enum {
	MG_F_CSUM = 0,
	MG_F_GUEST_CSUM = 1,
	MG_F_MAC = 5,
	MG_F_GUEST_TSO4 = 7,
	MG_F_HOST_TSO4 = 11,
	MG_F_MRG_RXBUF = 15,
	MG_F_EVENT_IDX = 29,
	MG_F_VERSION_1 = 32,
	MG_F_RING_PACKED = 34,
	MG_F_IN_ORDER = 35,
};

struct mg_virtio {
	volatile uint8_t *common, *notify, *config;
	uint32_t notify_unit;
	uint64_t offered, features;
};

/* Memory for rings and buffers; from main.c. Zeroed; NULL when there is no more. */
void *mg_memory(size_t bytes, size_t align);

/* Each returns NULL, or what is wrong, as a sentence. */
/* Finds the registers, resets the device, reads what it offers. */
const char *mg_virtio_open(struct mg_virtio *v, unsigned int fn);
/* Agrees on these features; all must be offered. */
const char *mg_virtio_agree(struct mg_virtio *v, uint64_t features);
/* Makes queue `index` of at most `size` buffers. q->flags is set. addr and len of each buffer are
 * filled by the caller afterwards, then mg_vq_init(). */
const char *mg_virtio_queue(struct mg_virtio *v, struct mg_vq *q, uint16_t index, uint32_t size);
/* The device may begin. */
const char *mg_virtio_start(struct mg_virtio *v);

/* Is the device broken, and wants to be reset? Leaves the guest. */
bool mg_virtio_broken(const struct mg_virtio *v);

#endif
