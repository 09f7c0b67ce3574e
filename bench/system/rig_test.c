/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/system/rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void processors(void **state)
{
	char text[512];
	struct wiring w = {.control_cpus = 1, .worker_cpus = 2};

	rig_cpu_list(0, text, sizeof(text));
	assert_string_equal(text, "");
	rig_cpu_list(1ull << 63 | 5, text, sizeof(text));
	assert_string_equal(text, "0,2,63");
	rig_lcores(&w, text, sizeof(text));
	assert_string_equal(text, "0@(0),1@1");
	w = (struct wiring){.control_cpus = 3, .worker_cpus = 0xc};
	rig_lcores(&w, text, sizeof(text));
	assert_string_equal(text, "0@(0,1),1@2,2@3");
}

static void arguments(void **state)
{
	struct rig_args a = {0};

	rig_arg(&a, "one");
	rig_arg(&a, "--two=%d", 2);
	assert_int_equal(a.n, 2);
	assert_string_equal(a.of[0], "one");
	assert_string_equal(a.of[1], "--two=2");
	assert_null(a.of[2]);
}

static void list(void **state)
{
	for (size_t i = 0; bench_systems[i]; i++) {
		const struct bench_system *s = bench_systems[i];
		assert_ptr_equal(system_find(s->name), s);
		assert_true(s->what && s->version && s->can && s->start);
	}
	assert_null(system_find("none"));
}

/* Who can do what, and that it is said why not. */
static void refusals(void **state)
{
	struct wiring w = {.n_ports = 2, .mtu = 1500};
	struct err e = {0};
	struct rig *rig;

	for (int i = 0; i < 2; i++)
		w.ports[i] = (struct wire_port){.kind = PORT_HOST, .mtu = 1500};
	assert_int_equal(system_flue.can(&w, &e), 0);
	assert_int_equal(system_linux_bridge.can(&w, &e), 0);
	assert_int_equal(system_veth.can(&w, &e), 0);
	assert_int_equal(system_testpmd.can(&w, &e), -ENOTSUP);
	assert_non_null(strstr(e.text, "vhost"));
	w.chimney = true;
	assert_int_equal(rig_start(&system_linux_bridge, "x", &w, &rig, &e), -ENOTSUP);
	assert_non_null(strstr(e.text, "linux-bridge:chimney=none"));
	w.chimney = false;
	strcpy(w.ports[1].impair, "loss 1%");
	assert_int_equal(rig_start(&system_veth, "x", &w, &rig, &e), -ENOTSUP);
	assert_non_null(strstr(e.text, "lose"));
	w.ports[1].impair[0] = 0;
	assert_int_equal(system_mirror.can(&w, &e), -ENOTSUP);
	/* Nothing is started when it cannot be. */
	assert_int_equal(rig_start(&system_ovs_dpdk, "x", &w, &rig, &e), -ENOTSUP);
	assert_null(rig);
	assert_non_null(strstr(e.text, "huge pages"));

	w.ports[1].kind = PORT_VHOST;
	assert_int_equal(system_flue.can(&w, &e), 0);
	assert_int_equal(rig_start(&system_linux_bridge, "x", &w, &rig, &e), -ENOTSUP);
	assert_non_null(strstr(e.text, "linux-bridge: the kernel has no vhost-user ports"));
	w.ports[0].kind = PORT_VHOST;
	assert_int_equal(system_mirror.can(&w, &e), 0);
	w.ports[0].guest_serves = true;
	assert_int_equal(system_mirror.can(&w, &e), -ENOTSUP);
	w.n_ports = 3;
	assert_int_equal(system_testpmd.can(&w, &e), -ENOTSUP);
	w.n_ports = 1;
	assert_int_equal(system_flue.can(&w, &e), -ENOTSUP);
	w.n_ports = WIRE_PORTS + 1;
	assert_int_equal(system_flue.can(&w, &e), -ENOTSUP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(processors),
		cmocka_unit_test(arguments),
		cmocka_unit_test(list),
		cmocka_unit_test(refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
