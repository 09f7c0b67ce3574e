/* SPDX-License-Identifier: BSD-3-Clause */
/* What the scenarios host and iscsi decide without a system. */
#include "bench/cells.h"
#include "bench/chimney.h"
#include "bench/ends.h"
#include "bench/path.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

extern const struct scenario scenario_host, scenario_iscsi, scenario_rr;

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

static void test_cpu(void **state)
{
	struct window kernel = {0}, procs = {.system_cpu_ns = (uint64_t(*)(void *))1};
	struct window_seen seen = {.machine_cpu = 2.0, .system_cpu = 1.0};

	assert_true(ends_cpu_busy(&kernel, &seen) == 2.0);
	assert_true(ends_cpu_busy(&procs, &seen) < 0); /* it cannot tell */
	seen.system_busy = 0.25;
	assert_true(ends_cpu_busy(&procs, &seen) == 1.25);
	seen.system_busy = 1.5; /* it was kept from running meanwhile */
	assert_true(ends_cpu_busy(&procs, &seen) == 2.0);
}

static json_t *chimney_params(const char *chimney, const char *upload, const char *loss,
			      const char *rtt)
{
	return json_pack("{s:s,s:s,s:s,s:s,s:s,s:s}", "mtu", "1500", "tso", "on", "chimney",
			 chimney, "upload", upload, "loss", loss, "rtt", rtt);
}

static void test_chimney_wire(void **state)
{
	struct cell cell = {&scenario_rr, chimney_params("none", "0", "0", "0")};
	struct wiring w;
	struct err e = {0};

	assert_int_equal(scenario_rr.wire(&cell, &w, &e), 0);
	assert_false(w.chimney);
	assert_string_equal(w.ports[0].impair, "");
	json_decref(cell.params);
	cell.params = chimney_params("a", "50", "1", "20");
	assert_int_equal(scenario_rr.wire(&cell, &w, &e), 0);
	assert_true(w.chimney);
	assert_string_equal(w.ports[0].impair, "");
	assert_string_equal(w.ports[1].impair, "loss 1% delay 20ms");
	json_decref(cell.params);
	cell.params = chimney_params("none", "0", "0", "2.5");
	assert_int_equal(scenario_rr.wire(&cell, &w, &e), 0);
	assert_string_equal(w.ports[1].impair, "delay 2.5ms");
	json_decref(cell.params);
	/* It would not be delayed at all. */
	cell.params = chimney_params("both", "0", "0", "5");
	assert_int_equal(scenario_rr.wire(&cell, &w, &e), -EINVAL);
	json_decref(cell.params);
	cell.params = chimney_params("b", "0", "1", "0");
	assert_int_equal(scenario_rr.wire(&cell, &w, &e), -EINVAL);
	assert_non_null(strstr(e.text, "chimney a does"));
	json_decref(cell.params);
	cell.params = chimney_params("none", "50", "0", "0");
	assert_int_equal(scenario_rr.wire(&cell, &w, &e), -EINVAL);
	json_decref(cell.params);
}

static void wrong(const struct chimney *c, const struct system_chimney *after, const char *want)
{
	char why[160] = "";

	assert_int_equal(chimney_wrong(c, after, why, sizeof(why)), want != NULL);
	if (want)
		assert_non_null(strstr(why, want));
}

static void test_chimney_wrong(void **state)
{
	struct system_chimney after = {2, 2, 0, 0, "refused: no_path 1", {0}, {0}};
	struct chimney c = {.a = true, .expected = 2, .before = {2, 2, 0, 0, "", {0}, {0}}};

	wrong(&c, &after, NULL);
	c.before.connections = 1;
	wrong(&c, &after, "1 of 2 connections were with the switch; refused: no_path");
	c.before.connections = 2;
	after.connections = 1;
	wrong(&c, &after, "1 of 2 connections are");
	after = (struct system_chimney){2, 3, 1, 0, "", {0}, {0}};
	wrong(&c, &after, "1 connections went back"); /* and came again: not all the time */
	c.upload_ms = 50;
	wrong(&c, &after, NULL);
	after.connections = 0; /* on its way, at this very moment */
	wrong(&c, &after, NULL);
	after.uploaded = 0;
	wrong(&c, &after, "nothing was given back");
	after.uploaded = 1;
	after.lost = 1;
	wrong(&c, &after, "lost");
}

static void test_ceiling(void **state)
{
	char *plain[] = {"mtu", "1500"}, *both[] = {"chimney", "none,both"};
	static struct cells cells;
	struct err e = {0};

	assert_int_equal(cells_make(&scenario_host, plain, 2, &cells, &e), 0);
	assert_true(cells_at_default(&cells, "chimney"));
	assert_false(cells_at_default(&cells, "nonsense"));
	cells_free(&cells);
	assert_int_equal(cells_make(&scenario_host, both, 2, &cells, &e), 0);
	assert_false(cells_at_default(&cells, "chimney"));
	assert_true(cells_at_default(&cells, "mtu"));
	cells_free(&cells);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_split),	      cmocka_unit_test(test_wire),
		cmocka_unit_test(test_data_digest),   cmocka_unit_test(test_path),
		cmocka_unit_test(test_cpu),	      cmocka_unit_test(test_chimney_wire),
		cmocka_unit_test(test_chimney_wrong), cmocka_unit_test(test_ceiling),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
