/* SPDX-License-Identifier: BSD-3-Clause */
/* The configuration space of an assigned function, in which whoever had it before may have left
 * anything: what the guest sees of it is a chain that ends, of listed capabilities only, and the
 * guest's writes reach the device in no other place than a vendor's registers. The input is a byte
 * (can it be reset?), then the space. */
#include "hv-core/vfio/bars.h"
#include "hv-core/vfio/policy.h"

#include <linux/pci_regs.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
	if (!ok)
		abort();
}

static uint32_t get32(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* Marks the bytes of vendors' capabilities. */
static void walk(const uint8_t *dev, const struct hv_vfio_policy *p, bool *vendor)
{
	unsigned int at = p->first, steps = 0;

	for (; at; at = p->config[at + PCI_CAP_LIST_NEXT]) {
		uint8_t id = p->config[at];

		must(++steps < 64 && at >= PCI_STD_HEADER_SIZEOF && !(at & 3));
		must(id == PCI_CAP_ID_PM || id == PCI_CAP_ID_EXP || id == PCI_CAP_ID_MSIX ||
		     id == PCI_CAP_ID_VNDR);
		must(!p->wmask[at] && !p->wmask[at + 1]);
		if (id == PCI_CAP_ID_VNDR)
			memset(vendor + at + 3, true, dev[at + 2] - 3u);
	}
	for (at = PCI_CFG_SPACE_SIZE, steps = 0; at; at = get32(p->config + at) >> 20) {
		uint32_t id = get32(p->config + at) & 0xffff;

		must(++steps < 1024 && at >= PCI_CFG_SPACE_SIZE && !(at & 3));
		must(id == 0 || id == PCI_EXT_CAP_ID_DSN || id == PCI_EXT_CAP_ID_VNDR);
		must(id || at == PCI_CFG_SPACE_SIZE);
		if (id == PCI_EXT_CAP_ID_VNDR)
			memset(vendor + at + 8, true, (get32(dev + at + 4) >> 20) - 8);
	}
}

static void check_policy(const uint8_t *dev, const struct hv_vfio_policy *p)
{
	bool vendor[HV_PCI_CONFIG] = {false};

	walk(dev, p, vendor);
	for (unsigned int i = 0; i < HV_PCI_CONFIG; i++) {
		must(p->through[i] == (vendor[i]	  ? 0xff
				       : i == PCI_COMMAND ? PCI_COMMAND_MASTER
							  : 0));
		must(!vendor[i] || (p->wmask[i] == 0xff && p->live[i] == 0xff));
		/* What comes from the device is not the guest's to write, but for a vendor's. */
		must(vendor[i] || !(p->live[i] & p->wmask[i]));
	}
	must(!p->msix || (p->vectors >= 1 && p->vectors <= 2048 && p->table_bar < 8));
}

/* Sizes are powers of two, by the bits of a few bytes, or not quite. */
static void check_bars(const uint8_t *dev)
{
	uint64_t bytes[HV_PCI_BARS];
	struct hv_vfio_bar bar[HV_PCI_BARS];
	struct err e;

	for (unsigned int i = 0; i < HV_PCI_BARS; i++)
		bytes[i] = dev[0x40 + i] & 0x80 ? 0 : 1ull << (dev[0x40 + i] & 63);
	bytes[0] += dev[0x46] & 1;
	if (hv_vfio_bars(dev, bytes, bar, &e))
		return;
	for (unsigned int i = 0; i < HV_PCI_BARS; i++) {
		must(bar[i].bytes == bytes[i] && !(bytes[i] & (bytes[i] - 1)));
		if (bar[i].kind == HV_BAR_MEM64 || bar[i].kind == HV_BAR_MEM64_PREF)
			must(i < 5 && bar[i + 1].kind == HV_BAR_NONE);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t dev[HV_PCI_CONFIG] = {0};
	struct hv_vfio_policy p;
	struct err e;

	if (size < 1)
		return 0;
	size = size - 1 > sizeof(dev) ? sizeof(dev) : size - 1;
	memcpy(dev, data + 1, size);
	if (hv_vfio_policy_make(dev, size > 256 ? sizeof(dev) : 256, data[0] & 1, &p, &e) == 0)
		check_policy(dev, &p);
	check_bars(dev);
	return 0;
}
