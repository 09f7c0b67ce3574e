/* SPDX-License-Identifier: BSD-3-Clause */
/* What msix.c and msix_table.c share. */
#ifndef HV_CORE_PCI_MSIX_IMPL_H
#define HV_CORE_PCI_MSIX_IMPL_H

#include "hv-core/pci/msix.h"

struct vector {
	_Atomic int fd; /* -1 until somebody asks for it */
	int gsi;	/* -1 until the guest first lets it through */
	bool bound;	/* KVM listens to fd */
	uint64_t address;
	uint32_t data;
	bool masked;
};

struct hv_msix {
	struct hv_pci_fn *fn;
	struct hv_vm *vm; /* since the first vector was bound */
	unsigned int cap; /* offset of the capability */
	uint32_t table_off, pba_off;
	bool enabled; /* the control bits as they were last looked at */
	bool failed;  /* a vector that cannot be bound was logged once */
	void (*hook)(void *self, unsigned int vector, bool masked);
	void *hook_self;
	unsigned int n;
	struct vector *v;
};

/* Binds or takes off as masks and the enable bit say, and sends the message that is in the table.
 */
void hv_msix_update(struct hv_msix *m, unsigned int vector);
bool hv_msix_pending(const struct hv_msix *m, unsigned int vector);
/* Pending no more. */
void hv_msix_drain(struct hv_msix *m, unsigned int vector);

#endif
