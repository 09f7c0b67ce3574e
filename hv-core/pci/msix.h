/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * MSI-X (PCIe 6.1.4, 7.7.2) with a descriptor a vector: whoever writes to it, in whatever process,
 * interrupts the guest, and no thread of ours runs. While a vector or the function is masked, KVM
 * does not listen; what is written then stays in the descriptor, is seen in the pending bits, and
 * comes through when the mask goes. Called with the function's lock held, but for hv_msix_fd(),
 * which any thread may call.
 */
#ifndef HV_CORE_PCI_MSIX_H
#define HV_CORE_PCI_MSIX_H

#include "hv-core/pci/pci.h"

#define HV_MSIX_MAX 2048

struct hv_msix;

/* Adds the capability, and the table and pending bits as registers of that BAR at those offsets:
 * the BAR's own handler must pass accesses there to hv_msix_read/write, and the function's
 * config_written must call hv_msix_config_written(). NULL with e filled on error. */
struct hv_msix *hv_msix_new(struct hv_pci_fn *fn, unsigned int vectors, unsigned int bar,
			    uint32_t table_off, uint32_t pba_off, struct err *e);
void hv_msix_free(struct hv_msix *m); /* before the function is destroyed, plugged or not */

/* hook is called after a vector began to be delivered (masked false) or ceased to be: by its own
 * mask, the function's, or the enable bit. VFIO arms its interrupts then. */
void hv_msix_on_mask(struct hv_msix *m, void (*hook)(void *self, unsigned int vector, bool masked),
		     void *self);

/* The vector's eventfd, made when first asked for: lives as long as m. -1: no such vector, or no
 * descriptor can be had. */
int hv_msix_fd(const struct hv_msix *m, unsigned int vector);
unsigned int hv_msix_vectors(const struct hv_msix *m);
bool hv_msix_enabled(const struct hv_msix *m);

/* Does the BAR offset belong to the table or the pending bits? */
bool hv_msix_owns(const struct hv_msix *m, uint64_t off);
uint64_t hv_msix_read(struct hv_msix *m, uint64_t off, unsigned int len);
void hv_msix_write(struct hv_msix *m, uint64_t off, unsigned int len, uint64_t value);
/* After the guest wrote to config space: looks at the capability's control bits. */
void hv_msix_config_written(struct hv_msix *m, unsigned int off, unsigned int len);

/* All vectors masked, nothing pending, messages 0: as after a reset of the function. */
void hv_msix_reset(struct hv_msix *m);
/* What the guest wrote to the table, and what is pending. The control bits are config space's: load
 * that before. */
void hv_msix_save(struct hv_msix *m, struct hv_out *out);
int hv_msix_load(struct hv_msix *m, struct hv_in *in, struct err *e);

#endif
