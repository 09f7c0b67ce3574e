/* SPDX-License-Identifier: BSD-3-Clause */
/* The tables: sums, addresses, and what iasl makes of them. */
#include "hv-core/boot/acpi.h"

#include "hv-core/device/sleep.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static uint8_t built[HV_BOOT_ACPI_SIZE];
static size_t built_bytes;

static const struct hv_acpi machine = {
	.cpus = 3,
	.windows = {.mem32 = HV_MMIO32,
		    .mem32_bytes = HV_MMIO32_SIZE,
		    .mem64 = 0x140000000,
		    .mem64_bytes = HV_MMIO64_SIZE},
};

static int build(void **state)
{
	built_bytes = hv_acpi_build(&machine, HV_BOOT_ACPI, built, sizeof(built));
	return built_bytes == 0;
}

static uint8_t sum(const uint8_t *p, size_t len)
{
	uint8_t s = 0;

	while (len--)
		s = (uint8_t)(s + *p++);
	return s;
}

static uint64_t number(const uint8_t *p, unsigned int bytes)
{
	uint64_t v = 0;

	memcpy(&v, p, bytes);
	return v;
}

/* The table at a guest's address, its sum checked. */
static const uint8_t *table(uint64_t at, const char *signature)
{
	assert_in_range(at, HV_BOOT_ACPI, HV_BOOT_ACPI + built_bytes - 36);
	assert_int_equal(at % 16, 0);
	const uint8_t *t = built + (at - HV_BOOT_ACPI);
	assert_memory_equal(t, signature, 4);
	uint64_t len = number(t + 4, 4);
	assert_in_range(len, 36, built_bytes - (at - HV_BOOT_ACPI));
	assert_int_equal(sum(t, len), 0);
	return t;
}

static const uint8_t *listed(unsigned int i, const char *signature)
{
	const uint8_t *xsdt = table(number(built + 24, 8), "XSDT");

	assert_int_equal(number(xsdt + 4, 4), 36 + 3 * 8);
	return table(number(xsdt + 36 + 8 * i, 8), signature);
}

static void the_root_pointer_is_found_and_right(void **state)
{
	assert_memory_equal(built, "RSD PTR ", 8);
	assert_int_equal(built[15], 2);
	assert_int_equal(number(built + 20, 4), 36);
	assert_int_equal(sum(built, 20), 0);
	assert_int_equal(sum(built, 36), 0);
}

static void the_fadt_is_of_reduced_hardware(void **state)
{
	const uint8_t *f = listed(0, "FACP");

	assert_int_equal(number(f + 4, 4), 276);
	uint64_t dsdt = number(f + 140, 8);
	assert_int_equal(number(f + 40, 4), dsdt);
	table(dsdt, "DSDT");
	/* HW_REDUCED_ACPI, RESET_REG_SUP; no fixed buttons. */
	uint64_t flags = number(f + 112, 4);
	assert_int_equal(flags & (1 << 20 | 1 << 10 | 1 << 4 | 1 << 5 | 1), flags & ~(1ull << 6));
	assert_int_equal(flags & 1 << 20, 1 << 20);
	/* There is neither VGA, nor CMOS clock, nor a keyboard on the 8042. */
	assert_int_equal(number(f + 109, 2), 0x25);
	static const struct {
		unsigned int off;
		uint64_t port;
	} regs[] = {{116, HV_PORT_SLEEP + 2}, {244, HV_PORT_SLEEP}, {256, HV_PORT_SLEEP + 1}};
	for (int i = 0; i < 3; i++) {
		assert_memory_equal(f + regs[i].off, "\1\10\0\1", 4);
		assert_int_equal(number(f + regs[i].off + 4, 8), regs[i].port);
	}
	assert_int_equal(f[128], HV_SLEEP_DO_RESET);
}

static void the_madt_lists_processors_and_pins(void **state)
{
	const uint8_t *m = listed(1, "APIC");

	assert_int_equal(number(m + 36, 4), HV_LAPIC);
	assert_int_equal(number(m + 40, 4), 0);
	for (unsigned int i = 0; i < machine.cpus; i++) {
		const uint8_t *x = m + 44 + 8 * i;

		assert_memory_equal(x, "\0\10", 2);
		assert_int_equal(x[2], i);
		assert_int_equal(x[3], i);
		assert_int_equal(number(x + 4, 4), 1);
	}
	const uint8_t *io = m + 44 + 8 * machine.cpus;
	assert_memory_equal(io, "\1\14", 2);
	assert_int_equal(number(io + 4, 4), HV_IOAPIC);
	assert_int_equal(number(io + 8, 4), 0);
	assert_int_equal(number(m + 4, 4), 44 + 8 * machine.cpus + 12);
}

static void the_mcfg_says_where_configuration_space_is(void **state)
{
	const uint8_t *m = listed(2, "MCFG");

	assert_int_equal(number(m + 4, 4), 60);
	assert_true(number(m + 44, 8) == HV_ECAM);
	assert_int_equal(number(m + 52, 4), 0); /* segment 0, bus 0 alone */
}

static void a_full_buffer_is_noticed(void **state)
{
	uint8_t *exact;

	for (size_t room = 0; room < built_bytes; room += 1 + room / 50) {
		exact = malloc(room ? room : 1);
		assert_non_null(exact);
		assert_int_equal(hv_acpi_build(&machine, HV_BOOT_ACPI, exact, room), 0);
		free(exact);
	}
	exact = malloc(built_bytes);
	assert_non_null(exact);
	assert_int_equal(hv_acpi_build(&machine, HV_BOOT_ACPI, exact, built_bytes), built_bytes);
	free(exact);
	/* As many processors as there can be still fit. */
	const struct hv_acpi most = {.cpus = HV_CPUS_MAX, .windows = machine.windows};
	assert_in_range(hv_acpi_build(&most, HV_BOOT_ACPI, built, sizeof(built)), built_bytes,
			sizeof(built));
	build(NULL);
}

/* A name's length as AML encodes it, by the rules of 20.2.4, for contents around each bound. */
static void lengths_count_themselves(void **state)
{
	static const struct {
		size_t content;
		unsigned int bytes;
	} cases[] = {{0, 1}, {62, 1}, {63, 2}, {4093, 2}, {4094, 3}, {0xffffc, 3}, {0xffffd, 4}};
	static uint8_t buf[1 << 21];

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct hv_aml a = {.p = buf, .room = sizeof(buf)};
		size_t opened = hv_aml_else(&a);

		for (size_t k = 0; k < cases[i].content; k++)
			hv_aml_number(&a, k, 1);
		hv_aml_close(&a, opened);
		unsigned int n = 1 + (buf[1] >> 6);
		size_t length =
			n == 1 ? buf[1] & 0x3f : (buf[1] & 0xf) + (number(buf + 2, n - 1) << 4);
		assert_int_equal(n, cases[i].bytes);
		assert_int_equal(length, cases[i].content + n);
		assert_int_equal(a.len, 1 + length);
		for (size_t k = 0; k < cases[i].content; k++)
			assert_int_equal(buf[1 + n + k], (uint8_t)k);
	}
}

static char folder[] = "/tmp/hv-acpi-XXXXXX";

static void write_file(const char *name, const uint8_t *p, size_t len)
{
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s.aml", folder, name);
	f = fopen(path, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(p, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

/* What the command prints and what it writes to NAME.dsl. */
static char *disassemble(const char *name)
{
	static char text[1 << 20];
	char command[256];
	FILE *p;

	snprintf(command, sizeof(command),
		 "cd %s && iasl -vs -d %s.aml 2>&1; echo status $?; cat %s.dsl", folder, name,
		 name);
	p = popen(command, "r"); /* a fixed name in a folder of our own */
	assert_non_null(p);
	size_t n = fread(text, 1, sizeof(text) - 1, p);
	text[n] = 0;
	assert_int_equal(pclose(p), 0);
	return text;
}

static void expect(const char *text, const char *wanted)
{
	if (!strstr(text, wanted))
		fail_msg("not there: %s", wanted);
}

static void iasl_reads_them_without_complaint(void **state)
{
	static const char *const names[] = {"FACP", "APIC", "MCFG"};
	char line[128];

	if (system("command -v iasl >/dev/null 2>&1") != 0)
		skip(); /* scripts/setup test installs it */
	assert_non_null(mkdtemp(folder));
	for (unsigned int i = 0; i < 3; i++) {
		const uint8_t *t = listed(i, names[i]);

		write_file(names[i], t, number(t + 4, 4));
	}
	const uint8_t *d = table(number(listed(0, "FACP") + 140, 8), "DSDT");
	write_file("DSDT", d, number(d + 4, 4));
	for (unsigned int i = 0; i < 4; i++) {
		char *text = disassemble(i < 3 ? names[i] : "DSDT");

		if (!strstr(text, "status 0") || strcasestr(text, "warning") ||
		    strcasestr(text, "error") || strcasestr(text, "invalid"))
			fail_msg("%s", text);
	}
	char *text = disassemble("DSDT");
	snprintf(line, sizeof(line), "OperationRegion (REGS, SystemMemory, 0x%llX, 0x10)", HV_GED);
	expect(text, line);
	for (unsigned int slot = 1; slot < HV_PCI_SLOTS; slot++) {
		snprintf(line, sizeof(line), "Device (S%02X)", slot);
		expect(text, line);
		snprintf(line, sizeof(line), "Notify (S%02X, 0x03)", slot);
		expect(text, line);
	}
	expect(text, "Notify (\\_SB.PWRB, 0x80)");
	expect(text, "\\_SB.PCI0.SCAN ()");
	expect(text, "ToUUID (\"33db4d5b-1ff7-401c-9657-7441c03dd766\")");
	expect(text, "EisaId (\"PNP0A08\")");

	/* And what it wrote can be compiled again. */
	snprintf(line, sizeof(line), "cd %s && iasl -p again DSDT.dsl >again.txt 2>&1", folder);
	if (system(line) != 0)
		fail_msg("%s", text);
}

static int clean(void **state)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_root_pointer_is_found_and_right),
		cmocka_unit_test(the_fadt_is_of_reduced_hardware),
		cmocka_unit_test(the_madt_lists_processors_and_pins),
		cmocka_unit_test(the_mcfg_says_where_configuration_space_is),
		cmocka_unit_test(a_full_buffer_is_noticed),
		cmocka_unit_test(lengths_count_themselves),
		cmocka_unit_test(iasl_reads_them_without_complaint),
	};

	return cmocka_run_group_tests(tests, build, clean);
}
