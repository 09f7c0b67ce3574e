/* SPDX-License-Identifier: BSD-3-Clause */
/* A guest's snapshot, taken apart and put together in ways it must not be. The machine is real, its
 * devices are this test's; nothing runs. */
#include "hv-core/guest_impl.h"

#include "hv-core/state/snap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define MB	 (1ull << 20)
#define SECTIONS 8

/* A device that is one number. */
struct toy {
	struct hv_device dev;
	uint32_t value;
	bool still;
};

static int toy_quiesce(void *self, struct err *e)
{
	((struct toy *)self)->still = true;
	return 0;
}

static void toy_resume(void *self)
{
	((struct toy *)self)->still = false;
}

static void toy_save(void *self, struct hv_out *out)
{
	assert_true(((struct toy *)self)->still);
	hv_out_u32(out, ((struct toy *)self)->value);
}

static int toy_load(void *self, struct hv_in *in, uint32_t version, struct err *e)
{
	((struct toy *)self)->value = hv_in_u32(in);
	return hv_in_end(in, "the toy", e);
}

static const struct hv_device_ops toy_ops = {.kind = "toy",
					     .version = 3,
					     .quiesce = toy_quiesce,
					     .resume = toy_resume,
					     .save = toy_save,
					     .load = toy_load};

struct rig {
	struct guest g;
	struct toy a, b;
};

static void make(struct rig *r, unsigned int mem_mb, unsigned int cpus)
{
	const struct hv_vm_options o = {
		.kvm_fd = -1, .mem_bytes = mem_mb * MB, .page_bytes = 4096, .cpus = cpus};
	struct err e = {0};

	memset(r, 0, sizeof(*r));
	if (hv_vm_create(&r->g.vm, &o, NULL, &e) ||
	    hv_vm_add(&r->g.vm, &r->a.dev, &toy_ops, &r->a, "toy:a", &e) ||
	    hv_vm_add(&r->g.vm, &r->b.dev, &toy_ops, &r->b, "toy:b", &e))
		fail_msg("%s", e.text);
}

/* The sections of a snapshot: board, cpu:0, toy:a, toy:b, two pieces of memory. */
struct piece {
	char id[HV_SNAP_ID];
	uint32_t version;
	uint8_t *payload;
	size_t len;
};

static struct piece piece[SECTIONS];

static int setup(void **state)
{
	FILE *f = tmpfile();
	struct hv_snap_section x;
	struct hv_snap_in *s;
	struct err e = {0};
	struct rig r;
	int n = 0;

	make(&r, 4, 1);
	r.a.value = 11;
	r.b.value = 22;
	memset(r.g.vm.mem.map + MB, 0x5a, 10);
	memset(r.g.vm.mem.map + 3 * MB, 0x5b, 10);
	if (guest_snapshot(&r.g, fileno(f), &e))
		fail_msg("%s", e.text);
	assert_false(r.a.still);
	hv_vm_destroy(&r.g.vm);
	rewind(f);
	assert_int_equal(hv_snap_open(f, &s, &e), 0);
	while (hv_snap_next(s, &x, &e) > 0) {
		struct piece *p = &piece[n++];

		memcpy(p->id, x.id, sizeof(p->id));
		p->version = x.version;
		p->len = x.len;
		p->payload = malloc(x.len);
		memcpy(p->payload, x.payload, x.len);
	}
	hv_snap_close(s);
	fclose(f);
	return n == 6 ? 0 : -1;
}

static int teardown(void **state)
{
	for (int i = 0; i < 6; i++)
		free(piece[i].payload);
	return 0;
}

static void put(struct hv_snap_out *s, const struct piece *p)
{
	hv_snap_section(s, p->id, p->version, p->payload, p->len);
}

/* Restores from the pieces in that order: digits, and other characters for what is made up. */
static int restore(struct rig *r, const char *order, struct err *e)
{
	FILE *f = tmpfile();
	struct hv_snap_out *s = hv_snap_begin(f);

	for (; *order; order++) {
		if (*order == '?')
			hv_snap_section(s, "toy:unknown", 1, "abcd", 4);
		else if (*order == 'v')
			hv_snap_section(s, "toy:a", 4, "abcd", 4);
		else if (*order == '+')
			hv_snap_section(s, "toy:a", 3, "abcde", 5);
		else
			put(s, &piece[*order - '0']);
	}
	assert_int_equal(hv_snap_finish(s, e), 0);
	rewind(f);
	int rc = guest_restore(&r->g, dup(fileno(f)), e);
	fclose(f);
	return rc;
}

static void the_whole_comes_back(void **state)
{
	struct err e = {0};
	struct rig r;

	make(&r, 4, 1);
	if (restore(&r, "012345", &e))
		fail_msg("%s", e.text);
	assert_int_equal(r.a.value, 11);
	assert_int_equal(r.b.value, 22);
	assert_int_equal(r.g.vm.mem.map[MB + 9], 0x5a);
	assert_int_equal(r.g.vm.mem.map[3 * MB], 0x5b);
	hv_vm_destroy(&r.g.vm);
}

static void what_is_not_as_it_was_saved_is_refused(void **state)
{
	static const struct {
		const char *order, *says;
	} bad[] = {
		{"", "lacks the board"},
		{"12345", "begins with cpu:0 instead of the board"},
		{"0", "lacks a processor"},
		{"02345", "toy:a where the state of processor 0 is due"},
		{"041235", "memory where the state of processor 0 is due"},
		{"0012345", "board where the state of processor 0 is due"},
		{"01", "lacks toy:a"},
		{"012", "lacks toy:b"},
		{"013245", "toy:b where this guest has toy:a"},
		{"012245", "toy:a where this guest has toy:b"},
		{"0123345", "toy:b where this guest has no further device"},
		{"0112345", "cpu:0 where this guest has toy:a"},
		{"01?345", "toy:unknown where this guest has toy:a"},
		{"01234?5", "toy:unknown where this guest has no further device"},
		{"012435", "memory where this guest has toy:b"},
		{"0123445", "twice or out of order"},
		{"012354", "twice or out of order"},
		{"01v345", "toy:a in version 4; this flue-vm knows 1 to 3"},
		{"01+345", "toy"},
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct err e = {0};
		struct rig r;

		make(&r, 4, 1);
		assert_true(restore(&r, bad[i].order, &e) < 0);
		if (!strstr(e.text, bad[i].says))
			fail_msg("%s: '%s', not: %s", bad[i].order, e.text, bad[i].says);
		hv_vm_destroy(&r.g.vm);
	}
}

static void another_machine_is_refused(void **state)
{
	struct err e = {0};
	struct rig r;

	make(&r, 8, 1);
	assert_int_equal(restore(&r, "012345", &e), -EINVAL);
	assert_non_null(strstr(e.text, "another machine: 1 processors, 4 MB"));
	hv_vm_destroy(&r.g.vm);
	e = (struct err){0};
	make(&r, 4, 2);
	assert_int_equal(restore(&r, "012345", &e), -EINVAL);
	assert_non_null(strstr(e.text, "another machine"));
	hv_vm_destroy(&r.g.vm);
}

static void what_cannot_be_saved_is_named(void **state)
{
	static const struct hv_device_ops given = {.kind = "given"};
	struct hv_device dev = {0};
	struct err e = {0};
	struct rig r;

	make(&r, 4, 1);
	assert_int_equal(hv_vm_add(&r.g.vm, &dev, &given, &dev, "nic:vf0", &e), 0);
	assert_int_equal(guest_snapshot(&r.g, STDERR_FILENO, &e), -ENOTSUP);
	assert_non_null(strstr(e.text, "nic:vf0"));
	hv_vm_destroy(&r.g.vm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_whole_comes_back),
		cmocka_unit_test(what_is_not_as_it_was_saved_is_refused),
		cmocka_unit_test(another_machine_is_refused),
		cmocka_unit_test(what_cannot_be_saved_is_named),
	};

	if (access("/dev/kvm", R_OK | W_OK)) {
		puts("skip: no /dev/kvm");
		return 77;
	}
	return cmocka_run_group_tests(tests, setup, teardown);
}
