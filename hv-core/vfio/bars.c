/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/vfio/bars.h"

#include <linux/pci_regs.h>
#include <string.h>

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static enum hv_pci_bar_kind bar_kind(uint32_t bits)
{
	bool pref = bits & PCI_BASE_ADDRESS_MEM_PREFETCH;

	if (bits & PCI_BASE_ADDRESS_SPACE_IO)
		return HV_BAR_IO;
	if ((bits & PCI_BASE_ADDRESS_MEM_TYPE_MASK) == PCI_BASE_ADDRESS_MEM_TYPE_64)
		return pref ? HV_BAR_MEM64_PREF : HV_BAR_MEM64;
	return pref ? HV_BAR_MEM32_PREF : HV_BAR_MEM32;
}

int hv_vfio_bars(const uint8_t *config, const uint64_t bytes[HV_PCI_BARS],
		 struct hv_vfio_bar bar[HV_PCI_BARS], struct err *e)
{
	memset(bar, 0, sizeof(*bar) * HV_PCI_BARS);
	for (unsigned int i = 0; i < HV_PCI_BARS; i++) {
		enum hv_pci_bar_kind kind;
		uint64_t least;

		if (bytes[i] == 0)
			continue;
		kind = bar_kind(get32(config + PCI_BASE_ADDRESS_0 + 4 * i));
		least = kind == HV_BAR_IO ? 4 : 16;
		if (bytes[i] < least || (bytes[i] & (bytes[i] - 1)))
			return err_set(e, -EINVAL, "BAR %u has a size of %#llx, which no BAR has",
				       i, (unsigned long long)bytes[i]);
		bar[i] = (struct hv_vfio_bar){kind, bytes[i]};
		if (kind != HV_BAR_MEM64 && kind != HV_BAR_MEM64_PREF)
			continue;
		if (++i == HV_PCI_BARS || bytes[i])
			return err_set(e, -EINVAL, "BAR %u is 64 bits wide and has no second half",
				       i - 1);
	}
	return 0;
}

struct span {
	uint64_t begin, end; /* equal: there is none */
};

/* The first cut that touches the span, widened to pages. */
static struct span first_cut(const struct hv_vfio_area *cut, unsigned int n, uint64_t page,
			     struct span of)
{
	struct span found = {0, 0};

	for (unsigned int i = 0; i < n; i++) {
		uint64_t b = cut[i].off & ~(page - 1);
		uint64_t e = (cut[i].off + cut[i].bytes + page - 1) & ~(page - 1);

		if (cut[i].bytes && e > of.begin && b < of.end &&
		    (found.end == found.begin || b < found.begin))
			found = (struct span){b, e};
	}
	return found;
}

/* The sparse area that begins first of those that end after `from`: whole pages of the region. */
static struct span next_area(const struct hv_vfio_area *sparse, unsigned int n, uint64_t bytes,
			     uint64_t page, uint64_t from)
{
	struct span found = {0, 0};

	for (unsigned int i = 0; i < n; i++) {
		uint64_t off = sparse[i].off, len = sparse[i].bytes, b, e;

		if (off >= bytes)
			continue;
		e = (len > bytes - off ? bytes : off + len) & ~(page - 1);
		b = (off + page - 1) & ~(page - 1);
		b = b < from ? from : b;
		if (b < e && (found.end == found.begin || b < found.begin))
			found = (struct span){b, e};
	}
	return found;
}

unsigned int hv_vfio_areas(uint64_t bytes, const struct hv_vfio_area *sparse, unsigned int n_sparse,
			   const struct hv_vfio_area *cut, unsigned int n_cut, uint64_t page,
			   struct hv_vfio_area *out, unsigned int max)
{
	uint64_t at = 0;
	unsigned int n = 0;

	while (n < max) {
		struct span area = next_area(sparse, n_sparse, bytes, page, at), hole;

		if (area.end == area.begin)
			break;
		hole = first_cut(cut, n_cut, page, area);
		at = area.end;
		if (hole.end != hole.begin) {
			area.end = hole.begin;
			at = hole.end;
		}
		if (area.end > area.begin)
			out[n++] = (struct hv_vfio_area){area.begin, area.end - area.begin};
	}
	return n;
}
