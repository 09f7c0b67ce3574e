/* SPDX-License-Identifier: BSD-3-Clause */
/* The devices that no bus tells of, in the order in which they would be written as ASL. */
#include "hv-core/boot/acpi.h"

#include "hv-core/boot/resource.h"
#include "hv-core/device/ged_regs.h"
#include "hv-core/device/sleep.h"

#include <stdio.h>

#define NOTIFY_CHECK  1 /* ACPI 5.6.6: there may be something new */
#define NOTIFY_EJECT  3
#define NOTIFY_BUTTON 0x80

#define PORT_PCI_CONFIG_PORTS 8
#define PORT_PCI_IO_END	      0x10000u
#define COM_PORTS	      8

#define PINS	     4
#define OSC_UUID     "33db4d5b-1ff7-401c-9657-7441c03dd766" /* PCI firmware 4.5.1 */
#define OSC_BAD_UUID 0x04
#define OSC_MASKED   0x10
#define OSC_GRANTED  0x1c /* PME, AER, PCIe capabilities; hot-plug is ACPI's here */

static void hid(struct hv_aml *a, const char *eisa_id)
{
	hv_aml_name(a, "_HID");
	hv_aml_eisa_id(a, eisa_id);
}

static void named_int(struct hv_aml *a, const char *name, uint64_t v)
{
	hv_aml_name(a, name);
	hv_aml_int(a, v);
}

/* What the sleep control register takes for S5. */
static void soft_off(struct hv_aml *a)
{
	hv_aml_name(a, "\\_S5");
	size_t package = hv_aml_package(a, 4);

	hv_aml_int(a, HV_SLEEP_TYPE_S5);
	for (int i = 0; i < 3; i++)
		hv_aml_int(a, 0);
	hv_aml_close(a, package);
}

/* Keeps what is no device of its own out of the windows the guest gives away. Linux uses ECAM only
 * where it is reserved here or in the E820 map. */
static void motherboard(struct hv_aml *a)
{
	size_t device = hv_aml_device(a, "MBRD");

	hid(a, "PNP0C02");
	hv_aml_name(a, "_CRS");
	size_t crs = hv_aml_resources(a);
	hv_res_memory32(a, HV_ECAM, HV_ECAM_SIZE);
	hv_res_memory32(a, HV_GED, HV_GED_SIZE);
	hv_res_io(a, HV_PORT_SLEEP, HV_SLEEP_REGS);
	hv_aml_close_resources(a, crs);
	hv_aml_close(a, device);
}

static void com1(struct hv_aml *a)
{
	size_t device = hv_aml_device(a, "COM1");

	hid(a, "PNP0501");
	named_int(a, "_UID", 1);
	hv_aml_name(a, "_CRS");
	size_t crs = hv_aml_resources(a);
	hv_res_io(a, HV_PORT_COM1, COM_PORTS);
	hv_res_interrupt(a, HV_GSI_COM1, false);
	hv_aml_close_resources(a, crs);
	hv_aml_close(a, device);
}

static void power_button(struct hv_aml *a)
{
	size_t device = hv_aml_device(a, "PWRB");

	hid(a, "PNP0C0C");
	hv_aml_close(a, device);
}

/* If (And (Local, bits)): what follows belongs to it. */
static size_t if_bits(struct hv_aml *a, enum hv_aml_op local, uint32_t bits)
{
	size_t opened = hv_aml_if(a);

	hv_aml_op(a, HV_AML_AND);
	hv_aml_op(a, local);
	hv_aml_int(a, bits);
	hv_aml_op(a, HV_AML_ZERO);
	return opened;
}

static void store_path(struct hv_aml *a, const char *from, enum hv_aml_op local)
{
	hv_aml_op(a, HV_AML_STORE);
	hv_aml_path(a, from);
	hv_aml_op(a, local);
}

static void notify(struct hv_aml *a, const char *path, unsigned int value)
{
	hv_aml_op(a, HV_AML_NOTIFY);
	hv_aml_path(a, path);
	hv_aml_int(a, value);
}

/* The device behind the events' interrupt (ACPI 5.6.9); Linux calls _EVT with its number. */
static void events(struct hv_aml *a)
{
	static const char *const regs[] = {"EVNT", "FILL", "WANT", "EJCT"};
	_Static_assert(HV_GED_EVENTS == 0 && HV_GED_FILLED == 4 && HV_GED_WANTED == 8 &&
			       HV_GED_EJECT == 12 && HV_GED_REGS == 16,
		       "the names are in the registers' order");
	size_t device = hv_aml_device(a, "GED"), block;

	hv_aml_name(a, "_HID");
	hv_aml_string(a, "ACPI0013");
	named_int(a, "_UID", 0);
	hv_aml_name(a, "_CRS");
	block = hv_aml_resources(a);
	hv_res_interrupt(a, HV_GSI_GED, true);
	hv_aml_close_resources(a, block);
	hv_aml_registers(a, "REGS", HV_GED, HV_GED_REGS / 4, regs);

	size_t method = hv_aml_method(a, "_EVT", 1, true);
	store_path(a, "EVNT", HV_AML_LOCAL0);
	block = if_bits(a, HV_AML_LOCAL0, HV_GED_POWER);
	notify(a, "\\_SB.PWRB", NOTIFY_BUTTON);
	hv_aml_close(a, block);
	block = if_bits(a, HV_AML_LOCAL0, HV_GED_PCI);
	hv_aml_path(a, "\\_SB.PCI0.SCAN"); /* a call */
	hv_aml_close(a, block);
	hv_aml_close(a, method);
	hv_aml_close(a, device);
}

/* Below 4 GB at most up to ECAM, and above where there is a window. */
static void bridge_resources(struct hv_aml *a, const struct hv_pci_windows *w)
{
	hv_aml_name(a, "_CRS");
	size_t crs = hv_aml_resources(a);

	hv_res_buses(a, 0, HV_ACPI_LAST_BUS);
	hv_res_io(a, HV_PORT_PCI, PORT_PCI_CONFIG_PORTS);
	hv_res_window_io(a, HV_PORT_PCI_IO, PORT_PCI_IO_END - HV_PORT_PCI_IO);
	if (w->mem32_bytes)
		hv_res_window_memory32(a, (uint32_t)w->mem32, (uint32_t)w->mem32_bytes);
	if (w->mem64_bytes)
		hv_res_window_memory64(a, w->mem64, w->mem64_bytes);
	hv_aml_close_resources(a, crs);
}

/* Which interrupt each pin of each slot is: GSIs, behind no link device. */
static void routing(struct hv_aml *a)
{
	hv_aml_name(a, "_PRT");
	size_t table = hv_aml_package(a, HV_PCI_SLOTS * PINS);

	for (unsigned int slot = 0; slot < HV_PCI_SLOTS; slot++)
		for (unsigned int pin = 0; pin < PINS; pin++) {
			size_t entry = hv_aml_package(a, 4);

			hv_aml_int(a, slot << 16 | 0xffff); /* any function */
			hv_aml_int(a, pin);
			hv_aml_int(a, 0);
			hv_aml_int(a, HV_GSI_INTX + slot % 8);
			hv_aml_close(a, entry);
		}
	hv_aml_close(a, table);
}

static void dword_of(struct hv_aml *a, unsigned int index, const char *name)
{
	hv_aml_op(a, HV_AML_CREATE_DWORD_FIELD);
	hv_aml_op(a, HV_AML_ARG3);
	hv_aml_int(a, index);
	hv_aml_path(a, name);
}

/* Or (CDW1, bits, CDW1) */
static void osc_error(struct hv_aml *a, unsigned int bits)
{
	hv_aml_op(a, HV_AML_OR);
	hv_aml_path(a, "CDW1");
	hv_aml_int(a, bits);
	hv_aml_path(a, "CDW1");
}

/*
 * _OSC (ACPI 6.2.11.3): the system asks for control of PCI Express features, and gets what is not
 * hot-plug. Whether bits were taken away is found by comparing before and after.
 */
static void osc(struct hv_aml *a)
{
	size_t method = hv_aml_method(a, "_OSC", 4, true), known, masked, other;

	dword_of(a, 0, "CDW1");
	known = hv_aml_if(a);
	hv_aml_op(a, HV_AML_LEQUAL);
	hv_aml_op(a, HV_AML_ARG0);
	hv_aml_uuid(a, OSC_UUID);

	dword_of(a, 8, "CDW3");
	store_path(a, "CDW3", HV_AML_LOCAL0);
	hv_aml_op(a, HV_AML_AND);
	hv_aml_path(a, "CDW3");
	hv_aml_int(a, OSC_GRANTED);
	hv_aml_path(a, "CDW3");
	masked = hv_aml_if(a);
	hv_aml_op(a, HV_AML_LNOT);
	hv_aml_op(a, HV_AML_LEQUAL);
	hv_aml_path(a, "CDW3");
	hv_aml_op(a, HV_AML_LOCAL0);
	osc_error(a, OSC_MASKED);
	hv_aml_close(a, masked);
	hv_aml_close(a, known);

	other = hv_aml_else(a);
	osc_error(a, OSC_BAD_UUID);
	hv_aml_close(a, other);
	hv_aml_op(a, HV_AML_RETURN);
	hv_aml_op(a, HV_AML_ARG3);
	hv_aml_close(a, method);
}

static void slot_name(char name[5], unsigned int slot)
{
	snprintf(name, 5, "S%02X", slot);
}

/* A slot is a device whether something is in it or not, so that there is whom to notify. */
static void slots(struct hv_aml *a)
{
	char name[5];

	for (unsigned int slot = 1; slot < HV_PCI_SLOTS; slot++) {
		slot_name(name, slot);
		size_t device = hv_aml_device(a, name);

		named_int(a, "_ADR", slot << 16);
		named_int(a, "_SUN", slot);
		size_t method = hv_aml_method(a, "_EJ0", 1, true);
		hv_aml_op(a, HV_AML_STORE);
		hv_aml_int(a, slot);
		hv_aml_path(a, "\\_SB.GED.EJCT");
		hv_aml_close(a, method);
		hv_aml_close(a, device);
	}
}

/* Tells each slot that something happened to it. */
static void scan(struct hv_aml *a)
{
	static const struct {
		const char *reg;
		unsigned int notify;
	} kinds[] = {{"\\_SB.GED.FILL", NOTIFY_CHECK}, {"\\_SB.GED.WANT", NOTIFY_EJECT}};
	size_t method = hv_aml_method(a, "SCAN", 0, true);
	char name[5];

	for (unsigned int k = 0; k < 2; k++) {
		store_path(a, kinds[k].reg, HV_AML_LOCAL0);
		for (unsigned int slot = 1; slot < HV_PCI_SLOTS; slot++) {
			size_t block = if_bits(a, HV_AML_LOCAL0, 1u << slot);

			slot_name(name, slot);
			notify(a, name, kinds[k].notify);
			hv_aml_close(a, block);
		}
	}
	hv_aml_close(a, method);
}

static void pci(struct hv_aml *a, const struct hv_pci_windows *w)
{
	size_t device = hv_aml_device(a, "PCI0");

	hid(a, "PNP0A08");
	hv_aml_name(a, "_CID");
	hv_aml_eisa_id(a, "PNP0A03");
	named_int(a, "_UID", 0);
	named_int(a, "_SEG", 0);
	named_int(a, "_BBN", 0);
	bridge_resources(a, w);
	routing(a);
	osc(a);
	slots(a);
	scan(a);
	hv_aml_close(a, device);
}

void hv_dsdt(const struct hv_acpi *c, struct hv_aml *a)
{
	soft_off(a);
	size_t scope = hv_aml_scope(a, "\\_SB");

	motherboard(a);
	com1(a);
	power_button(a);
	events(a);
	pci(a, &c->windows);
	hv_aml_close(a, scope);
}
