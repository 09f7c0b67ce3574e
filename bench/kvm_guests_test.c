/* SPDX-License-Identifier: BSD-3-Clause */
/* What is said to micro-guests and what they say. */
#include "bench/kvm_guests.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct wiring wiring = {.n_ports = 2, .mtu = 1500};
static char words[1024];

static void two_cards_in_one_guest(void **state)
{
	const struct kvm_guests k = {.wiring = &wiring, .cpus = 1};
	const struct traffic_trial t = {.frame_bytes = 64,
					.flows = 5,
					.both_ways = true,
					.pps = 3e6,
					.seconds = 0.4,
					.settle_seconds = 0.2,
					.content = true};

	assert_int_equal(kvm_guests_number(&k), 1);
	kvm_guests_words(&k, &t, 0, words, sizeof(words));
	assert_string_equal(
		words,
		"role=both,both mac=02:10:00:00:00:01,02:11:00:00:00:01 "
		"dst=02:11:00:00:00:01,02:10:00:00:00:01 flows=5 seconds=0.400000 "
		"settle=0.200000 wait=20 rings=split check=64 mtu=1500 size=64 rate=1500000");
}

static void a_guest_for_each_port(void **state)
{
	const struct kvm_guests k = {
		.wiring = &wiring, .cpus = 6, .packed = true, .buffers = TRAFFIC_ONE};
	const struct traffic_trial t = {.frame_bytes = TRAFFIC_UNIT, .flows = 1, .seconds = 1};

	assert_int_equal(kvm_guests_number(&k), 2);
	kvm_guests_words(&k, &t, 0, words, sizeof(words));
	assert_non_null(strstr(words, "role=generator mac=02:10:00:00:00:01 "
				      "dst=02:11:00:00:00:01 "));
	assert_non_null(strstr(words, "rings=packed check=0 mtu=1500 tso=64k buffer=65536"));
	assert_null(strstr(words, "rate="));
	kvm_guests_words(&k, &t, 1, words, sizeof(words));
	assert_non_null(strstr(words, "role=sink mac=02:11:00:00:00:01 "));
}

static void adds_up_what_they_say(void **state)
{
	struct traffic_result r = {0};
	struct err e = {0};

	assert_int_equal(
		kvm_guests_add(
			"info: a back end is there\n{\"microguest\":1,\"sending_ns\":400000000,"
			"\"busy_permille\":900,\"cards\":[{\"offered\":10,\"sent\":8,"
			"\"refused\":2,\"received\":7,\"late_ns\":5,\"gap_ns\":9},"
			"{\"offered\":0,\"received\":8,\"corrupt\":1,\"stray\":2,"
			"\"duplicated\":3,\"reordered\":4,\"late_ns\":4}]}\ninfo: the end",
			&r, &e),
		0);
	assert_int_equal(
		kvm_guests_add(
			"{\"microguest\":1,\"sending_ns\":300000000,\"cards\":[{\"sent\":1}]}", &r,
			&e),
		0);
	assert_int_equal(r.offered, 10);
	assert_int_equal(r.sent, 9);
	assert_int_equal(r.refused, 2);
	assert_int_equal(r.received, 15);
	assert_int_equal(r.corrupt, 1);
	assert_int_equal(r.stray, 2);
	assert_int_equal(r.duplicated, 3);
	assert_int_equal(r.reordered, 4);
	assert_int_equal(r.late_ns, 5);
	assert_int_equal(r.gap_ns, 9);
	assert_true(r.seconds > 0.399 && r.seconds < 0.401);
	assert_true(r.busy > 0.899 && r.busy < 0.901);
}

static void passes_on_what_went_wrong(void **state)
{
	struct traffic_result r = {0};
	struct err e = {0};

	assert_int_equal(kvm_guests_add("{\"microguest\":1,\"error\":\"no memory\"}\n", &r, &e),
			 -EIO);
	assert_string_equal(e.text, "a micro-guest says: no memory");
	assert_int_equal(kvm_guests_add("flue-vm: no such file", &r, &e), -EIO);
	assert_int_equal(kvm_guests_add("{\"microguest\":1,\"cards\":[{\"sent\":", &r, &e), -EIO);
}

static void refuses_what_guests_do_not_do(void **state)
{
	struct err e = {0};

	assert_int_equal(kvm_guests_can(64, TRAFFIC_MIXED, TRAFFIC_IN_ORDER, &e), 0);
	assert_int_equal(kvm_guests_can(TRAFFIC_UNIT, TRAFFIC_ONE, TRAFFIC_PACKED, &e), 0);
	assert_int_equal(kvm_guests_can(TRAFFIC_IMIX, TRAFFIC_MIXED, TRAFFIC_PACKED, &e), -EINVAL);
	assert_int_equal(kvm_guests_can(64, TRAFFIC_2K, TRAFFIC_PACKED, &e), -EINVAL);
	assert_int_equal(kvm_guests_can(64, TRAFFIC_ONE, TRAFFIC_VECTOR, &e), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_cards_in_one_guest),
		cmocka_unit_test(a_guest_for_each_port),
		cmocka_unit_test(adds_up_what_they_say),
		cmocka_unit_test(passes_on_what_went_wrong),
		cmocka_unit_test(refuses_what_guests_do_not_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
