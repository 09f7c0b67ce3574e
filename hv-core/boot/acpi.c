/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/boot/acpi.h"

#include "hv-core/boot/reset_vector.h"
#include "hv-core/device/sleep.h"

#include <stdlib.h>
#include <string.h>

#define HEADER	       36u /* of each table, ACPI 5.2.6 */
#define HEADER_LENGTH  4u
#define HEADER_CHECK   9u
#define OEM	       "FLUE  "
#define OEM_TABLE      "FLUEVM  "
#define CREATOR	       "FLUE"
#define RSDP_LENGTH    36u
#define RSDP_CHECK     8u  /* over the first 20 bytes */
#define RSDP_CHECK_ALL 32u /* over all */

#define FADT_LENGTH	 276u
#define FADT_BOOT_LEGACY 0x0001u /* there is a COM port */
#define FADT_BOOT_NO_VGA 0x0004u
#define FADT_BOOT_NO_RTC 0x0020u /* the time of day comes from kvmclock */
#define FADT_WBINVD	 (1u << 0)
#define FADT_PWR_BUTTON	 (1u << 4) /* no fixed one: PNP0C0C in the DSDT */
#define FADT_SLP_BUTTON	 (1u << 5)
#define FADT_FIX_RTC	 (1u << 6)
#define FADT_RESET_REG	 (1u << 10)
#define FADT_HW_REDUCED	 (1u << 20)
#define GAS_IO		 1
#define GAS_BYTE	 1

static uint8_t sum(const uint8_t *p, size_t len)
{
	uint8_t s = 0;

	for (size_t i = 0; i < len; i++)
		s = (uint8_t)(s + p[i]);
	return s;
}

/* Tables begin at multiples of 16. Returns where. */
static size_t begin(struct hv_aml *t, const char *signature, uint8_t revision)
{
	while (t->len % 16 && !t->full)
		hv_aml_number(t, 0, 1);
	size_t at = t->len;

	hv_aml_bytes(t, signature, 4);
	hv_aml_number(t, 0, 4);
	hv_aml_number(t, revision, 1);
	hv_aml_number(t, 0, 1);
	hv_aml_bytes(t, OEM, 6);
	hv_aml_bytes(t, OEM_TABLE, 8);
	hv_aml_number(t, 1, 4);
	hv_aml_bytes(t, CREATOR, 4);
	hv_aml_number(t, 1, 4);
	return at;
}

static void end(struct hv_aml *t, size_t at)
{
	uint32_t len = (uint32_t)(t->len - at);

	if (t->full)
		return;
	memcpy(t->p + at + HEADER_LENGTH, &len, sizeof(len));
	t->p[at + HEADER_CHECK] = (uint8_t)-sum(t->p + at, len);
}

/* Fields that stay 0 up to an offset in the table. */
static void skip_to(struct hv_aml *t, size_t table, size_t off)
{
	while (t->len < table + off && !t->full)
		hv_aml_number(t, 0, 1);
}

/* Generic address structure (ACPI 5.2.3.2) of a byte-wide port. */
static void port(struct hv_aml *t, uint64_t at)
{
	hv_aml_number(t, GAS_IO, 1);
	hv_aml_number(t, 8, 1);
	hv_aml_number(t, 0, 1);
	hv_aml_number(t, GAS_BYTE, 1);
	hv_aml_number(t, at, 8);
}

static size_t dsdt(struct hv_aml *t, const struct hv_acpi *c)
{
	size_t at = begin(t, "DSDT", 2);

	hv_dsdt(c, t);
	end(t, at);
	return at;
}

/* ACPI 5.2.9; what is left 0 does not exist in the hardware-reduced model. There is no FACS. */
static size_t fadt(struct hv_aml *t, uint64_t dsdt_at)
{
	size_t at = begin(t, "FACP", 6);

	skip_to(t, at, 40);
	hv_aml_number(t, dsdt_at, 4);
	skip_to(t, at, 109);
	hv_aml_number(t, FADT_BOOT_LEGACY | FADT_BOOT_NO_VGA | FADT_BOOT_NO_RTC, 2);
	skip_to(t, at, 112);
	hv_aml_number(t,
		      FADT_WBINVD | FADT_PWR_BUTTON | FADT_SLP_BUTTON | FADT_FIX_RTC |
			      FADT_RESET_REG | FADT_HW_REDUCED,
		      4);
	port(t, HV_PORT_SLEEP + HV_SLEEP_RESET);
	hv_aml_number(t, HV_SLEEP_DO_RESET, 1);
	skip_to(t, at, 131);
	hv_aml_number(t, 5, 1); /* 6.5 */
	skip_to(t, at, 140);
	hv_aml_number(t, dsdt_at, 8);
	skip_to(t, at, 244);
	port(t, HV_PORT_SLEEP + HV_SLEEP_CONTROL);
	port(t, HV_PORT_SLEEP + HV_SLEEP_STATUS);
	skip_to(t, at, FADT_LENGTH);
	end(t, at);
	return at;
}

/* ACPI 5.2.12. The local APICs' ids are the processors' numbers. */
static size_t madt(struct hv_aml *t, unsigned int cpus)
{
	size_t at = begin(t, "APIC", 5);

	hv_aml_number(t, HV_LAPIC, 4);
	hv_aml_number(t, 0, 4); /* flags: no 8259 */
	for (unsigned int i = 0; i < cpus; i++) {
		hv_aml_number(t, 0, 1); /* processor local APIC */
		hv_aml_number(t, 8, 1);
		hv_aml_number(t, i, 1);
		hv_aml_number(t, i, 1);
		hv_aml_number(t, 1, 4); /* enabled */
	}
	hv_aml_number(t, 1, 1); /* I/O APIC */
	hv_aml_number(t, 12, 1);
	hv_aml_number(t, 0, 2); /* its id, reserved */
	hv_aml_number(t, HV_IOAPIC, 4);
	hv_aml_number(t, 0, 4); /* its first interrupt */
	end(t, at);
	return at;
}

/* PCI firmware specification 4.1.2. */
static size_t mcfg(struct hv_aml *t)
{
	size_t at = begin(t, "MCFG", 1);

	hv_aml_number(t, 0, 8);
	hv_aml_number(t, HV_ECAM, 8);
	hv_aml_number(t, 0, 2); /* segment */
	hv_aml_number(t, 0, 1);
	hv_aml_number(t, HV_ACPI_LAST_BUS, 1);
	hv_aml_number(t, 0, 4);
	end(t, at);
	return at;
}

/* ACPI 5.2.5.3, in front of all others. */
static void rsdp(uint8_t *p, uint64_t xsdt_at)
{
	const uint32_t len = RSDP_LENGTH;

	memcpy(p, "RSD PTR ", 8);
	memcpy(p + 9, OEM, 6);
	p[15] = 2;
	memcpy(p + 20, &len, sizeof(len));
	memcpy(p + 24, &xsdt_at, sizeof(xsdt_at));
	p[RSDP_CHECK] = (uint8_t)-sum(p, 20);
	p[RSDP_CHECK_ALL] = (uint8_t)-sum(p, RSDP_LENGTH);
}

size_t hv_acpi_build(const struct hv_acpi *c, uint64_t at, uint8_t *p, size_t room)
{
	struct hv_aml t = {.p = p, .room = room};

	skip_to(&t, 0, RSDP_LENGTH);

	size_t d = dsdt(&t, c);
	const size_t listed[] = {fadt(&t, at + d), madt(&t, c->cpus), mcfg(&t)};
	size_t xsdt = begin(&t, "XSDT", 1);

	for (unsigned int i = 0; i < sizeof(listed) / sizeof(*listed); i++)
		hv_aml_number(&t, at + listed[i], 8);
	end(&t, xsdt);
	if (t.full)
		return 0;
	rsdp(p, at + xsdt);
	return t.len;
}

int hv_acpi_write(struct hv_vm *vm, struct err *e)
{
	const size_t room = HV_BOOT_ACPI_SIZE - HV_RESET_VECTOR_BYTES;
	uint8_t *p = calloc(1, room);
	struct hv_acpi c = {.cpus = vm->cpus};
	int r = -ENOMEM;

	if (!p)
		goto done;
	hv_pci_windows(vm, &c.windows);
	size_t len = hv_acpi_build(&c, HV_BOOT_ACPI, p, room);

	r = len ? hv_mem_write(&vm->mem, HV_BOOT_ACPI, p, len) : -ENOSPC;
done:
	free(p);
	return r ? err_set(e, r, "the ACPI tables found no room") : 0;
}
