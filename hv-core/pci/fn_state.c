/* SPDX-License-Identifier: BSD-3-Clause */
/* A function's part of a snapshot. */
#include "hv-core/pci/pci_impl.h"

#include <linux/pci_regs.h>

void hv_pci_fn_save(struct hv_pci_fn *fn, struct hv_out *out)
{
	for (unsigned int i = 0; i < HV_PCI_BARS; i++) {
		hv_out_u8(out, (uint8_t)fn->bar[i].kind);
		hv_out_u64(out, fn->bar[i].bytes);
	}
	hv_out_u8(out, fn->intx);
	hv_out_bytes(out, fn->config, sizeof(fn->config));
}

/* Only what a guest may write is taken over; the rest comes from the device's configuration, and
 * the ids must be the same, so that the guest's driver still finds its device. */
int hv_pci_fn_load(struct hv_pci_fn *fn, struct hv_in *in, struct err *e)
{
	uint8_t config[HV_PCI_CONFIG];
	uint8_t intx;

	for (unsigned int i = 0; i < HV_PCI_BARS; i++) {
		uint8_t kind = hv_in_u8(in);
		uint64_t bytes = hv_in_u64(in);

		if (!in->bad && (kind != fn->bar[i].kind || bytes != fn->bar[i].bytes))
			return err_set(
				e, -EINVAL,
				"%s: the snapshot has another BAR %u (%llu bytes); restore it "
				"with the devices it was taken with",
				fn->name, i, (unsigned long long)bytes);
	}
	intx = hv_in_u8(in);
	hv_in_bytes(in, config, sizeof(config));
	if (in->bad || intx > 1)
		return err_set(e, -EINVAL,
			       "%s: the snapshot ends before the PCI function does, or "
			       "is damaged; take another",
			       fn->name);
	for (unsigned int i = 0; i < PCI_HEADER_TYPE; i++)
		if ((i < PCI_COMMAND || (i >= PCI_CLASS_REVISION && i < PCI_CACHE_LINE_SIZE)) &&
		    config[i] != fn->config[i])
			return err_set(
				e, -EINVAL,
				"%s: the snapshot has another device here (configuration byte "
				"%u is %#x, not %#x); restore it with the devices it was taken "
				"with",
				fn->name, i, config[i], fn->config[i]);
	for (unsigned int i = 0; i < sizeof(config); i++) {
		uint8_t mask = fn->wmask[i] | fn->w1c[i];

		fn->config[i] = (uint8_t)((fn->config[i] & ~mask) | (config[i] & mask));
	}
	hv_pci_intx(fn, intx);
	hv_pci_bars_update(fn);
	return 0;
}
