/* SPDX-License-Identifier: BSD-3-Clause */
/* Configuration spaces made by hand, whole, cut short and damaged. */
#include "base/pci/caps.h"

#include <linux/pci_regs.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define EXP 0x40
#define AF  0x80
#define ACS 0x100
#define ATS 0x140

static uint8_t config[PCI_CONFIG_BYTES];

static void put16(size_t at, uint16_t v)
{
	config[at] = (uint8_t)v;
	config[at + 1] = (uint8_t)(v >> 8);
}

static void put32(size_t at, uint32_t v)
{
	put16(at, (uint16_t)v);
	put16(at + 2, (uint16_t)(v >> 16));
}

/* A root port with ACS and ATS. */
static int setup(void **state)
{
	memset(config, 0, sizeof(config));
	put16(PCI_STATUS, PCI_STATUS_CAP_LIST);
	config[PCI_CAPABILITY_LIST] = EXP;
	config[EXP] = PCI_CAP_ID_EXP;
	config[EXP + 1] = AF;
	put16(EXP + PCI_EXP_FLAGS, PCI_EXP_TYPE_ROOT_PORT << 4 | 2);
	config[AF] = PCI_CAP_ID_AF;
	put32(ACS, (uint32_t)ATS << 20 | 1u << 16 | PCI_EXT_CAP_ID_ACS);
	put16(ACS + PCI_ACS_CAP, 0x1f);
	put16(ACS + PCI_ACS_CTRL, 0x1d);
	put32(ATS, 1u << 16 | PCI_EXT_CAP_ID_ATS);
	return 0;
}

static void what_is_there_is_found(void **state)
{
	struct pci_acs acs = pci_acs(config, sizeof(config));
	bool on = true;

	assert_int_equal(pci_port_type(config, sizeof(config)), PCI_EXP_TYPE_ROOT_PORT);
	assert_true(acs.there);
	assert_int_equal(acs.can, 0x1f);
	assert_int_equal(acs.on, 0x1d);
	assert_true(pci_ats(config, sizeof(config), &on));
	assert_false(on);
	put16(ATS + PCI_ATS_CTRL, PCI_ATS_CTRL_ENABLE);
	assert_true(pci_ats(config, sizeof(config), &on));
	assert_true(on);
	/* On is only what it has. */
	put16(ACS + PCI_ACS_CAP, PCI_ACS_SV);
	assert_int_equal(pci_acs(config, sizeof(config)).on, PCI_ACS_SV);
}

static void both_ways_of_reset_count(void **state)
{
	assert_false(pci_flr(config, sizeof(config)));
	config[AF + PCI_AF_CAP] = PCI_AF_CAP_FLR;
	assert_true(pci_flr(config, sizeof(config)));
	config[AF + PCI_AF_CAP] = 0;
	put32(EXP + PCI_EXP_DEVCAP, PCI_EXP_DEVCAP_FLR);
	assert_true(pci_flr(config, sizeof(config)));
}

static void bits_have_their_names(void **state)
{
	char text[PCI_ACS_TEXT];

	assert_string_equal(pci_acs_text(0x1d, text), "SV RR CR UF");
	assert_string_equal(pci_acs_text(PCI_ACS_RR | PCI_ACS_TB, text), "RR");
	assert_string_equal(pci_acs_text(0, text), "");
}

static void what_is_cut_off_is_not_there(void **state)
{
	/* In a buffer of just that size, for the sanitizer. */
	for (size_t len = 0; len < 0x160; len++) {
		uint8_t *cut = malloc(len ? len : 1);
		bool on;

		assert_non_null(cut);
		memcpy(cut, config, len);
		assert_int_equal(pci_acs(cut, len).there, len >= ACS + 8);
		assert_int_equal(pci_ats(cut, len, &on), len >= ATS + 8);
		assert_int_equal(pci_port_type(cut, len), len >= EXP + 4 ? 4 : -1);
		assert_false(pci_flr(cut, len));
		free(cut);
	}
}

static void a_circle_ends(void **state)
{
	config[AF + 1] = EXP;
	assert_int_equal(pci_cap(config, sizeof(config), PCI_CAP_ID_MSIX), 0);
	put32(ATS, (uint32_t)ACS << 20 | 1u << 16 | PCI_EXT_CAP_ID_ATS);
	assert_int_equal(pci_ext_cap(config, sizeof(config), PCI_EXT_CAP_ID_SRIOV), 0);
	/* A pointer into the header, and one to the last byte. */
	config[EXP + 1] = 4;
	assert_int_equal(pci_cap(config, sizeof(config), PCI_CAP_ID_AF), 0);
	put32(ACS, 0xffcu << 20 | 1u << 16 | 0x99);
	assert_int_equal(pci_ext_cap(config, sizeof(config), PCI_EXT_CAP_ID_ATS), 0);
	memset(config, 0xff, sizeof(config));
	assert_false(pci_acs(config, sizeof(config)).there);
}

static void a_function_that_is_not_there_is_an_error(void **state)
{
	struct err e = {0};

	assert_int_equal(pci_config_read("/nowhere", "0000:01:10.0", config, &e), -ENOENT);
	assert_non_null(strstr(e.text, "0000:01:10.0/config"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(what_is_there_is_found, setup),
		cmocka_unit_test_setup(both_ways_of_reset_count, setup),
		cmocka_unit_test_setup(bits_have_their_names, setup),
		cmocka_unit_test_setup(what_is_cut_off_is_not_there, setup),
		cmocka_unit_test_setup(a_circle_ends, setup),
		cmocka_unit_test_setup(a_function_that_is_not_there_is_an_error, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
