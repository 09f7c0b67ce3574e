/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The device's registers. What can be mapped becomes memory of the guest's, and no access leaves
 * it; the rest (the MSI-X table, parts the kernel keeps, I/O ports) traps and is read and written
 * by pread and pwrite.
 */
#include "base/log.h"
#include "hv-core/vfio/bars.h"
#include "hv-core/vfio/device.h"
#include "hv-core/vfio/info.h"

#include <endian.h>
#include <inttypes.h>
#include <linux/kvm.h>
#include <linux/vfio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

static uint64_t bar_read(void *self, uint64_t off, unsigned int len)
{
	struct hv_vfio_region *r = self;
	struct hv_vfio *v = r->v;
	uint64_t value = 0;

	if (r->bar == v->policy.table_bar && hv_msix_owns(v->msix, off))
		return hv_msix_read(v->msix, off, len);
	if (!(r->flags & VFIO_REGION_INFO_FLAG_READ) || off > r->bytes || len > r->bytes - off ||
	    pread(v->fd, &value, len, (off_t)(r->at + off)) != (ssize_t)len)
		return UINT64_MAX >> (64 - 8 * len);
	return le64toh(value);
}

static void bar_write(void *self, uint64_t off, unsigned int len, uint64_t value)
{
	struct hv_vfio_region *r = self;
	struct hv_vfio *v = r->v;

	if (r->bar == v->policy.table_bar && hv_msix_owns(v->msix, off)) {
		hv_msix_write(v->msix, off, len, value);
		return;
	}
	if (!(r->flags & VFIO_REGION_INFO_FLAG_WRITE) || off > r->bytes || len > r->bytes - off)
		return;
	value = htole64(value);
	/* A device that does not answer loses the write, as on a real bus. */
	if (pwrite(v->fd, &value, len, (off_t)(r->at + off)) != (ssize_t)len)
		log_debug("vfio %s: a write to BAR %u at %#" PRIx64 " is lost", v->name, r->bar,
			  off);
}

static const struct hv_io_ops bar_ops = {bar_read, bar_write};

static int set_slot(struct hv_vfio *v, const struct hv_vfio_piece *p, uint64_t gpa, bool show)
{
	struct kvm_userspace_memory_region m = {.slot = (uint32_t)p->slot,
						.guest_phys_addr = gpa,
						.memory_size = show ? p->bytes : 0,
						.userspace_addr = (uintptr_t)p->map};

	return ioctl(v->vm->fd, KVM_SET_USER_MEMORY_REGION, &m) ? -errno : 0;
}

/* Where a BAR lies over RAM or over another mapping KVM refuses, and accesses trap. */
void hv_vfio_regions_mapped(void *self, unsigned int bar, uint64_t at)
{
	struct hv_vfio *v = self;
	struct hv_vfio_region *r = &v->region[bar];

	for (unsigned int i = 0; i < r->pieces; i++) {
		struct hv_vfio_piece *p = &r->piece[i];
		int rc = 0;

		if (p->shown)
			rc = set_slot(v, p, 0, false);
		p->shown = false;
		if (rc == 0 && at) {
			rc = set_slot(v, p, at + p->off, true);
			p->shown = rc == 0;
		}
		/* The guest can do this as often as it likes. */
		if (rc && !r->warned)
			log_warn("vfio %s: BAR %u at %#" PRIx64 " is not mapped into the guest, "
				 "accesses are slow: %s",
				 v->name, bar, at, strerror(-rc));
		r->warned |= rc != 0;
	}
}

/* The answer with its capabilities, to be freed. */
static struct vfio_region_info *get_info(struct hv_vfio *v, unsigned int index)
{
	struct vfio_region_info ask = {.argsz = sizeof(ask), .index = index}, *info;
	uint32_t bytes;

	if (ioctl(v->fd, VFIO_DEVICE_GET_REGION_INFO, &ask))
		return NULL;
	bytes = ask.argsz < sizeof(ask) ? sizeof(ask) : ask.argsz;
	info = calloc(1, bytes);
	if (!info)
		return NULL;
	*info = (struct vfio_region_info){.argsz = bytes, .index = index};
	if (ioctl(v->fd, VFIO_DEVICE_GET_REGION_INFO, info)) {
		free(info);
		return NULL;
	}
	info->argsz = bytes;
	return info;
}

/* What the kernel lets us map: all of it, or the areas it lists. Returns how many. */
static unsigned int sparse_areas(const struct vfio_region_info *info, struct hv_vfio_area *area,
				 unsigned int max)
{
	const struct vfio_region_info_cap_sparse_mmap *cap;
	unsigned int n = 0;
	size_t left;

	if (!(info->flags & VFIO_REGION_INFO_FLAG_MMAP))
		return 0;
	cap = info->flags & VFIO_REGION_INFO_FLAG_CAPS
		      ? hv_vfio_info_cap(info, info->argsz, info->cap_offset,
					 VFIO_REGION_INFO_CAP_SPARSE_MMAP, sizeof(*cap), &left)
		      : NULL;
	if (!cap) {
		area[0] = (struct hv_vfio_area){0, info->size};
		return 1;
	}
	left = (left - sizeof(*cap)) / sizeof(cap->areas[0]);
	for (; n < cap->nr_areas && n < left && n < max; n++)
		area[n] = (struct hv_vfio_area){cap->areas[n].offset, cap->areas[n].size};
	return n;
}

static int map_piece(struct hv_vfio *v, struct hv_vfio_region *r, const struct hv_vfio_area *a,
		     struct err *e)
{
	struct hv_vfio_piece *p = &r->piece[r->pieces];
	int prot = (r->flags & VFIO_REGION_INFO_FLAG_READ ? PROT_READ : 0) |
		   (r->flags & VFIO_REGION_INFO_FLAG_WRITE ? PROT_WRITE : 0);

	*p = (struct hv_vfio_piece){.off = a->off, .bytes = a->bytes};
	p->slot = hv_vfio_slot_alloc(v->group);
	if (p->slot < 0)
		return err_set(e, -ENOSPC,
			       "too many functions are assigned to the guest: KVM's "
			       "memory slots for BARs are used up");
	p->map = mmap(NULL, a->bytes, prot, MAP_SHARED, v->fd, (off_t)(r->at + a->off));
	if (p->map == MAP_FAILED) {
		int rc = -errno;

		hv_vfio_slot_free(v->group, p->slot);
		return err_set(e, rc, "cannot map BAR %u at %#" PRIx64 ": %s", r->bar, a->off,
			       strerror(-rc));
	}
	r->pieces++;
	return 0;
}

/* PCIe 7.7.2: 16 bytes a vector, and a bit each in 8-byte words. The guest must reach neither past
 * us, else it could make the device send any interrupt. */
static unsigned int cut_msix(const struct hv_vfio_policy *p, unsigned int bar,
			     struct hv_vfio_area cut[2])
{
	if (bar != p->table_bar)
		return 0;
	cut[0] = (struct hv_vfio_area){p->table_off, 16ull * p->vectors};
	cut[1] = (struct hv_vfio_area){p->pba_off, (p->vectors + 63) / 64 * 8ull};
	return 2;
}

static int open_region(struct hv_vfio *v, unsigned int bar, struct err *e)
{
	struct hv_vfio_area sparse[HV_VFIO_PIECES], area[HV_VFIO_PIECES], cut[2];
	struct vfio_region_info *info = get_info(v, VFIO_PCI_BAR0_REGION_INDEX + bar);
	struct hv_vfio_region *r = &v->region[bar];
	unsigned int n;
	int rc = 0;

	if (!info)
		return err_set(e, -EIO, "VFIO says nothing of BAR %u: %s", bar, strerror(errno));
	*r = (struct hv_vfio_region){
		.v = v, .bar = bar, .bytes = info->size, .at = info->offset, .flags = info->flags};
	n = sparse_areas(info, sparse, HV_VFIO_PIECES);
	free(info);
	n = hv_vfio_areas(r->bytes, sparse, n, cut, cut_msix(&v->policy, bar, cut),
			  (uint64_t)sysconf(_SC_PAGESIZE), area, HV_VFIO_PIECES);
	for (unsigned int i = 0; i < n && rc == 0; i++)
		rc = map_piece(v, r, &area[i], e);
	return rc;
}

int hv_vfio_regions_open(struct hv_vfio *v, const uint8_t *config, struct err *e)
{
	const struct hv_vfio_policy *p = &v->policy;
	uint64_t bytes[HV_PCI_BARS];
	struct hv_vfio_bar bar[HV_PCI_BARS];
	int rc = 0;

	for (unsigned int i = 0; i < HV_PCI_BARS && rc == 0; i++) {
		rc = open_region(v, i, e);
		bytes[i] = v->region[i].bytes;
	}
	if (rc == 0)
		rc = hv_vfio_bars(config, bytes, bar, e);
	if (rc)
		return rc;
	if (p->table_bar >= HV_PCI_BARS || p->pba_bar != p->table_bar ||
	    p->table_off + 16ull * p->vectors > bytes[p->table_bar] ||
	    p->pba_off + (p->vectors + 63) / 64 * 8ull > bytes[p->table_bar])
		return err_set(e, -ENOTSUP,
			       "its MSI-X table and pending bits are not within one BAR: such a "
			       "function cannot be assigned");
	for (unsigned int i = 0; i < HV_PCI_BARS; i++)
		if (bar[i].kind != HV_BAR_NONE)
			hv_pci_bar(&v->fn, i, bar[i].kind, bar[i].bytes, &bar_ops, &v->region[i]);
	return 0;
}

void hv_vfio_regions_close(struct hv_vfio *v)
{
	for (unsigned int i = 0; i < HV_PCI_BARS; i++) {
		struct hv_vfio_region *r = &v->region[i];

		hv_vfio_regions_mapped(v, i, 0);
		while (r->pieces > 0) {
			struct hv_vfio_piece *p = &r->piece[--r->pieces];

			munmap(p->map, p->bytes);
			hv_vfio_slot_free(v->group, p->slot);
		}
	}
}
