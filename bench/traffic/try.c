/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * bench-traffic-try SPEC TRIAL...: starts a generator as SPEC says, teaches, runs the trials one
 * after another and prints each one's result as a line of JSON. Both are JSON as in proto.h;
 * "teach":false in a trial leaves the teaching out. It is also the generator and the mirror
 * themselves, as flue-bench is.
 */
#include "bench/traffic/proto.h"
#include "bench/traffic/traffic.h"

#include "base/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int fail(const struct err *e)
{
	fprintf(stderr, "bench-traffic-try: %s\n", e->text);
	return EXIT_FAILURE;
}

static int one(struct traffic *t, const char *text, struct err *e)
{
	json_t *json = json_loads(text, 0, NULL), *out;
	struct traffic_result r = {0};
	struct traffic_trial trial;
	int ret = proto_trial(json, &trial, e);

	if (ret == 0 && json_get_bool(json, "teach", true) && trial.pattern == TRAFFIC_PAIRS)
		ret = traffic_teach(t, &trial, e);
	json_decref(json);
	if (ret == 0)
		ret = traffic_run(t, &trial, &r, e);
	if (ret != 0)
		return ret;
	out = proto_result_json(&r);
	traffic_result_clear(&r);
	json_dumpf(out, stdout, JSON_COMPACT);
	putchar('\n');
	fflush(stdout);
	json_decref(out);
	return 0;
}

int main(int argc, char **argv)
{
	struct traffic_spec spec;
	struct traffic *t = NULL;
	struct err e = {0};
	json_t *json;
	int ret;

	if (argc > 1 && strcmp(argv[1], "__traffic") == 0)
		return traffic_main(argc - 1, argv + 1);
	if (argc > 1 && strcmp(argv[1], "__mirror") == 0)
		return mirror_main(argc - 1, argv + 1);
	if (argc < 3) {
		fputs("usage: bench-traffic-try SPEC TRIAL...\n", stderr);
		return 2;
	}
	json = json_loads(argv[1], 0, NULL);
	ret = proto_spec(json, &spec, &e);
	if (ret == 0)
		ret = traffic_start(&spec, &t, &e);
	if (ret == 0)
		ret = traffic_ready(t, 30000, &e);
	for (int i = 2; ret == 0 && i < argc; i++)
		ret = one(t, argv[i], &e);
	traffic_stop(t);
	json_decref(json);
	return ret == 0 ? EXIT_SUCCESS : fail(&e);
}
