/* SPDX-License-Identifier: BSD-3-Clause */
/* MSI-X, driven as Linux drives it; what KVM does with it is in hv-core/virtio/kvm_test.c. */
#include "hv-core/pci/fake_board.h"
#include "hv-core/pci/msix.h"

#include <linux/pci_regs.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include <cmocka.h>

#define VECTORS		70
#define TABLE		0x1000
#define PBA		0x2000
#define AT		HV_HIGH
#define ENTRY(n, field) (AT + TABLE + 16 * (n) + (field))
#define ON		PCI_MSIX_FLAGS_ENABLE

struct rig {
	struct fake_board b;
	struct hv_pci *pci;
	struct hv_pci_fn fn;
	struct hv_msix *m;
	unsigned int cap, hooked, hook_vector;
	bool hook_masked;
};

static uint64_t bar_read(void *self, uint64_t off, unsigned int len)
{
	struct rig *r = self;

	return hv_msix_owns(r->m, off) ? hv_msix_read(r->m, off, len) : 0;
}

static void bar_write(void *self, uint64_t off, unsigned int len, uint64_t value)
{
	struct rig *r = self;

	if (hv_msix_owns(r->m, off))
		hv_msix_write(r->m, off, len, value);
}

static void config_written(void *self, unsigned int off, unsigned int len)
{
	hv_msix_config_written(((struct rig *)self)->m, off, len);
}

static void hook(void *self, unsigned int vector, bool masked)
{
	struct rig *r = self;

	r->hooked++;
	r->hook_vector = vector;
	r->hook_masked = masked;
}

static const struct hv_io_ops bar_ops = {bar_read, bar_write};
static const struct hv_pci_fn_ops fn_ops = {.config_written = config_written};

static int setup(void **state)
{
	static const struct hv_pci_id id = {.vendor = 0x1234, .device = 1, .class_code = 0xff0000};
	struct rig *r = calloc(1, sizeof(*r));

	fake_board_init(&r->b, 0);
	assert_int_equal(hv_pci_create(&r->b.vm, &r->pci, NULL), 0);
	hv_pci_init(&r->fn, &id, &fn_ops, r, "card");
	hv_pci_bar(&r->fn, 0, HV_BAR_MEM64, 0x4000, &bar_ops, r);
	r->m = hv_msix_new(&r->fn, VECTORS, 0, TABLE, PBA, NULL);
	assert_non_null(r->m);
	assert_int_equal(hv_pci_plug(r->pci, &r->fn, 1, NULL), 0);
	fake_cfg_write(&r->b, 1, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	r->cap = fake_cap(&r->b, 1, PCI_CAP_ID_MSIX, 0);
	*state = r;
	return 0;
}

static int teardown(void **state)
{
	struct rig *r = *state;

	hv_msix_free(r->m);
	hv_pci_unplug(&r->fn);
	hv_pci_destroy(&r->fn);
	fake_board_destroy(&r->b);
	free(r);
	return 0;
}

static void control(struct rig *r, uint16_t value)
{
	fake_cfg_write(&r->b, 1, r->cap + PCI_MSIX_FLAGS, 2, value);
}

static void set_entry(struct rig *r, unsigned int n, uint32_t data, uint32_t mask)
{
	fake_write(&r->b, ENTRY(n, PCI_MSIX_ENTRY_LOWER_ADDR), 4, 0xfee00000);
	fake_write(&r->b, ENTRY(n, PCI_MSIX_ENTRY_UPPER_ADDR), 4, 0);
	fake_write(&r->b, ENTRY(n, PCI_MSIX_ENTRY_DATA), 4, data);
	fake_write(&r->b, ENTRY(n, PCI_MSIX_ENTRY_VECTOR_CTRL), 4, mask);
}

static void fire(struct rig *r, unsigned int n)
{
	assert_int_equal(eventfd_write(hv_msix_fd(r->m, n), 1), 0);
}

static uint64_t pending(struct rig *r, unsigned int word)
{
	return fake_read(&r->b, AT + PBA + 8 * word, 8);
}

static void the_capability_says_where_all_is(void **state)
{
	struct rig *r = *state;

	assert_int_equal(fake_cfg(&r->b, 1, r->cap + PCI_MSIX_FLAGS, 2), VECTORS - 1);
	assert_int_equal(fake_cfg(&r->b, 1, r->cap + PCI_MSIX_TABLE, 4), TABLE);
	assert_int_equal(fake_cfg(&r->b, 1, r->cap + PCI_MSIX_PBA, 4), PBA);
	control(r, 0xffff);
	assert_int_equal(fake_cfg(&r->b, 1, r->cap + PCI_MSIX_FLAGS, 2), 0xc000 | (VECTORS - 1));
	/* Every vector begins masked. */
	assert_int_equal(fake_read(&r->b, ENTRY(69, PCI_MSIX_ENTRY_VECTOR_CTRL), 4), 1);
	assert_int_equal(hv_msix_fd(r->m, VECTORS), -1);
	assert_true(hv_msix_fd(r->m, 3) == hv_msix_fd(r->m, 3));
}

static void the_table_takes_words_only(void **state)
{
	struct rig *r = *state;

	fake_write(&r->b, ENTRY(2, 0), 8, 0x11223344fee01003);
	assert_true(fake_read(&r->b, ENTRY(2, 0), 8) == 0x11223344fee01000);
	fake_write(&r->b, ENTRY(2, 8), 8, 0x55);
	assert_int_equal(fake_read(&r->b, ENTRY(2, 8), 4), 0x55);
	assert_int_equal(fake_read(&r->b, ENTRY(2, 12), 4), 0);
	fake_write(&r->b, ENTRY(2, 8), 1, 1);
	fake_write(&r->b, ENTRY(2, 10), 4, 1);
	assert_int_equal(fake_read(&r->b, ENTRY(2, 8), 4), 0x55);
	assert_int_equal(fake_read(&r->b, ENTRY(2, 10), 2), 0xffff);
	fake_write(&r->b, AT + PBA, 8, UINT64_MAX);
	assert_true(pending(r, 0) == 0);
	/* The words beyond the last vector are no register. */
	assert_true(pending(r, 2) == 0);
	assert_false(hv_msix_owns(r->m, TABLE + 16 * VECTORS));
	assert_false(hv_msix_owns(r->m, TABLE - 1));
}

static void a_message_is_sent(void **state)
{
	struct rig *r = *state;

	hv_msix_on_mask(r->m, hook, r);
	control(r, ON | PCI_MSIX_FLAGS_MASKALL);
	set_entry(r, 69, 0x41, 0);
	assert_int_equal(r->hooked, 0);
	control(r, ON);
	assert_true(r->hooked == 1 && r->hook_vector == 69 && !r->hook_masked);
	assert_int_equal(fake_board_bound(&r->b), 1);
	fire(r, 69);
	assert_int_equal(fake_board_sent(&r->b, 0x41), 1);
	/* The table's message may change, and is sent from then on (an affinity). */
	fake_write(&r->b, ENTRY(69, PCI_MSIX_ENTRY_DATA), 4, 0x42);
	fire(r, 69);
	assert_int_equal(fake_board_sent(&r->b, 0x42), 2);
	fake_write(&r->b, ENTRY(69, PCI_MSIX_ENTRY_VECTOR_CTRL), 4, 1);
	assert_true(r->hooked == 2 && r->hook_masked);
	assert_int_equal(fake_board_bound(&r->b), 0);
}

static void masked_messages_wait(void **state)
{
	struct rig *r = *state;

	control(r, ON);
	set_entry(r, 65, 0x41, 1);
	fire(r, 65);
	fire(r, 65);
	assert_int_equal(fake_board_sent(&r->b, 0x41), 0);
	assert_true(pending(r, 0) == 0 && pending(r, 1) == 2);
	assert_int_equal(fake_read(&r->b, AT + PBA + 8, 4), 2);
	fake_write(&r->b, ENTRY(65, PCI_MSIX_ENTRY_VECTOR_CTRL), 4, 0);
	assert_int_equal(fake_board_sent(&r->b, 0x41), 1);
	assert_true(pending(r, 1) == 0);
	/* Once only: nothing is left of it for the next time. */
	fake_write(&r->b, ENTRY(65, PCI_MSIX_ENTRY_VECTOR_CTRL), 4, 1);
	assert_true(pending(r, 1) == 0);
	fake_write(&r->b, ENTRY(65, PCI_MSIX_ENTRY_VECTOR_CTRL), 4, 0);
	assert_int_equal(fake_board_sent(&r->b, 0x41), 1);
	/* The function's mask does the same. */
	control(r, ON | PCI_MSIX_FLAGS_MASKALL);
	fire(r, 65);
	assert_true(pending(r, 1) == 2);
	control(r, ON);
	assert_int_equal(fake_board_sent(&r->b, 0x41), 2);
}

static void what_came_while_it_was_off_is_no_message(void **state)
{
	struct rig *r = *state;

	fire(r, 0);
	set_entry(r, 0, 0x41, 0);
	control(r, ON);
	assert_int_equal(fake_board_sent(&r->b, 0x41), 0);
	control(r, 0);
	assert_int_equal(fake_board_bound(&r->b), 0);
	fire(r, 0);
	hv_msix_reset(r->m);
	control(r, ON);
	assert_true(pending(r, 0) == 0);
	assert_int_equal(fake_read(&r->b, ENTRY(0, PCI_MSIX_ENTRY_VECTOR_CTRL), 4), 1);
	assert_int_equal(fake_read(&r->b, ENTRY(0, PCI_MSIX_ENTRY_DATA), 4), 0);
}

static void what_does_not_fit_is_refused(void **state)
{
	struct rig *r = *state;
	struct err e = {0};

	assert_null(hv_msix_new(&r->fn, 0, 0, TABLE, PBA, &e));
	assert_null(hv_msix_new(&r->fn, HV_MSIX_MAX + 1, 0, TABLE, PBA, &e));
	assert_null(hv_msix_new(&r->fn, 4, 0, 0x3fd0, PBA, &e));
	assert_null(hv_msix_new(&r->fn, 4, 0, TABLE, 0x4000, &e));
	assert_null(hv_msix_new(&r->fn, 4, 0, TABLE + 4, PBA, &e));
	assert_null(hv_msix_new(&r->fn, 4, 2, TABLE, PBA, &e));
	assert_non_null(strstr(e.text, "MSI-X"));
}

static void pending_survives_a_snapshot(void **state)
{
	struct rig *r = *state;
	struct hv_out out = {0};
	struct err e = {0};

	control(r, ON);
	set_entry(r, 1, 0x41, 1);
	set_entry(r, 2, 0x42, 0);
	fire(r, 1);
	hv_msix_save(r->m, &out);
	hv_msix_reset(r->m);
	control(r, ON);
	assert_true(pending(r, 0) == 0);
	for (size_t len = 0; len < out.len; len++) {
		struct hv_in cut = {out.buf, len, false};

		assert_int_equal(hv_msix_load(r->m, &cut, &e), -EINVAL);
	}
	struct hv_in in = {out.buf, out.len, false};
	assert_int_equal(hv_msix_load(r->m, &in, NULL), 0);
	assert_int_equal(hv_in_end(&in, "msix", NULL), 0);
	assert_true(pending(r, 0) == 2);
	assert_int_equal(fake_board_bound(&r->b), 1);
	fire(r, 2);
	assert_int_equal(fake_board_sent(&r->b, 0x42), 1);
	fake_write(&r->b, ENTRY(1, PCI_MSIX_ENTRY_VECTOR_CTRL), 4, 0);
	assert_int_equal(fake_board_sent(&r->b, 0x41), 1);
	out.buf[0]++;
	in = (struct hv_in){out.buf, out.len, false};
	assert_int_equal(hv_msix_load(r->m, &in, &e), -EINVAL);
	assert_non_null(strstr(e.text, "vectors"));
	hv_out_free(&out);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_capability_says_where_all_is),
		TEST(the_table_takes_words_only),
		TEST(a_message_is_sent),
		TEST(masked_messages_wait),
		TEST(what_came_while_it_was_off_is_no_message),
		TEST(what_does_not_fit_is_refused),
		TEST(pending_survives_a_snapshot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
