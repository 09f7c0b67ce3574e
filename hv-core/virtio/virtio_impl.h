/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of the transport share; nobody else includes it. */
#ifndef HV_CORE_VIRTIO_VIRTIO_IMPL_H
#define HV_CORE_VIRTIO_VIRTIO_IMPL_H

#include "hv-core/virtio/virtio.h"

/* BAR 0, one page a structure, so that each can be told apart by its page. */
#define VIRTIO_BAR	   0
#define VIRTIO_BAR_BYTES   0x8000
#define VIRTIO_AREA_COMMON 0x0000
#define VIRTIO_AREA_ISR	   0x1000
#define VIRTIO_AREA_CONFIG 0x2000
#define VIRTIO_AREA_NOTIFY 0x3000
#define VIRTIO_AREA_TABLE  0x4000
#define VIRTIO_AREA_PBA	   0x5000
#define VIRTIO_AREA_BYTES  0x1000

#define VIRTIO_NOTIFY_MULTIPLIER 4
#define VIRTIO_COMMON_BYTES	 0x38 /* virtio 1.2, 4.1.4.3, up to queue_device */

#define VIRTIO_ISR_CONFIG 2 /* 4.1.4.5 */

struct hv_virtio {
	struct hv_pci *pci;
	struct hv_pci_fn fn;
	struct hv_msix *msix;
	const struct hv_virtio_ops *ops;
	void *self;
	char name[HV_DEVICE_ID];
	unsigned int config_bytes, window_cap;

	uint64_t can, offered, accepted; /* by the device, to the driver, by the driver */
	uint32_t offered_select, accepted_select;
	bool looked; /* the driver read what is offered */
	uint8_t status, generation, isr;
	uint16_t config_vector, queue_select;
	bool running, broken_said, slow_said;

	uint64_t bar_at;		       /* 0: not mapped */
	uint64_t listens_at[HV_VIRTIO_QUEUES]; /* each queue's ioeventfd; 0: none */
	unsigned int queues;
	struct hv_virtio_queue queue[HV_VIRTIO_QUEUES];
};

/* virtio_features.c. hv_virtio_queue_wrong: why an enabled queue cannot be served; NULL: it can. */
uint64_t hv_virtio_can(uint64_t device_features);
bool hv_virtio_features_ok(const struct hv_virtio *v);
const char *hv_virtio_queue_wrong(const struct hv_virtio *v, const struct hv_virtio_queue *q);
const char *hv_virtio_queues_wrong(const struct hv_virtio *v);

/* virtio_status.c: the device status register (2.1). */
void hv_virtio_status_write(struct hv_virtio *v, uint8_t value);
void hv_virtio_reset(struct hv_virtio *v);

/* virtio_notify.c: ioeventfds follow the BAR and the queues; a kick that reached no ioeventfd. */
void hv_virtio_listen(struct hv_virtio *v);
void hv_virtio_notified(struct hv_virtio *v, uint64_t off);

/* virtio_pci_regs.c: BAR 0. */
uint64_t hv_virtio_bar_read(void *self, uint64_t off, unsigned int len);
void hv_virtio_bar_write(void *self, uint64_t off, unsigned int len, uint64_t value);

/* virtio_caps.c. False: no room in config space. */
bool hv_virtio_caps(struct hv_virtio *v);
bool hv_virtio_window_read(void *self, unsigned int off, unsigned int len, uint32_t *value);
void hv_virtio_window_written(struct hv_virtio *v, unsigned int off, unsigned int len);

#endif
