/* SPDX-License-Identifier: BSD-3-Clause */
/* An assigned function, for the files of this room alone. */
#ifndef HV_CORE_VFIO_DEVICE_H
#define HV_CORE_VFIO_DEVICE_H

#include "hv-core/pci/msix.h"
#include "hv-core/vfio/container.h"
#include "hv-core/vfio/policy.h"
#include "hv-core/vfio/vfio.h"

/* Pieces of a BAR that are mapped: the table of MSI-X cuts it at most in two places, and the kernel
 * reports few areas. */
#define HV_VFIO_PIECES 8

struct hv_vfio_piece {
	uint64_t off, bytes; /* within the BAR */
	void *map;
	int slot;   /* of KVM's memory */
	bool shown; /* is in the guest's space */
};

/* One of VFIO's regions, as a BAR of the guest's. */
struct hv_vfio_region {
	struct hv_vfio *v;
	unsigned int bar;
	uint64_t bytes, at; /* at: in the device's file */
	uint32_t flags;	    /* VFIO_REGION_INFO_FLAG_* */
	bool warned;
	unsigned int pieces;
	struct hv_vfio_piece piece[HV_VFIO_PIECES];
};

struct hv_vfio {
	struct hv_device dev;
	struct hv_pci_fn fn;
	struct hv_vm *vm;
	struct hv_vfio_group *group;
	int fd;
	char address[16], name[HV_DEVICE_ID + 32];
	struct hv_vfio_region region[HV_PCI_BARS];
	uint64_t config_at; /* in the device's file */
	struct hv_vfio_policy policy;
	struct hv_msix *msix;
	bool irqs_on; /* the device's vectors are bound to those of msix */
	bool irqs_failed;

	/* The host's wishes. */
	int req_fd, err_fd;
	struct event *req, *err, *late;
	bool asked;
	unsigned int eject_ms;
	void (*gone)(void *arg, const char *id);
	void *arg;
};

/* vfio.c */
extern const struct hv_device_ops hv_vfio_device_ops;
/* Function-level reset. 0 or negative errno. With the lock held or vCPUs parked. */
int hv_vfio_reset(struct hv_vfio *v);

/* regions.c. open: maps what can be mapped and makes the guest's BARs. close: also after an open
 * that failed. */
int hv_vfio_regions_open(struct hv_vfio *v, const uint8_t *config, struct err *e);
void hv_vfio_regions_close(struct hv_vfio *v);
/* hv_pci_fn_ops.mapped: the guest has the BAR there. */
void hv_vfio_regions_mapped(void *self, unsigned int bar, uint64_t at);

/* config.c. open: reads the device's whole configuration space, 256 bytes or 4096. install: after
 * hv_pci_init() and hv_msix_new(). */
int hv_vfio_config_open(struct hv_vfio *v, uint8_t config[HV_PCI_CONFIG], unsigned int *bytes,
			struct err *e);
void hv_vfio_config_install(struct hv_vfio *v);
/* Memory decoding on, INTx off; bus mastering as said. */
void hv_vfio_config_command(struct hv_vfio *v, bool master);
bool hv_vfio_config_read(void *self, unsigned int off, unsigned int len, uint32_t *value);
void hv_vfio_config_written(void *self, unsigned int off, unsigned int len);

/* irqs.c. check: can the device do it, with as many vectors as it says? */
int hv_vfio_irqs_check(struct hv_vfio *v, struct err *e);
void hv_vfio_irqs_on(struct hv_vfio *v);
void hv_vfio_irqs_off(struct hv_vfio *v);
/* Binds one event of the host's (VFIO_PCI_REQ_IRQ_INDEX ...) to an eventfd, -1: no longer. 0 or
 * negative errno; -ENODEV: the device has no such event. */
int hv_vfio_irqs_event(struct hv_vfio *v, unsigned int index, int fd);

/* events.c */
int hv_vfio_events_open(struct hv_vfio *v, struct err *e);
void hv_vfio_events_close(struct hv_vfio *v);
/* hv_pci_fn_ops.ejected */
void hv_vfio_events_ejected(void *self);

#endif
