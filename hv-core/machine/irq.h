/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Interrupts into the guest and kicks out of it, both by eventfd wherever that is possible: what
 * writes or reads the descriptor may be another process (flued) or the kernel (VFIO), and no thread
 * of ours runs for it.
 *
 * A message (MSI) is a GSI of KVM's routing table, from HV_GSI_MSI on. All: any thread; the table
 * has a lock of its own.
 */
#ifndef HV_CORE_MACHINE_IRQ_H
#define HV_CORE_MACHINE_IRQ_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct hv_vm;

/* A pin of the IOAPIC (below HV_GSI_PINS). A pin shared by several devices is each one's own
 * business: see hv_pci_intx() for those of PCI. 0 or negative errno. */
int hv_irq_line(struct hv_vm *vm, unsigned int gsi, bool level);

/* A GSI for one message; it sends nothing until it is set and bound. Negative errno when there is
 * none left. */
int hv_msi_alloc(struct hv_vm *vm);
void hv_msi_free(struct hv_vm *vm, unsigned int gsi);
/* What writing to the GSI sends from now on (PCI 6.8.1: message address and data). */
int hv_msi_set(struct hv_vm *vm, unsigned int gsi, uint64_t address, uint32_t data);

/* From now on, writing to the eventfd raises the GSI. What was written before raises it at
 * once, and stays readable: take it out after binding, or it counts twice.
 * resample: -1, or an eventfd that KVM writes when a level interrupt is acknowledged. */
int hv_irqfd_add(struct hv_vm *vm, int fd, unsigned int gsi, int resample);
int hv_irqfd_del(struct hv_vm *vm, int fd, unsigned int gsi);

/* From now on, the guest's write to that address makes fd readable and does not leave the kernel.
 * len: 1, 2, 4 or 8, or 0 for any; match: only this value, or NULL for any (then len may be 0). */
int hv_ioeventfd_add(struct hv_vm *vm, bool pio, uint64_t addr, unsigned int len,
		     const uint64_t *match, int fd);
int hv_ioeventfd_del(struct hv_vm *vm, bool pio, uint64_t addr, unsigned int len,
		     const uint64_t *match, int fd);

#endif
