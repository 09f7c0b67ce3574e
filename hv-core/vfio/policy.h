/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which bits of an assigned function's configuration space the guest sees, and where its writes
 * go: a table made once from the device's own bytes. Pure, and distrustful: whoever had the device
 * before may have left anything in it.
 *
 * Capabilities keep their offsets; those not on the list of what is let through are taken out of
 * the chain and read as zeros (docs/hv-vfio.md has the list with the reasons).
 */
#ifndef HV_CORE_VFIO_POLICY_H
#define HV_CORE_VFIO_POLICY_H

#include "base/err.h"
#include "hv-core/pci/pci.h"

#include <stdbool.h>
#include <stdint.h>

struct hv_vfio_policy {
	uint8_t config[HV_PCI_CONFIG];	/* what is virtual reads as this; from 0x40 on */
	uint8_t wmask[HV_PCI_CONFIG];	/* bits the guest may write */
	uint8_t live[HV_PCI_CONFIG];	/* bits read from the device at each access */
	uint8_t through[HV_PCI_CONFIG]; /* bits of the guest's write that reach the device */
	uint8_t first;			/* of the chain: what 0x34 reads */
	uint8_t pm, exp, msix;		/* where these are; 0: not there */
	bool flr;			/* the guest may reset it by the PCIe capability */
	bool has_msi;			/* the device has MSI; the guest does not see it */
	/* MSI-X (PCIe 7.7.2), from the device; its capability's body is left to who emulates it. */
	unsigned int vectors, table_bar, pba_bar;
	uint32_t table_off, pba_off;
};

/* config: `bytes` (256 or 4096) of the device; can_reset: VFIO_DEVICE_RESET works for it.
 * 0; -EINVAL: no type 0 header, or a list of capabilities that is damaged. Any thread. */
int hv_vfio_policy_make(const uint8_t *config, unsigned int bytes, bool can_reset,
			struct hv_vfio_policy *p, struct err *e);

/* What the header says it is. */
void hv_vfio_policy_id(const uint8_t *config, struct hv_pci_id *id);

#endif
