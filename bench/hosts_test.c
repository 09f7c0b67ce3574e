/* SPDX-License-Identifier: BSD-3-Clause */
/* What the scenarios host and iscsi decide without a system. */
#include "bench/ends.h"
#include "bench/path.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

extern const struct scenario scenario_host, scenario_iscsi;

static void split(uint64_t load, uint64_t worker, bool has_worker, uint64_t want_a, uint64_t want_b)
{
	uint64_t a, b;

	ends_split(load, worker, has_worker, &a, &b);
	assert_int_equal(a, want_a);
	assert_int_equal(b, want_b);
}

static void test_split(void **state)
{
	split(1, 2, true, 1, 1);
	split(1, 2, false, 1, 2);
	split(0x7, 0x8, true, 0x1, 0x6);
	split(0x7, 0x8, false, 0x3, 0xc);
	split(1ull << 63, 1, false, 1, 1ull << 63);
}

static void test_wire(void **state)
{
	json_t *params = json_pack("{s:s,s:s,s:s}", "mtu", "9000", "tso", "on", "gro", "off");
	struct cell cell = {&scenario_host, params};
	struct wiring w;
	struct err e;

	assert_int_equal(scenario_host.wire(&cell, &w, &e), 0);
	assert_int_equal(w.n_ports, 2);
	assert_int_equal(w.mtu, 9000);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(w.ports[i].kind, PORT_HOST);
		assert_int_equal(w.ports[i].mtu, 9000);
		assert_true(w.ports[i].tso);
		assert_false(w.ports[i].gro);
	}
	json_decref(params);
}

static void test_data_digest(void **state)
{
	json_t *params = json_pack("{s:s,s:s,s:s}", "mtu", "1500", "tso", "on", "digest", "data");
	struct cell cell = {&scenario_iscsi, params};
	struct wiring w;
	struct err e = {0};

	assert_int_equal(scenario_iscsi.wire(&cell, &w, &e), -ENOTSUP);
	assert_non_null(strstr(e.text, "digest header"));
	json_object_set_new(params, "digest", json_string("header"));
	assert_int_equal(scenario_iscsi.wire(&cell, &w, &e), 0);
	json_decref(params);
}

static void test_path(void **state)
{
	struct probe_result r = {.state = PROBE_CLEAR,
				 .interface_mtu = 9000,
				 .asked = 9000,
				 .forward = 9000,
				 .forward_exact = true,
				 .backward = 9000};
	struct err e = {0};

	assert_int_equal(path_judge("10.0.0.2", &r, &e), 0);
	r.state = PROBE_BLACK_HOLE;
	r.black_hole = true;
	r.forward = r.backward = 1500;
	r.fails = 1501;
	assert_int_equal(path_judge("10.0.0.2", &r, &e), -EMSGSIZE);
	assert_non_null(strstr(e.text, "carries 1500 bytes, and the interface sends 9000"));
	assert_non_null(strstr(e.text, "vanish in silence"));
	r.state = PROBE_TOLD;
	r.black_hole = false;
	assert_int_equal(path_judge("10.0.0.2", &r, &e), -EMSGSIZE);
	assert_null(strstr(e.text, "vanish"));
	r.state = PROBE_SMALLER_BACK;
	r.forward = 9000;
	assert_int_equal(path_judge("10.0.0.2", &r, &e), -EMSGSIZE);
	assert_non_null(strstr(e.text, "back are cut at 1500"));
	r.state = PROBE_UNREACHABLE;
	assert_int_equal(path_judge("10.0.0.2", &r, &e), -EHOSTUNREACH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_wire),
		cmocka_unit_test(test_data_digest),
		cmocka_unit_test(test_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
