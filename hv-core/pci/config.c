/* SPDX-License-Identifier: BSD-3-Clause */
/* A function's configuration space: its header and capabilities, and the guest's accesses. */
#include "hv-core/pci/pci_impl.h"

#include <endian.h>
#include <linux/pci_regs.h>
#include <string.h>

void hv_pci_init(struct hv_pci_fn *fn, const struct hv_pci_id *id, const struct hv_pci_fn_ops *ops,
		 void *self, const char *name)
{
	memset(fn, 0, sizeof(*fn));
	fn->ops = ops;
	fn->self = self;
	fn->name = name;
	fn->cap_next = 0x40;
	fn->ecap_next = PCI_CFG_SPACE_SIZE;
	pthread_mutex_init(&fn->lock, NULL);

	hv_pci_put16(fn->config + PCI_VENDOR_ID, id->vendor);
	hv_pci_put16(fn->config + PCI_DEVICE_ID, id->device);
	hv_pci_put32(fn->config + PCI_CLASS_REVISION, id->class_code << 8 | id->revision);
	hv_pci_put16(fn->config + PCI_SUBSYSTEM_VENDOR_ID, id->subvendor);
	hv_pci_put16(fn->config + PCI_SUBSYSTEM_ID, id->subdevice);
	fn->config[PCI_INTERRUPT_PIN] = id->intx;

	hv_pci_put16(fn->wmask + PCI_COMMAND, PCI_COMMAND_MASTER | PCI_COMMAND_PARITY |
						      PCI_COMMAND_SERR | PCI_COMMAND_INTX_DISABLE);
	fn->wmask[PCI_CACHE_LINE_SIZE] = 0xff;
	fn->wmask[PCI_INTERRUPT_LINE] = 0xff;
	hv_pci_put16(fn->w1c + PCI_STATUS,
		     PCI_STATUS_PARITY | PCI_STATUS_SIG_TARGET_ABORT | PCI_STATUS_REC_TARGET_ABORT |
			     PCI_STATUS_REC_MASTER_ABORT | PCI_STATUS_SIG_SYSTEM_ERROR |
			     PCI_STATUS_DETECTED_PARITY);
}

void hv_pci_destroy(struct hv_pci_fn *fn)
{
	pthread_mutex_destroy(&fn->lock);
}

unsigned int hv_pci_cap(struct hv_pci_fn *fn, uint8_t id, unsigned int len)
{
	unsigned int off = fn->cap_next;

	if (len < 2 || len > PCI_CFG_SPACE_SIZE - off)
		return 0;
	fn->config[off] = id;
	fn->config[fn->cap_last ? fn->cap_last + PCI_CAP_LIST_NEXT : PCI_CAPABILITY_LIST] =
		(uint8_t)off;
	fn->config[PCI_STATUS] |= PCI_STATUS_CAP_LIST;
	fn->cap_last = off;
	fn->cap_next = (off + len + 3) & ~3u;
	return off;
}

unsigned int hv_pci_ecap(struct hv_pci_fn *fn, uint16_t id, uint8_t version, unsigned int len)
{
	unsigned int off = fn->ecap_next;

	if (len < 4 || len > HV_PCI_CONFIG - off)
		return 0;
	/* PCIe 7.6.3: the next one's offset is in the upper twelve bits. */
	hv_pci_put32(fn->config + off, id | (version & 0xfu) << 16);
	if (fn->ecap_last)
		hv_pci_put16(fn->config + fn->ecap_last + 2,
			     (uint16_t)((hv_pci_get16(fn, fn->ecap_last + 2) & 0xf) | off << 4));
	fn->ecap_last = off;
	fn->ecap_next = (off + len + 3) & ~3u;
	return off;
}

uint32_t hv_pci_config_read(struct hv_pci_fn *fn, unsigned int off, unsigned int len)
{
	uint32_t value = 0;

	pthread_mutex_lock(&fn->lock);
	if (!fn->ops->config_read || !fn->ops->config_read(fn->self, off, len, &value)) {
		memcpy(&value, fn->config + off, len);
		value = le32toh(value);
	}
	pthread_mutex_unlock(&fn->lock);
	return value;
}

static bool overlap(unsigned int a, unsigned int a_len, unsigned int b, unsigned int b_len)
{
	return a < b + b_len && b < a + a_len;
}

void hv_pci_config_write(struct hv_pci_fn *fn, unsigned int off, unsigned int len, uint32_t value)
{
	pthread_mutex_lock(&fn->lock);
	for (unsigned int i = off; i < off + len; i++, value >>= 8) {
		uint8_t v = (uint8_t)value, mask = fn->wmask[i];

		fn->config[i] = (uint8_t)((fn->config[i] & ~mask) | (v & mask));
		fn->config[i] &= (uint8_t) ~(v & fn->w1c[i]);
	}
	if (overlap(off, len, PCI_COMMAND, 2))
		hv_pci_intx_update(fn);
	if (overlap(off, len, PCI_COMMAND, 2) || overlap(off, len, PCI_BASE_ADDRESS_0, 24))
		hv_pci_bars_update(fn);
	if (fn->ops->config_written)
		fn->ops->config_written(fn->self, off, len);
	pthread_mutex_unlock(&fn->lock);
}

bool hv_pci_master(const struct hv_pci_fn *fn)
{
	return hv_pci_get16(fn, PCI_COMMAND) & PCI_COMMAND_MASTER;
}
