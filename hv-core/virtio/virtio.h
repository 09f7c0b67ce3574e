/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A virtio device on PCI, modern only (virtio 1.2, section 4.1), split and packed virtqueues. This
 * is the transport: registers, feature negotiation, queue addresses, notifications, MSI-X. What the
 * device does with its queues is behind hv_virtio_ops: in a thread here (block) or in another
 * process (net, over vhost-user).
 *
 * Kicks: the guest's write to a queue's notify address signals queue.kick_fd inside the kernel.
 * Calls: whoever used buffers writes to the queue's MSI-X eventfd, hv_virtio_call_fd().
 * All ops are called with the device's lock held, by a vCPU thread unless said otherwise.
 */
#ifndef HV_CORE_VIRTIO_VIRTIO_H
#define HV_CORE_VIRTIO_VIRTIO_H

#include "hv-core/pci/msix.h"
#include "hv-core/pci/pci.h"

#define HV_VIRTIO_QUEUES    65 /* 32 pairs and a control queue */
#define HV_VIRTIO_NO_VECTOR 0xffff

struct hv_virtio;

struct hv_virtio_queue {
	uint16_t size_max; /* what the device offers */
	uint16_t size;	   /* what the driver chose */
	bool enabled;
	uint64_t desc, driver, device; /* guest addresses (4.1.4.3); packed: descriptors, driver and
					  device event areas */
	uint16_t vector;	       /* HV_VIRTIO_NO_VECTOR: none */
	int kick_fd;		       /* eventfd the guest's kicks arrive at */
};

struct hv_virtio_ops {
	/* What the driver chose: all bits are among those offered. May refuse: FEATURES_OK then
	 * stays clear. May be NULL. */
	bool (*accept)(void *self, uint64_t features);
	/* The driver set DRIVER_OK: every enabled queue is checked to lie in guest memory, aligned.
	 * 0, or negative errno: the device then says NEEDS_RESET. */
	int (*start)(void *self);
	/* Reset, or NEEDS_RESET, or about to be saved. After it the device touches no queue. It may
	 * wait for the other side. */
	void (*stop)(void *self);
	/* A queue was kicked where no eventfd listened (before start, or a kick without a kick_fd
	 * consumer). May be NULL. */
	void (*kicked)(void *self, unsigned int queue);
	/* A queue's vector changed while it runs: hv_virtio_call_fd() gives another one. May be
	 * NULL. */
	void (*vector_changed)(void *self, unsigned int queue);
	/* The device-specific configuration (4.1.4.6); off + len is within config_bytes. */
	void (*config_read)(void *self, unsigned int off, void *to, unsigned int len);
	/* NULL: nothing there may be written. */
	void (*config_write)(void *self, unsigned int off, const void *from, unsigned int len);
	/* As hv_pci_fn_ops' (hot-unplug). NULL: the device cannot be taken out. Main thread. */
	void (*ejected)(void *self);
};

struct hv_virtio_options {
	uint16_t type; /* 1 network, 2 block: virtio 1.2, section 5 */
	uint32_t class_code;
	/* Offered. VERSION_1 is added; those of the transport that it does not have are taken away:
	 * ACCESS_PLATFORM, SR_IOV, NOTIFICATION_DATA, NOTIF_CONFIG_DATA, RING_RESET. */
	uint64_t features;
	unsigned int queues;
	uint16_t queue_size; /* a power of two up to 1024 */
	unsigned int config_bytes;
	const char *name; /* copied */
};

/* Makes and plugs it. self is the caller's device. NULL with e filled on error. Main thread. */
struct hv_virtio *hv_virtio_new(struct hv_pci *pci, const struct hv_virtio_options *o,
				const struct hv_virtio_ops *ops, void *self, struct err *e);
/* Stops, unplugs and frees it; vCPUs parked. Main thread. */
void hv_virtio_free(struct hv_virtio *v);

struct hv_pci_fn *hv_virtio_fn(struct hv_virtio *v);
pthread_mutex_t *hv_virtio_lock(struct hv_virtio *v);
struct hv_virtio_queue *hv_virtio_queue(struct hv_virtio *v, unsigned int n);
uint64_t hv_virtio_features(const struct hv_virtio *v); /* what the driver accepted */
bool hv_virtio_running(const struct hv_virtio *v);	/* between start and stop */

/* Who uses buffers of the queue writes here; -1 when it has no vector: no interrupt is wanted. */
int hv_virtio_call_fd(struct hv_virtio *v, unsigned int queue);
/* The offered features may shrink until the driver has looked (a back end connected late).
 * Lock held. False: the driver has looked already. */
bool hv_virtio_limit(struct hv_virtio *v, uint64_t features);
/* The device's configuration changed: interrupts the driver by the configuration vector. */
void hv_virtio_config_changed(struct hv_virtio *v);
/* The queues cannot be served: DEVICE_NEEDS_RESET (2.1.2). `why` is logged once. */
void hv_virtio_broken(struct hv_virtio *v, const char *why);

/* Transport state: PCI function, MSI-X, registers, queues. The device saves its own after it. load
 * does not call start: the device does what start would do when it is resumed; every enabled queue
 * was kicked by then, because kicks are not saved. Main thread, vCPUs parked. */
void hv_virtio_save(struct hv_virtio *v, struct hv_out *out);
int hv_virtio_load(struct hv_virtio *v, struct hv_in *in, struct err *e);

#endif
