/* SPDX-License-Identifier: BSD-3-Clause */
/* The bus: who sits in which slot, and the two ways to their configuration space. */
#include "hv-core/pci/pci_impl.h"

#include "base/log.h"
#include "hv-core/device/acpi_events.h"

#include <linux/pci_regs.h>
#include <stdlib.h>

#define ONES 0xffffffffu

/* Red Hat's generic PCIe host bridge: class 0600h and nothing else, no driver and no quirk. */
static const struct hv_pci_id host_bridge = {.vendor = 0x1b36,
					     .device = 0x0008,
					     .subvendor = 0x1af4,
					     .subdevice = 0x1100,
					     .class_code = 0x060000};

/* Only function 0 of bus 0's slots is there. */
static struct hv_pci_fn *fn_at(struct hv_pci *pci, unsigned int bus, unsigned int devfn)
{
	return bus != 0 || devfn & 7 ? NULL : atomic_load(&pci->slot[devfn >> 3]);
}

static uint32_t read_at(struct hv_pci_fn *fn, unsigned int off, unsigned int len)
{
	return fn ? hv_pci_config_read(fn, off, len) : ONES >> (32 - 8 * len);
}

/* PCIe 7.2.2: bus, device and function are in the address; an access never crosses four bytes.
 * Eight aligned bytes are two accesses. */
static uint64_t ecam_read(void *self, uint64_t off, unsigned int len)
{
	struct hv_pci_fn *fn = fn_at(self, (unsigned int)(off >> 20), off >> 12 & 0xff);
	unsigned int reg = off & 0xfff;

	if (off & (len - 1))
		return UINT64_MAX;
	if (len == 8)
		return read_at(fn, reg, 4) | (uint64_t)read_at(fn, reg + 4, 4) << 32;
	return read_at(fn, reg, len);
}

static void ecam_write(void *self, uint64_t off, unsigned int len, uint64_t value)
{
	struct hv_pci_fn *fn = fn_at(self, (unsigned int)(off >> 20), off >> 12 & 0xff);
	unsigned int reg = off & 0xfff;

	if (!fn || off & (len - 1))
		return;
	hv_pci_config_write(fn, reg, len == 8 ? 4 : len, (uint32_t)value);
	if (len == 8)
		hv_pci_config_write(fn, reg + 4, 4, (uint32_t)(value >> 32));
}

static const struct hv_io_ops ecam_ops = {ecam_read, ecam_write};

/* PCI 3.2.2.3.2: the address takes four bytes at once only, and bit 31 says that the data port
 * means configuration space. Fills fn and the register; false: nobody is addressed. */
static bool port_target(struct hv_pci *pci, uint64_t off, unsigned int len, struct hv_pci_fn **fn,
			unsigned int *reg)
{
	uint32_t address = atomic_load(&pci->address);

	if (off < 4 || len > 4 || off & (len - 1) || !(address >> 31))
		return false;
	*fn = fn_at(pci, address >> 16 & 0xff, address >> 8 & 0xff);
	*reg = (address & 0xfc) | (off & 3);
	return *fn != NULL;
}

static uint64_t port_read(void *self, uint64_t off, unsigned int len)
{
	struct hv_pci *pci = self;
	struct hv_pci_fn *fn;
	unsigned int reg;

	if (off == 0 && len == 4)
		return atomic_load(&pci->address);
	return port_target(pci, off, len, &fn, &reg) ? hv_pci_config_read(fn, reg, len)
						     : UINT64_MAX;
}

static void port_write(void *self, uint64_t off, unsigned int len, uint64_t value)
{
	struct hv_pci *pci = self;
	struct hv_pci_fn *fn;
	unsigned int reg;

	if (off == 0 && len == 4)
		atomic_store(&pci->address, (uint32_t)value & 0x80fffffc);
	else if (port_target(pci, off, len, &fn, &reg))
		hv_pci_config_write(fn, reg, len, (uint32_t)value);
}

static const struct hv_io_ops port_ops = {port_read, port_write};

static void save(void *self, struct hv_out *out)
{
	struct hv_pci *pci = self;

	hv_out_u32(out, atomic_load(&pci->address));
	pthread_mutex_lock(&pci->host.lock);
	hv_pci_fn_save(&pci->host, out);
	pthread_mutex_unlock(&pci->host.lock);
}

static int load(void *self, struct hv_in *in, uint32_t version, struct err *e)
{
	struct hv_pci *pci = self;
	int rc;

	atomic_store(&pci->address, hv_in_u32(in) & 0x80fffffc);
	pthread_mutex_lock(&pci->host.lock);
	rc = hv_pci_fn_load(&pci->host, in, e);
	pthread_mutex_unlock(&pci->host.lock);
	return rc ? rc : hv_in_end(in, "the PCI bus", e);
}

static void destroy(void *self)
{
	struct hv_pci *pci = self;

	hv_pci_hotplug_stop(pci);
	hv_bus_del(pci->vm->pio, HV_PORT_PCI, pci);
	hv_bus_del(pci->vm->mmio, HV_ECAM, pci);
	hv_pci_unplug(&pci->host);
	hv_pci_destroy(&pci->host);
	pthread_mutex_destroy(&pci->lock);
	free(pci);
}

static const struct hv_device_ops device_ops = {
	.kind = "pci", .version = 1, .save = save, .load = load, .destroy = destroy};

int hv_pci_create(struct hv_vm *vm, struct hv_pci **pci, struct err *e)
{
	static const struct hv_pci_fn_ops no_ops;
	struct hv_pci *p = calloc(1, sizeof(*p));
	int rc;

	if (!p)
		return err_set(e, -ENOMEM, "no memory for the PCI bus");
	p->vm = vm;
	p->eject_fd = -1;
	pthread_mutex_init(&p->lock, NULL);
	hv_pci_init(&p->host, &host_bridge, &no_ops, p, "host bridge");
	rc = hv_pci_plug(p, &p->host, 0, e);
	if (rc)
		goto free;
	rc = hv_bus_add(vm->mmio, HV_ECAM, HV_ECAM_SIZE, &ecam_ops, p, NULL, "PCI ECAM", e);
	if (rc)
		goto unplug;
	rc = hv_bus_add(vm->pio, HV_PORT_PCI, 8, &port_ops, p, NULL, "PCI configuration ports", e);
	if (rc)
		goto ecam;
	rc = hv_vm_add(vm, &p->dev, &device_ops, p, "pci", e);
	if (rc)
		goto ports;
	*pci = p;
	return 0;
ports:
	hv_bus_del(vm->pio, HV_PORT_PCI, p);
ecam:
	hv_bus_del(vm->mmio, HV_ECAM, p);
unplug:
	hv_pci_unplug(&p->host);
free:
	hv_pci_destroy(&p->host);
	pthread_mutex_destroy(&p->lock);
	free(p);
	return rc;
}

struct hv_vm *hv_pci_vm(const struct hv_pci *pci)
{
	return pci->vm;
}

int hv_pci_plug(struct hv_pci *pci, struct hv_pci_fn *fn, int slot, struct err *e)
{
	int rc;

	if (slot < 0)
		for (slot = 0; slot < HV_PCI_SLOTS && atomic_load(&pci->slot[slot]);)
			slot++;
	else if (slot < HV_PCI_SLOTS && atomic_load(&pci->slot[slot]))
		return err_set(e, -EBUSY, "PCI slot %d is taken by %s; choose another", slot,
			       atomic_load(&pci->slot[slot])->name);
	if (slot >= HV_PCI_SLOTS)
		return err_set(e, -ENOSPC, "no PCI slot is left for %s; take a device out first",
			       fn->name);
	rc = hv_pci_bars_place(pci, fn, e);
	if (rc)
		return rc;
	fn->pci = pci;
	fn->slot = (unsigned int)slot;
	atomic_store(&pci->slot[slot], fn);
	if (pci->ged)
		hv_ged_slot_filled(pci->ged, fn->slot);
	return 0;
}

void hv_pci_unplug(struct hv_pci_fn *fn)
{
	if (!fn->pci)
		return;
	pthread_mutex_lock(&fn->lock);
	atomic_store(&fn->pci->slot[fn->slot], NULL);
	hv_pci_bars_unmap(fn);
	hv_pci_intx_drop(fn);
	fn->pci = NULL;
	pthread_mutex_unlock(&fn->lock);
}
