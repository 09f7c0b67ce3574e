/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/vfio/policy.h"

#include <linux/pci_regs.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define PM	 0x40
#define MSI	 0x50
#define MSIX	 0x70
#define EXP	 0xa0
#define VPD	 0xe0
#define VNDR	 0xe8
#define VNDR_LEN 0x10

static uint8_t dev[HV_PCI_CONFIG];
static struct hv_vfio_policy p;
static struct err e;

static void put32(unsigned int at, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		dev[at + (unsigned int)i] = (uint8_t)(v >> 8 * i);
}

static uint32_t get32(const uint8_t *bytes, unsigned int at)
{
	return bytes[at] | (uint32_t)bytes[at + 1] << 8 | (uint32_t)bytes[at + 2] << 16 |
	       (uint32_t)bytes[at + 3] << 24;
}

/* A card with all the capabilities a network card has, and every other bit set. */
static int a_card(void **state)
{
	memset(dev, 0xff, sizeof(dev));
	dev[PCI_HEADER_TYPE] = 0x80;
	dev[PCI_CAPABILITY_LIST] = PM;
	put32(PM, PCI_CAP_ID_PM | MSI << 8 | 0xffc30000u);
	put32(MSI, PCI_CAP_ID_MSI | MSIX << 8 | 0xffff0000u);
	put32(MSIX, PCI_CAP_ID_MSIX | EXP << 8 | 0x80090000u);
	put32(MSIX + PCI_MSIX_TABLE, 0x2000 | 3);
	put32(MSIX + PCI_MSIX_PBA, 0x3000 | 3);
	put32(EXP, PCI_CAP_ID_EXP | VPD << 8 | 0x00020000u);
	put32(VPD, PCI_CAP_ID_VPD | VNDR << 8 | 0xffff0000u);
	put32(VNDR, PCI_CAP_ID_VNDR | VNDR_LEN << 16);
	put32(0x100, PCI_EXT_CAP_ID_ERR | 2 << 16 | 0x140u << 20);
	put32(0x140, PCI_EXT_CAP_ID_DSN | 1 << 16 | 0x150u << 20);
	put32(0x150, PCI_EXT_CAP_ID_ARI | 1 << 16 | 0x160u << 20);
	put32(0x160, PCI_EXT_CAP_ID_SRIOV | 1 << 16 | 0x1a0u << 20);
	put32(0x1a0, PCI_EXT_CAP_ID_VNDR | 1 << 16);
	put32(0x1a4, 0x01c00001);
	return 0;
}

static int make(void)
{
	e = (struct err){0};
	return hv_vfio_policy_make(dev, sizeof(dev), true, &p, &e);
}

static void only_what_is_listed_is_shown(void **state)
{
	assert_int_equal(make(), 0);
	assert_int_equal(p.first, PM);
	assert_int_equal(p.config[PM + 1], MSIX);
	assert_int_equal(p.config[MSIX + 1], EXP);
	assert_int_equal(p.config[EXP + 1], VNDR);
	assert_int_equal(p.config[VNDR + 1], 0);
	assert_true(p.has_msi);
	for (unsigned int i = MSI; i < MSIX; i++)
		assert_int_equal(p.config[i] | p.wmask[i] | p.live[i] | p.through[i], 0);
	for (unsigned int i = VPD; i < VNDR; i++)
		assert_int_equal(p.config[i] | p.wmask[i] | p.live[i] | p.through[i], 0);
}

static void msix_is_read_from_the_device(void **state)
{
	assert_int_equal(make(), 0);
	assert_int_equal(p.msix, MSIX);
	assert_int_equal(p.vectors, 10);
	assert_int_equal(p.table_bar, 3);
	assert_int_equal(p.table_off, 0x2000);
	assert_int_equal(p.pba_bar, 3);
	assert_int_equal(p.pba_off, 0x3000);
	/* Its body is another's business, and no write to it reaches the device. */
	for (unsigned int i = MSIX + 2; i < MSIX + PCI_CAP_MSIX_SIZEOF; i++)
		assert_int_equal(p.config[i] | p.through[i] | p.live[i], 0);
}

static void the_device_never_sleeps(void **state)
{
	assert_int_equal(make(), 0);
	/* No power state but D0 and D3hot, no wake-up; going there loses nothing. */
	assert_int_equal(get32(p.config, PM) >> 16, 0x0003);
	assert_int_equal(get32(p.config, PM + 4), PCI_PM_CTRL_NO_SOFT_RESET);
	assert_int_equal(get32(p.wmask, PM + 4), PCI_PM_CTRL_STATE_MASK);
	for (unsigned int i = PM; i < PM + 8; i++)
		assert_int_equal(p.through[i] | p.live[i], 0);
}

static void it_is_an_end_point_without_a_link(void **state)
{
	assert_int_equal(make(), 0);
	assert_int_equal(get32(p.config, EXP) >> 16, 2 | PCI_EXP_TYPE_RC_END << 4);
	assert_int_equal(get32(p.config, EXP + PCI_EXP_LNKCAP), 0);
	assert_int_equal(get32(p.config, EXP + PCI_EXP_DEVCAP2), 0);
	/* Bits the guest waits for come from the device, what it sets does not get there. */
	assert_int_equal(get32(p.live, EXP + PCI_EXP_DEVCTL), (uint32_t)PCI_EXP_DEVSTA_TRPND << 16);
	for (unsigned int i = EXP; i < EXP + 0x3c; i++)
		assert_int_equal(p.through[i], 0);
}

static void reset_is_offered_where_it_works(void **state)
{
	assert_int_equal(make(), 0);
	assert_true(p.flr);
	assert_true(p.config[EXP + 7] & PCI_EXP_DEVCAP_FLR >> 24);
	assert_true(p.wmask[EXP + 9] & PCI_EXP_DEVCTL_BCR_FLR >> 8);
	assert_int_equal(hv_vfio_policy_make(dev, sizeof(dev), false, &p, &e), 0);
	assert_false(p.flr);
	assert_false(p.config[EXP + 7] & PCI_EXP_DEVCAP_FLR >> 24);
	assert_false(p.wmask[EXP + 9] & PCI_EXP_DEVCTL_BCR_FLR >> 8);
}

static void a_vendors_registers_reach_the_device(void **state)
{
	unsigned int n = 0;

	assert_int_equal(make(), 0);
	for (unsigned int i = 0; i < HV_PCI_CONFIG; i++) {
		bool vendor = (i >= VNDR + 3 && i < VNDR + VNDR_LEN) || (i >= 0x1a8 && i < 0x1bc);

		n += vendor;
		assert_int_equal(p.through[i],
				 vendor ? 0xff : (i == PCI_COMMAND ? PCI_COMMAND_MASTER : 0));
	}
	assert_int_equal(n, 13 + 20);
}

static void extended_ones_are_pruned(void **state)
{
	assert_int_equal(make(), 0);
	/* The chain must begin at 0x100, where nothing is shown. */
	assert_int_equal(get32(p.config, 0x100), 0x140u << 20);
	assert_int_equal(get32(p.config, 0x140), PCI_EXT_CAP_ID_DSN | 1 << 16 | 0x1a0u << 20);
	assert_int_equal(get32(p.config, 0x1a0), PCI_EXT_CAP_ID_VNDR | 1 << 16);
	assert_int_equal(get32(p.config, 0x150), 0);
	assert_int_equal(get32(p.config, 0x160), 0);
	/* Conventional PCI has none. */
	assert_int_equal(hv_vfio_policy_make(dev, 256, true, &p, &e), 0);
	for (unsigned int i = 256; i < HV_PCI_CONFIG; i++)
		assert_int_equal(p.config[i], 0);
}

static void damaged_lists_are_refused(void **state)
{
	static const struct {
		unsigned int at;
		uint32_t value;
		const char *what;
	} t[] = {
		{PM, PCI_CAP_ID_PM | PM << 8, "a circle"},
		{PM, PCI_CAP_ID_PM | 0x10 << 8, "into the header"},
		{PCI_CAPABILITY_LIST, 0x3c, "from the header into the header"},
		{VNDR, PCI_CAP_ID_VNDR | 2 << 16, "shorter than its head"},
		{VNDR, PCI_CAP_ID_VNDR | 0x19 << 16, "beyond the end"},
		{VPD, PCI_CAP_ID_VNDR | VNDR << 8 | 9 << 16, "one over the other"},
		{VPD, PCI_CAP_ID_PM | VNDR << 8, "two of a kind"},
		{0x140, PCI_EXT_CAP_ID_DSN | 0x140u << 20, "a circle beyond 256"},
		{0x140, PCI_EXT_CAP_ID_DSN | 0x80u << 20, "back into the first 256"},
		{0x1a4, 0x00700001, "a vendor's, shorter than its head"},
		{0x1a4, 0xfff00001, "a vendor's, beyond the end"},
	};

	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		a_card(NULL);
		put32(t[i].at, t[i].value);
		if (make() != -EINVAL || !strstr(e.text, "damaged"))
			fail_msg("%s is taken", t[i].what);
	}
}

static void a_bridge_is_refused(void **state)
{
	dev[PCI_HEADER_TYPE] = 0x81;
	assert_int_equal(make(), -EINVAL);
	assert_non_null(strstr(e.text, "bridge"));
}

static void a_device_without_capabilities_is_taken(void **state)
{
	dev[PCI_STATUS] = 0;
	assert_int_equal(make(), 0);
	assert_int_equal(p.first, 0);
	assert_int_equal(p.msix, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(only_what_is_listed_is_shown, a_card),
		cmocka_unit_test_setup(msix_is_read_from_the_device, a_card),
		cmocka_unit_test_setup(the_device_never_sleeps, a_card),
		cmocka_unit_test_setup(it_is_an_end_point_without_a_link, a_card),
		cmocka_unit_test_setup(reset_is_offered_where_it_works, a_card),
		cmocka_unit_test_setup(a_vendors_registers_reach_the_device, a_card),
		cmocka_unit_test_setup(extended_ones_are_pruned, a_card),
		cmocka_unit_test_setup(damaged_lists_are_refused, a_card),
		cmocka_unit_test_setup(a_bridge_is_refused, a_card),
		cmocka_unit_test_setup(a_device_without_capabilities_is_taken, a_card),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
