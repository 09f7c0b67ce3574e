/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of this room share; nobody else includes it. */
#ifndef HV_CORE_PCI_PCI_IMPL_H
#define HV_CORE_PCI_PCI_IMPL_H

#include "hv-core/pci/pci.h"

#define HV_PCI_LINES 8 /* HV_GSI_INTX and on */

/*
 * Locks: a function's own comes first, then `lock`; the main thread takes neither across a call
 * into a device. A slot's pointer is read without one: a function is freed only while the vCPUs
 * are parked.
 */
struct hv_pci {
	struct hv_vm *vm;
	struct hv_device dev;
	struct hv_pci_fn host; /* the host bridge, slot 0 */
	struct hv_pci_fn *_Atomic slot[HV_PCI_SLOTS];
	_Atomic uint32_t address; /* CONFIG_ADDRESS */

	pthread_mutex_t lock;		  /* guards the lines, and every function's bar[].at */
	unsigned int lines[HV_PCI_LINES]; /* how many assert each */

	struct hv_ged *ged;
	_Atomic uint32_t ejected; /* a bit a slot, from vCPU threads to the loop */
	int eject_fd;
	struct event *eject_event;
};

static inline uint16_t hv_pci_get16(const struct hv_pci_fn *fn, unsigned int off)
{
	return (uint16_t)(fn->config[off] | fn->config[off + 1] << 8);
}

static inline uint32_t hv_pci_get32(const struct hv_pci_fn *fn, unsigned int off)
{
	return hv_pci_get16(fn, off) | (uint32_t)hv_pci_get16(fn, off + 2) << 16;
}

static inline void hv_pci_put16(uint8_t *to, uint16_t v)
{
	to[0] = (uint8_t)v;
	to[1] = (uint8_t)(v >> 8);
}

static inline void hv_pci_put32(uint8_t *to, uint32_t v)
{
	hv_pci_put16(to, (uint16_t)v);
	hv_pci_put16(to + 2, (uint16_t)(v >> 16));
}

/* config.c: a guest's access; len 1, 2 or 4, aligned. Takes the function's lock. */
uint32_t hv_pci_config_read(struct hv_pci_fn *fn, unsigned int off, unsigned int len);
void hv_pci_config_write(struct hv_pci_fn *fn, unsigned int off, unsigned int len, uint32_t value);

/* bar.c: gives each BAR an address in a window. 0 or -ENOSPC, then none has one. Main thread. */
int hv_pci_bars_place(struct hv_pci *pci, struct hv_pci_fn *fn, struct err *e);
/* Maps and unmaps as config space says now. The function's lock is held. */
void hv_pci_bars_update(struct hv_pci_fn *fn);
void hv_pci_bars_unmap(struct hv_pci_fn *fn);

/* intx.c: makes the line and the status bit what `intx` and the command register say. */
void hv_pci_intx_update(struct hv_pci_fn *fn);
void hv_pci_intx_drop(struct hv_pci_fn *fn);

/* hotplug.c */
void hv_pci_hotplug_stop(struct hv_pci *pci);

#endif
