/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/traffic/proto.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static void lines_come_whole(void **state)
{
	const char two[] = "{\"id\":1}\n{\"id\":";
	struct proto p;
	json_t *msg;
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	proto_init(&p, pair[0]);
	assert_int_equal(proto_receive(&p, 0, &msg), -ETIMEDOUT);
	assert_int_equal(write(pair[1], two, sizeof(two) - 1), sizeof(two) - 1);
	assert_int_equal(proto_receive(&p, 1000, &msg), 0);
	assert_int_equal(json_integer_value(json_object_get(msg, "id")), 1);
	json_decref(msg);
	assert_int_equal(proto_receive(&p, 0, &msg), -ETIMEDOUT);
	assert_int_equal(write(pair[1], "2}\n7\n", 5), 5);
	assert_int_equal(proto_receive(&p, 1000, &msg), 0);
	assert_int_equal(json_integer_value(json_object_get(msg, "id")), 2);
	json_decref(msg);
	assert_int_equal(proto_receive(&p, 1000, &msg), -EBADMSG);
	close(pair[1]);
	assert_int_equal(proto_receive(&p, 1000, &msg), -EPIPE);
	proto_free(&p);
}

static void trials_go_there_and_back(void **state)
{
	const struct traffic_trial trial = {.pattern = TRAFFIC_LEARN,
					    .frame_bytes = TRAFFIC_UNIT,
					    .flows = 100000,
					    .both_ways = true,
					    .pps = 1234567.5,
					    .seconds = 0.25,
					    .settle_seconds = 0.5,
					    .latency = true,
					    .content = true};
	json_t *json = proto_trial_json(&trial);
	struct traffic_trial back;
	struct err e = {0};

	assert_int_equal(proto_trial(json, &back, &e), 0);
	assert_int_equal(back.pattern, trial.pattern);
	assert_int_equal(back.frame_bytes, trial.frame_bytes);
	assert_int_equal(back.flows, trial.flows);
	assert_true(back.both_ways && back.latency && back.content && !back.track);
	assert_true(back.pps == trial.pps && back.seconds == trial.seconds &&
		    back.settle_seconds == trial.settle_seconds);
	json_decref(json);
}

static void impossible_trials(void **state)
{
	static const struct traffic_trial wrong[] = {
		{.frame_bytes = 63, .flows = 1, .seconds = 1},
		{.frame_bytes = 65535, .flows = 1, .seconds = 1},
		{.frame_bytes = 64, .flows = 0, .seconds = 1},
		{.frame_bytes = 64, .flows = 1, .seconds = 0},
		{.frame_bytes = 64, .flows = 1, .seconds = 1, .pps = -1},
		{.frame_bytes = 64, .flows = 1, .seconds = 4000},
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		json_t *json = proto_trial_json(&wrong[i]);
		struct traffic_trial trial;
		struct err e = {0};

		assert_int_equal(proto_trial(json, &trial, &e), -EINVAL);
		assert_true(e.text[0]);
		json_decref(json);
	}
}

static void results_go_there_and_back(void **state)
{
	struct traffic_result r = {.offered = 10,
				   .sent = 9,
				   .refused = 1,
				   .received = 8,
				   .stray = 2,
				   .duplicated = 3,
				   .reordered = 4,
				   .corrupt = 5,
				   .seconds = 0.5,
				   .busy = 0.75,
				   .late_ns = 6,
				   .gap_ns = 7};
	struct traffic_result back;
	struct err e = {0};
	json_t *json;

	r.raw = calloc(1, sizeof(*r.raw));
	r.corrected = calloc(1, sizeof(*r.corrected));
	assert_non_null(r.raw);
	assert_non_null(r.corrected);
	hist_add(r.raw, 1000);
	hist_add(r.corrected, 2000);
	hist_add(r.corrected, 3000);
	json = proto_result_json(&r);
	assert_int_equal(proto_result(json, &back, &e), 0);
	assert_int_equal(back.raw->total, 1);
	assert_int_equal(back.corrected->total, 2);
	assert_int_equal(back.corrected->max, 3000);
	traffic_result_clear(&r);
	traffic_result_clear(&back);
	r.raw = r.corrected = back.raw = back.corrected = NULL;
	assert_memory_equal(&r, &back, sizeof(r));
	json_object_set_new(json, "raw", json_object());
	assert_int_equal(proto_result(json, &back, &e), -EBADMSG);
	assert_int_equal(proto_result(NULL, &back, &e), -EBADMSG);
	json_decref(json);
}

static void specs(void **state)
{
	struct traffic_spec spec = {.name = "x",
				    .n_ports = 2,
				    .cpus = 5,
				    .tso = true,
				    .mtu = 9000,
				    .buffers = TRAFFIC_2K,
				    .rings = TRAFFIC_PACKED};
	struct traffic_spec back;
	struct err e = {0};
	json_t *json;

	spec.ports[0] = (struct traffic_port){"/run/a", true, 2};
	spec.ports[1] = (struct traffic_port){"/run/b", false, 1};
	json = proto_spec_json(&spec);
	assert_int_equal(proto_spec(json, &back, &e), 0);
	assert_string_equal(back.ports[0].socket, "/run/a");
	assert_true(back.ports[0].server && !back.ports[1].server);
	assert_int_equal(back.ports[0].queues, 2);
	assert_int_equal(back.mtu, 9000);
	assert_int_equal(back.cpus, 5);
	assert_int_equal(back.buffers, TRAFFIC_2K);
	assert_int_equal(back.rings, TRAFFIC_PACKED);
	json_object_set_new(json, "buffers", json_string("3k"));
	assert_int_equal(proto_spec(json, &back, &e), -EINVAL);
	json_object_del(json, "buffers");
	assert_int_equal(proto_spec(json, &back, &e), 0);
	assert_int_equal(back.buffers, TRAFFIC_MIXED);
	/* The driver's vectors do not take everything. */
	json_object_set_new(json, "rings", json_string("vector"));
	assert_int_equal(proto_spec(json, &back, &e), -EINVAL);
	json_decref(json);
	spec.ports[1].socket = "/run/a,server=1";
	json = proto_spec_json(&spec);
	assert_int_equal(proto_spec(json, &back, &e), -EINVAL);
	json_decref(json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_come_whole),
		cmocka_unit_test(trials_go_there_and_back),
		cmocka_unit_test(impossible_trials),
		cmocka_unit_test(results_go_there_and_back),
		cmocka_unit_test(specs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
