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

/* The first cut that touches [from, to), widened to pages; false: none does. */
static bool first_cut(const struct hv_vfio_area *cut, unsigned int n, uint64_t page, uint64_t from,
		      uint64_t to, uint64_t *begin, uint64_t *end)
{
	bool found = false;

	for (unsigned int i = 0; i < n; i++) {
		uint64_t b = cut[i].off & ~(page - 1);
		uint64_t e = (cut[i].off + cut[i].bytes + page - 1) & ~(page - 1);

		if (cut[i].bytes == 0 || e <= from || b >= to || (found && b >= *begin))
			continue;
		found = true;
		*begin = b;
		*end = e;
	}
	return found;
}

/* The sparse area that begins first of those that end after `from`, clipped to whole pages of the
 * region. */
static bool next_area(const struct hv_vfio_area *sparse, unsigned int n, uint64_t bytes,
		      uint64_t page, uint64_t from, uint64_t *begin, uint64_t *end)
{
	bool found = false;

	for (unsigned int i = 0; i < n; i++) {
		uint64_t b, e;

		if (sparse[i].off >= bytes)
			continue;
		e = sparse[i].bytes > bytes - sparse[i].off ? bytes
							     : sparse[i].off + sparse[i].bytes;
		e &= ~(page - 1);
		b = (sparse[i].off + page - 1) & ~(page - 1);
		b = b < from ? from : b;
		if (b >= e || (found && b >= *begin))
			continue;
		found = true;
		*begin = b;
		*end = e;
	}
	return found;
}

unsigned int hv_vfio_areas(uint64_t bytes, const struct hv_vfio_area *sparse, unsigned int n_sparse,
			   const struct hv_vfio_area *cut, unsigned int n_cut, uint64_t page,
			   struct hv_vfio_area *out, unsigned int max)
{
	uint64_t at = 0, begin, end, hole, hole_end;
	unsigned int n = 0;

	while (n < max && next_area(sparse, n_sparse, bytes, page, at, &begin, &end)) {
		at = end;
		if (first_cut(cut, n_cut, page, begin, end, &hole, &hole_end)) {
			at = hole_end;
			end = hole;
		}
		if (end > begin)
			out[n++] = (struct hv_vfio_area){begin, end - begin};
	}
	return n;
}
