/* SPDX-License-Identifier: BSD-3-Clause */
/* MSI-X: the table and the pending bits as the guest sees them (PCIe 7.7.2.5 to 7.7.2.10), and as a
 * snapshot holds them. */
#include "hv-core/pci/msix_impl.h"

#include <linux/pci_regs.h>
#include <sys/eventfd.h>

#define ENTRY_BYTES PCI_MSIX_ENTRY_SIZE

static bool in_table(const struct hv_msix *m, uint64_t off)
{
	return off >= m->table_off && off - m->table_off < (uint64_t)m->n * ENTRY_BYTES;
}

static bool in_pba(const struct hv_msix *m, uint64_t off)
{
	return off >= m->pba_off && off - m->pba_off < (m->n + 63) / 64 * 8;
}

bool hv_msix_owns(const struct hv_msix *m, uint64_t off)
{
	return in_table(m, off) || in_pba(m, off);
}

static uint32_t table_read(const struct hv_msix *m, uint32_t off)
{
	const struct vector *v = &m->v[off / ENTRY_BYTES];

	switch (off % ENTRY_BYTES) {
	case PCI_MSIX_ENTRY_LOWER_ADDR:
		return (uint32_t)v->address;
	case PCI_MSIX_ENTRY_UPPER_ADDR:
		return (uint32_t)(v->address >> 32);
	case PCI_MSIX_ENTRY_DATA:
		return v->data;
	default:
		return v->masked ? PCI_MSIX_ENTRY_CTRL_MASKBIT : 0;
	}
}

static void table_write(struct hv_msix *m, uint32_t off, uint32_t value)
{
	struct vector *v = &m->v[off / ENTRY_BYTES];

	switch (off % ENTRY_BYTES) {
	case PCI_MSIX_ENTRY_LOWER_ADDR:
		v->address = (v->address & ~0xffffffffull) | (value & ~3u);
		break;
	case PCI_MSIX_ENTRY_UPPER_ADDR:
		v->address = (uint32_t)v->address | (uint64_t)value << 32;
		break;
	case PCI_MSIX_ENTRY_DATA:
		v->data = value;
		break;
	default:
		v->masked = value & PCI_MSIX_ENTRY_CTRL_MASKBIT;
	}
}

static uint32_t pba_read(const struct hv_msix *m, uint32_t off)
{
	unsigned int first = off * 8;
	uint32_t bits = 0;

	for (unsigned int i = 0; i < 32 && first + i < m->n; i++)
		bits |= (uint32_t)hv_msix_pending(m, first + i) << i;
	return bits;
}

static uint32_t read32(const struct hv_msix *m, uint64_t off)
{
	if (in_table(m, off))
		return table_read(m, (uint32_t)(off - m->table_off));
	return in_pba(m, off) ? pba_read(m, (uint32_t)(off - m->pba_off)) : 0;
}

/* PCIe 7.7.2: four or eight aligned bytes; what else there is has no meaning. */
uint64_t hv_msix_read(struct hv_msix *m, uint64_t off, unsigned int len)
{
	if ((len != 4 && len != 8) || off & (len - 1))
		return UINT64_MAX;
	return read32(m, off) | (len == 8 ? (uint64_t)read32(m, off + 4) << 32 : 0);
}

void hv_msix_write(struct hv_msix *m, uint64_t off, unsigned int len, uint64_t value)
{
	if ((len != 4 && len != 8) || off & (len - 1) || !in_table(m, off))
		return;
	table_write(m, (uint32_t)(off - m->table_off), (uint32_t)value);
	if (len == 8)
		table_write(m, (uint32_t)(off + 4 - m->table_off), (uint32_t)(value >> 32));
	hv_msix_update(m, (unsigned int)((off - m->table_off) / ENTRY_BYTES));
}

void hv_msix_save(struct hv_msix *m, struct hv_out *out)
{
	hv_out_u32(out, m->n);
	for (unsigned int i = 0; i < m->n; i++) {
		hv_out_u64(out, m->v[i].address);
		hv_out_u32(out, m->v[i].data);
		hv_out_u8(out, m->v[i].masked | hv_msix_pending(m, i) << 1);
	}
}

/* What was pending is put back into the descriptors before KVM listens to any: it is delivered when
 * the guest unmasks it, as it would have been. */
int hv_msix_load(struct hv_msix *m, struct hv_in *in, struct err *e)
{
	uint32_t n = hv_in_u32(in);

	if (!in->bad && n != m->n)
		return err_set(
			e, -EINVAL,
			"%s: the snapshot has %u MSI-X vectors, this device %u; restore it with "
			"the devices it was taken with",
			m->fn->name, n, m->n);
	for (unsigned int i = 0; i < m->n && !in->bad; i++) {
		uint8_t bits;

		m->v[i].address = hv_in_u64(in) & ~3ull;
		m->v[i].data = hv_in_u32(in);
		bits = hv_in_u8(in);
		in->bad = in->bad || bits > 3;
		m->v[i].masked = bits & 1;
		if (bits & 2 && hv_msix_fd(m, i) >= 0)
			eventfd_write(hv_msix_fd(m, i), 1);
	}
	if (in->bad)
		return err_set(e, -EINVAL,
			       "%s: the MSI-X vectors in the snapshot are damaged or cut "
			       "short; take another",
			       m->fn->name);
	m->enabled = hv_msix_enabled(m);
	for (unsigned int i = 0; i < m->n; i++)
		hv_msix_update(m, i);
	return 0;
}
