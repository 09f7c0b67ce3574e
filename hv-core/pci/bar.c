/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Base address registers (PCI 6.2.5): what they look like, where they are put at first, and where
 * the guest moves them. A guest can write any address; one that is not wholly in a window, or
 * where another BAR is, is answered by nobody until it is written anew.
 */
#include "hv-core/pci/pci_impl.h"

#include "base/log.h"

#include <linux/pci_regs.h>

struct range {
	uint64_t base, bytes;
};

static bool is64(const struct hv_pci_bar *b)
{
	return b->kind == HV_BAR_MEM64 || b->kind == HV_BAR_MEM64_PREF;
}

static bool is_pref(const struct hv_pci_bar *b)
{
	return b->kind == HV_BAR_MEM32_PREF || b->kind == HV_BAR_MEM64_PREF;
}

static unsigned int reg_of(unsigned int bar)
{
	return PCI_BASE_ADDRESS_0 + 4 * bar;
}

void hv_pci_bar(struct hv_pci_fn *fn, unsigned int bar, enum hv_pci_bar_kind kind, uint64_t bytes,
		const struct hv_io_ops *ops, void *self)
{
	struct hv_pci_bar *b = &fn->bar[bar];
	unsigned int reg = reg_of(bar),
		     command = kind == HV_BAR_IO ? PCI_COMMAND_IO : PCI_COMMAND_MEMORY;
	uint64_t mask = ~(bytes - 1);

	*b = (struct hv_pci_bar){.kind = kind, .bytes = bytes, .ops = ops, .self = self};
	hv_pci_put32(fn->config + reg, (kind == HV_BAR_IO ? PCI_BASE_ADDRESS_SPACE_IO : 0) |
					       (is64(b) ? PCI_BASE_ADDRESS_MEM_TYPE_64 : 0) |
					       (is_pref(b) ? PCI_BASE_ADDRESS_MEM_PREFETCH : 0));
	hv_pci_put32(fn->wmask + reg,
		     (uint32_t)mask &
			     (kind == HV_BAR_IO ? ~3u : (uint32_t)PCI_BASE_ADDRESS_MEM_MASK));
	if (is64(b))
		hv_pci_put32(fn->wmask + reg + 4, (uint32_t)(mask >> 32));
	fn->wmask[PCI_COMMAND] |= (uint8_t)command;
}

/* Where the registers say it is, whether it is decoded or not. */
static uint64_t written_address(const struct hv_pci_fn *fn, unsigned int bar)
{
	const struct hv_pci_bar *b = &fn->bar[bar];
	uint32_t low = hv_pci_get32(fn, reg_of(bar));

	if (b->kind == HV_BAR_IO)
		return low & ~3u;
	return (low & ~0xfu) | (is64(b) ? (uint64_t)hv_pci_get32(fn, reg_of(bar + 1)) << 32 : 0);
}

static void write_address(struct hv_pci_fn *fn, unsigned int bar, uint64_t at)
{
	hv_pci_put32(fn->config + reg_of(bar),
		     (uint32_t)at | (fn->config[reg_of(bar)] &
				     (fn->bar[bar].kind == HV_BAR_IO ? 3 : 0xf)));
	if (is64(&fn->bar[bar]))
		hv_pci_put32(fn->config + reg_of(bar + 1), (uint32_t)(at >> 32));
}

static bool within(uint64_t at, uint64_t bytes, uint64_t window, uint64_t window_bytes)
{
	return at >= window && bytes <= window_bytes && at - window <= window_bytes - bytes;
}

static bool in_window(const struct hv_pci *pci, const struct hv_pci_bar *b, uint64_t at)
{
	struct hv_pci_windows w;

	if (b->kind == HV_BAR_IO)
		return within(at, b->bytes, HV_PORT_PCI_IO, 0x10000 - HV_PORT_PCI_IO);
	hv_pci_windows(pci->vm, &w);
	return within(at, b->bytes, w.mem32, w.mem32_bytes) ||
	       within(at, b->bytes, w.mem64, w.mem64_bytes);
}

static bool ranges_meet(uint64_t a, uint64_t a_bytes, uint64_t b, uint64_t b_bytes)
{
	return a < b + b_bytes && b < a + a_bytes;
}

/* Is somebody's BAR there now? The bus's lock is held. */
static bool taken(struct hv_pci *pci, const struct hv_pci_bar *b, uint64_t at)
{
	for (unsigned int s = 0; s < HV_PCI_SLOTS; s++) {
		const struct hv_pci_fn *fn = atomic_load(&pci->slot[s]);

		for (unsigned int i = 0; fn && i < HV_PCI_BARS; i++) {
			const struct hv_pci_bar *o = &fn->bar[i];

			if (o->at && o != b && (o->kind == HV_BAR_IO) == (b->kind == HV_BAR_IO) &&
			    ranges_meet(at, b->bytes, o->at, o->bytes))
				return true;
		}
	}
	return false;
}

static struct hv_bus *bus_of(struct hv_pci *pci, const struct hv_pci_bar *b)
{
	return b->kind == HV_BAR_IO ? pci->vm->pio : pci->vm->mmio;
}

static void set_at(struct hv_pci *pci, struct hv_pci_bar *b, uint64_t at)
{
	pthread_mutex_lock(&pci->lock);
	b->at = at;
	pthread_mutex_unlock(&pci->lock);
}

static void unmap(struct hv_pci_fn *fn, unsigned int bar)
{
	struct hv_pci_bar *b = &fn->bar[bar];

	if (!b->at)
		return;
	if (b->ops)
		hv_bus_del(bus_of(fn->pci, b), b->at, b->self);
	if (fn->ops->mapped)
		fn->ops->mapped(fn->self, bar, 0);
	set_at(fn->pci, b, 0);
}

static bool map(struct hv_pci_fn *fn, unsigned int bar, uint64_t at)
{
	struct hv_pci_bar *b = &fn->bar[bar];
	struct hv_pci *pci = fn->pci;
	bool free;

	if (!in_window(pci, b, at))
		return false;
	pthread_mutex_lock(&pci->lock);
	free = !taken(pci, b, at);
	if (free)
		b->at = at;
	pthread_mutex_unlock(&pci->lock);
	if (!free)
		return false;
	if (b->ops &&
	    hv_bus_add(bus_of(pci, b), at, b->bytes, b->ops, b->self, &fn->lock, fn->name, NULL)) {
		set_at(pci, b, 0);
		return false;
	}
	if (fn->ops->mapped)
		fn->ops->mapped(fn->self, bar, at);
	return true;
}

/* While sizes are asked for, a register holds all ones; nothing is wrong then. */
static bool is_sizing(const struct hv_pci_bar *b, uint64_t at)
{
	return (uint32_t)at == (uint32_t) ~(b->bytes - 1) || at >> 32 == 0xffffffff;
}

void hv_pci_bars_update(struct hv_pci_fn *fn)
{
	uint16_t command = hv_pci_get16(fn, PCI_COMMAND);

	if (!fn->pci)
		return;
	for (unsigned int i = 0; i < HV_PCI_BARS; i++) {
		struct hv_pci_bar *b = &fn->bar[i];
		bool decoded =
			command & (b->kind == HV_BAR_IO ? PCI_COMMAND_IO : PCI_COMMAND_MEMORY);
		uint64_t at = decoded ? written_address(fn, i) : 0;

		if (b->kind == HV_BAR_NONE || at == b->at)
			continue;
		unmap(fn, i);
		if (at && !map(fn, i, at) && !is_sizing(b, at) && !fn->bar_said) {
			fn->bar_said = true;
			log_warn("%s: the guest put BAR %u (%#llx bytes) at %#llx, where it cannot "
				 "be; "
				 "it answers nowhere",
				 fn->name, i, (unsigned long long)b->bytes, (unsigned long long)at);
		}
	}
}

void hv_pci_bars_unmap(struct hv_pci_fn *fn)
{
	for (unsigned int i = 0; i < HV_PCI_BARS; i++)
		unmap(fn, i);
}

/* What the functions' registers say is taken, decoded or not. The caller holds no lock. */
static unsigned int written_ranges(struct hv_pci *pci, bool io, struct range *r)
{
	unsigned int n = 0;

	for (unsigned int s = 0; s < HV_PCI_SLOTS; s++) {
		struct hv_pci_fn *fn = atomic_load(&pci->slot[s]);

		if (!fn)
			continue;
		pthread_mutex_lock(&fn->lock);
		for (unsigned int i = 0; i < HV_PCI_BARS; i++) {
			const struct hv_pci_bar *b = &fn->bar[i];

			if (b->kind != HV_BAR_NONE && (b->kind == HV_BAR_IO) == io)
				r[n++] = (struct range){written_address(fn, i), b->bytes};
		}
		pthread_mutex_unlock(&fn->lock);
	}
	return n;
}

/* The first address in the window that is aligned to the size and free; 0: none. */
static uint64_t first_free(uint64_t bytes, struct range window, const struct range *r,
			   unsigned int n)
{
	uint64_t at = (window.base + bytes - 1) & ~(bytes - 1);

	for (unsigned int i = 0; i < n; i++) {
		if (!within(at, bytes, window.base, window.bytes))
			return 0;
		if (!ranges_meet(at, bytes, r[i].base, r[i].bytes))
			continue;
		at = (r[i].base + r[i].bytes + bytes - 1) & ~(bytes - 1);
		i = -1u; /* this one may meet an earlier range */
	}
	return within(at, bytes, window.base, window.bytes) ? at : 0;
}

/* Memory BARs have pages of their own, so that a region can be mapped straight into the guest. */
static uint64_t place(struct hv_pci *pci, const struct hv_pci_bar *b, const struct range *r,
		      unsigned int n)
{
	uint64_t bytes = b->kind != HV_BAR_IO && b->bytes < 4096 ? 4096 : b->bytes, at = 0;
	struct hv_pci_windows w;

	if (b->kind == HV_BAR_IO)
		return first_free(bytes, (struct range){HV_PORT_PCI_IO, 0x10000 - HV_PORT_PCI_IO},
				  r, n);
	hv_pci_windows(pci->vm, &w);
	if (is64(b))
		at = first_free(bytes, (struct range){w.mem64, w.mem64_bytes}, r, n);
	return at ? at : first_free(bytes, (struct range){w.mem32, w.mem32_bytes}, r, n);
}

int hv_pci_bars_place(struct hv_pci *pci, struct hv_pci_fn *fn, struct err *e)
{
	struct range r[HV_PCI_SLOTS * HV_PCI_BARS];

	for (unsigned int i = 0; i < HV_PCI_BARS; i++) {
		struct hv_pci_bar *b = &fn->bar[i];
		unsigned int n;
		uint64_t at;

		if (b->kind == HV_BAR_NONE)
			continue;
		n = written_ranges(pci, b->kind == HV_BAR_IO, r);
		for (unsigned int k = 0; k < i; k++)
			if (fn->bar[k].kind != HV_BAR_NONE &&
			    (fn->bar[k].kind == HV_BAR_IO) == (b->kind == HV_BAR_IO))
				r[n++] = (struct range){written_address(fn, k), fn->bar[k].bytes};
		at = place(pci, b, r, n);
		if (!at)
			return err_set(e, -ENOSPC,
				       "no room for BAR %u of %s (%llu bytes) in the guest's PCI "
				       "windows; take a device out, or give the guest less memory",
				       i, fn->name, (unsigned long long)b->bytes);
		write_address(fn, i, at);
	}
	return 0;
}
