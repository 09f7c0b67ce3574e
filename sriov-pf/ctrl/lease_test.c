/* SPDX-License-Identifier: BSD-3-Clause */
#include "sriov-pf/ctrl/lease.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define PF "0000:01:00.0"

static struct lease *reserve(struct lease_table *t, unsigned int vf)
{
	struct lease *l = lease_add(t, PF, vf, LEASE_RESERVED, "d", 3, 100, NULL);

	assert_non_null(l);
	return l;
}

static void test_one_at_a_time(void **state)
{
	struct lease_table t = {.boot = "b"};
	struct lease *l = reserve(&t, 1);
	struct err e = {0};

	assert_null(lease_add(&t, PF, 1, LEASE_RESERVED, "x", 3, 100, &e));
	assert_int_equal(e.code, -EBUSY);
	assert_non_null(strstr(e.text, "'d'"));
	assert_ptr_equal(lease_find(&t, PF, 1), l);
	assert_null(lease_find(&t, PF, 0));
	assert_null(lease_find(&t, "0000:02:00.0", 1));
	lease_drop(&t, l);
	assert_null(lease_find(&t, PF, 1));
	lease_table_clear(&t);
}

static void test_epochs_never_repeat(void **state)
{
	struct lease_table t = {.boot = "b"};
	uint64_t last = 0;

	for (int i = 0; i < 100; i++) {
		struct lease *l = reserve(&t, 0);

		assert_true(l->epoch > last);
		last = l->epoch;
		assert_int_equal(lease_is(l, last, NULL), 0);
		assert_int_equal(lease_is(l, last - 1 ? last - 1 : last + 1, NULL), -ESTALE);
		lease_drop(&t, l);
	}
	lease_table_clear(&t);
}

/* All pairs of states, against the picture of the header. */
static void test_ways(void **state)
{
	static const char ok[LEASE_STATES][LEASE_STATES] = {
		[LEASE_RESERVED] = {[LEASE_HELD] = 1, [LEASE_QUARANTINE] = 1},
		[LEASE_HELD] = {[LEASE_RELEASING] = 1, [LEASE_QUARANTINE] = 1},
		[LEASE_RELEASING] = {[LEASE_HELD] = 1, [LEASE_QUARANTINE] = 1},
		[LEASE_PREPARED] = {[LEASE_QUARANTINE] = 1},
		[LEASE_QUARANTINE] = {[LEASE_UNUSABLE] = 1},
		[LEASE_UNUSABLE] = {[LEASE_QUARANTINE] = 1},
	};

	for (int from = 0; from < LEASE_STATES; from++) {
		for (int to = 0; to < LEASE_STATES; to++) {
			struct lease l = {.state = (enum lease_state)from, .since = 1};
			int ret = lease_move(&l, (enum lease_state)to, "why", 2, NULL);

			assert_int_equal(ret, ok[from][to] ? 0 : -EINVAL);
			assert_int_equal(l.state, ok[from][to] ? to : from);
			assert_int_equal(l.since, ok[from][to] ? 2 : 1);
		}
	}
}

static void test_there_and_back(void **state)
{
	struct lease_table t = {.boot = "b"}, same = {.boot = "b"}, later = {.boot = "c"};
	struct lease *l = reserve(&t, 1);
	json_t *json;

	reserve(&t, 7);
	l->pid = 42;
	l->start = 4711;
	strcpy(l->nic, "net0");
	assert_int_equal(lease_move(l, LEASE_HELD, NULL, 101, NULL), 0);
	json = lease_table_json(&t);
	assert_int_equal(lease_table_parse(&same, json, NULL), 0);
	assert_int_equal(same.leases, 2);
	assert_int_equal(same.epoch, 2);
	assert_memory_equal(same.lease[0], t.lease[0], sizeof(*l));
	assert_memory_equal(same.lease[1], t.lease[1], sizeof(*l));
	/* After a reboot nobody holds anything, and old epochs stay old. */
	assert_int_equal(lease_table_parse(&later, json, NULL), 0);
	assert_int_equal(later.leases, 0);
	assert_int_equal(later.epoch, 2);
	json_decref(json);
	lease_table_clear(&t);
	lease_table_clear(&same);
	lease_table_clear(&later);
}

static void refused(json_t *json)
{
	struct lease_table t = {.boot = "b"};
	struct err e = {0};

	assert_int_equal(lease_table_parse(&t, json, &e), -EINVAL);
	assert_int_equal(t.leases, 0);
	json_decref(json);
}

static json_t *table_with(const char *key, json_t *value)
{
	struct lease_table t = {.boot = "b"};
	json_t *json;

	reserve(&t, 1);
	json = lease_table_json(&t);
	if (value)
		json_object_set_new(json_array_get(json_object_get(json, "leases"), 0), key, value);
	lease_table_clear(&t);
	return json;
}

static void test_damaged(void **state)
{
	json_t *twice = table_with(NULL, NULL);
	json_t *list = json_object_get(twice, "leases");

	json_array_append(list, json_array_get(list, 0));
	refused(twice);
	refused(json_object());
	refused(json_array());
	refused(table_with("vf", json_integer(-1)));
	refused(table_with("vf", json_integer(PF_VFS_MAX)));
	refused(table_with("epoch", json_integer(0)));
	refused(table_with("pid", json_integer(1ll << 40)));
	refused(table_with("state", json_string("mine")));
	refused(table_with("guest", json_string("a-name-that-is-much-longer-than-it-may-be")));
	refused(table_with("pf", json_null()));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_at_a_time), cmocka_unit_test(test_epochs_never_repeat),
		cmocka_unit_test(test_ways),	      cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
