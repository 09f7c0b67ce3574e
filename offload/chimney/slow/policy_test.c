/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/slow/policy.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

static struct chim_policy policy;

static int parse(const char *text, struct err *e)
{
	json_t *bridge = json_loads(text, JSON_DECODE_ANY, NULL);
	int rc;

	assert_non_null(bridge);
	rc = chim_policy_parse(bridge, &policy, e);
	json_decref(bridge);
	return rc;
}

static struct chim_facts facts_of(const char *remote, uint16_t local_port, uint16_t remote_port)
{
	struct chim_facts f = {.bytes = 1000, .rtt_us = 500, .age_ms = 100};

	f.tuple.v6 = strchr(remote, ':') != NULL;
	assert_int_equal(inet_pton(f.tuple.v6 ? AF_INET6 : AF_INET, remote, f.tuple.remote), 1);
	f.tuple.local_port = htons(local_port);
	f.tuple.remote_port = htons(remote_port);
	return f;
}

static enum chim_refusal why(const char *conf, const struct chim_facts *f)
{
	assert_int_equal(parse(conf, NULL), 0);
	return chim_policy_decide(&policy, f, 0).why;
}

static void defaults(void **state)
{
	struct chim_facts f = facts_of("192.0.2.1", 40000, 3260),
			  g = facts_of("2001:db8::1", 1, 65535);

	f.bytes = f.rtt_us = f.age_ms = 0;
	assert_int_equal(why("{}", &f), CHIM_REFUSE_NONE);
	assert_int_equal(why("{}", &g), CHIM_REFUSE_NONE);
	assert_int_equal(policy.max, 10000);
	assert_int_equal(why("{\"chimney\": false}", &f), CHIM_REFUSE_POLICY);
	assert_int_equal(why("{\"chimney-max\": 0}", &f), CHIM_REFUSE_POLICY);
}

static void ports(void **state)
{
	struct chim_facts f = facts_of("192.0.2.1", 40000, 3260);

	assert_int_equal(why("{\"chimney-ports\": \"3260\"}", &f), CHIM_REFUSE_NONE);
	assert_int_equal(why("{\"chimney-ports\": \"80,39999-40001\"}", &f), CHIM_REFUSE_NONE);
	assert_int_equal(why("{\"chimney-ports\": \"80,3261-39999\"}", &f), CHIM_REFUSE_POLICY);
	assert_int_equal(why("{\"chimney-ports\": \"\"}", &f), CHIM_REFUSE_POLICY);
}

static void addresses(void **state)
{
	static const struct {
		const char *nets, *peer;
		bool in;
	} t[] = {
		{"192.0.2.0/24", "192.0.2.255", true},
		{"192.0.2.0/24", "192.0.3.0", false},
		{"192.0.2.64/26", "192.0.2.127", true},
		{"192.0.2.64/26", "192.0.2.128", false},
		{"192.0.2.9/32", "192.0.2.9", true},
		{"192.0.2.9/32", "192.0.2.8", false},
		{"0.0.0.0/0", "8.8.8.8", true},
		{"0.0.0.0/0", "::1", false},
		{"::/0", "8.8.8.8", false},
		{"2001:db8::/33", "2001:db8:7fff::1", true},
		{"2001:db8::/33", "2001:db8:8000::1", false},
		{"10.0.0.0/8,2001:db8::1/128", "2001:db8::1", true},
		{"10.0.0.0/8,2001:db8::1/128", "2001:db8::2", false},
		{"192.0.2.77/24", "192.0.2.1", true}, /* bits behind the length mean nothing */
	};

	for (unsigned int i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct chim_facts f = facts_of(t[i].peer, 1, 2);
		char conf[128];

		snprintf(conf, sizeof(conf), "{\"chimney-addresses\": \"%s\"}", t[i].nets);
		assert_int_equal(why(conf, &f), t[i].in ? CHIM_REFUSE_NONE : CHIM_REFUSE_POLICY);
	}
}

static void hints(void **state)
{
	struct chim_facts f = facts_of("192.0.2.1", 1, 2);
	struct chim_verdict v;

	assert_int_equal(why("{\"chimney-min-age\": 101}", &f), CHIM_REFUSE_TOO_YOUNG);
	v = chim_policy_decide(&policy, &f, 0);
	assert_int_equal(v.retry_ms, 1);
	assert_int_equal(v.retry_bytes, 0);
	assert_int_equal(why("{\"chimney-min-age\": 100}", &f), CHIM_REFUSE_NONE);
	assert_int_equal(why("{\"chimney-min-bytes\": 5000000000}", &f), CHIM_REFUSE_TOO_FEW_BYTES);
	v = chim_policy_decide(&policy, &f, 0);
	assert_int_equal(v.retry_bytes, 4999999000);
	assert_int_equal(v.retry_ms, 0);
	assert_int_equal(why("{\"chimney-min-bytes\": 1000}", &f), CHIM_REFUSE_NONE);
	assert_int_equal(why("{\"chimney\": false}", &f), CHIM_REFUSE_POLICY);
	v = chim_policy_decide(&policy, &f, 0);
	assert_int_equal(v.retry_ms, 0);
	assert_int_equal(v.retry_bytes, 0);
}

static void round_trips(void **state)
{
	struct chim_facts f = facts_of("192.0.2.1", 1, 2);

	assert_int_equal(why("{\"chimney-min-rtt\": 500, \"chimney-max-rtt\": 500}", &f),
			 CHIM_REFUSE_NONE);
	assert_int_equal(why("{\"chimney-min-rtt\": 501}", &f), CHIM_REFUSE_RTT);
	assert_int_equal(why("{\"chimney-max-rtt\": 499}", &f), CHIM_REFUSE_RTT);
	assert_true(chim_policy_decide(&policy, &f, 0).retry_ms > 0);
}

static void limit(void **state)
{
	struct chim_facts f = facts_of("192.0.2.1", 1, 2);

	assert_int_equal(why("{\"chimney-max\": 3}", &f), CHIM_REFUSE_NONE);
	assert_int_equal(chim_policy_decide(&policy, &f, 2).why, CHIM_REFUSE_NONE);
	assert_int_equal(chim_policy_decide(&policy, &f, 3).why, CHIM_REFUSE_LIMIT);
	assert_true(chim_policy_decide(&policy, &f, 3).retry_ms > 0);
}

static void contradictions(void **state)
{
	struct err e = {0};
	char many[2048] = "{\"chimney-addresses\": \"10.0.0.0/8";

	assert_int_equal(parse("{\"chimney-max\": 7}", NULL), 0);
	assert_int_equal(parse("{\"chimney-min-rtt\": 2, \"chimney-max-rtt\": 1}", &e), -EINVAL);
	assert_string_equal(e.path, "/chimney-min-rtt");
	for (int i = 0; i < CHIM_POLICY_NETS; i++)
		strcat(many, ",10.0.0.0/8");
	strcat(many, "\"}");
	assert_int_equal(parse(many, &e), -EINVAL);
	assert_string_equal(e.path, "/chimney-addresses");
	assert_int_equal(parse("{\"chimney-ports\": \"0\"}", &e), -EINVAL);
	assert_int_equal(parse("{\"chimney-addresses\": \"10.0.0.0/33\"}", &e), -EINVAL);
	assert_int_equal(parse("{\"chimney-addresses\": \"\"}", &e), -EINVAL);
	/* As it was. */
	assert_int_equal(policy.max, 7);
}

static enum chim_upload keep(uint64_t idle_ms, uint64_t segs, uint64_t retrans)
{
	const struct chim_activity a = {.idle_ms = idle_ms, .segs_out = segs, .retrans = retrans};

	return chim_policy_keep(&policy, &a);
}

static void kept(void **state)
{
	assert_int_equal(parse("{}", NULL), 0);
	assert_int_equal(keep(1u << 31, 1000, 1000), CHIM_UPLOAD_NONE);
	assert_int_equal(parse("{\"chimney-idle\": 2, \"chimney-max-loss\": 10}", NULL), 0);
	assert_int_equal(keep(1999, 1000, 100), CHIM_UPLOAD_NONE);
	assert_int_equal(keep(2000, 1000, 100), CHIM_UPLOAD_LOW_ACTIVITY);
	assert_int_equal(keep(0, 1000, 101), CHIM_UPLOAD_HIGH_DROP_RATE);
	assert_int_equal(keep(0, 99, 99), CHIM_UPLOAD_NONE);
}

static enum chim_upload keep_reordered(uint64_t in, uint64_t late_in, uint64_t out,
				       uint64_t late_out)
{
	const struct chim_activity a = {.in = {.segs = in, .reordered = late_in},
					.out = {.segs = out, .reordered = late_out}};

	return chim_policy_keep(&policy, &a);
}

static void kept_reordered(void **state)
{
	assert_int_equal(parse("{}", NULL), 0);
	assert_false(chim_policy_watches(&policy));
	assert_int_equal(keep_reordered(1000, 1000, 1000, 1000), CHIM_UPLOAD_NONE);
	assert_int_equal(parse("{\"chimney-max-reordering\": 3}", NULL), 0);
	assert_true(chim_policy_watches(&policy));
	assert_int_equal(keep_reordered(1000, 30, 100, 3), CHIM_UPLOAD_NONE);
	assert_int_equal(keep_reordered(1000, 31, 0, 0), CHIM_UPLOAD_REORDERING);
	assert_int_equal(keep_reordered(1000, 0, 100, 4), CHIM_UPLOAD_REORDERING);
	/* 3 % of 199 are 5.97. */
	assert_int_equal(keep_reordered(199, 5, 0, 0), CHIM_UPLOAD_NONE);
	assert_int_equal(keep_reordered(199, 6, 0, 0), CHIM_UPLOAD_REORDERING);
	/* Each direction by itself, and only if there was enough. */
	assert_int_equal(keep_reordered(99, 99, 99, 99), CHIM_UPLOAD_NONE);
}

static enum chim_upload keep_written(uint64_t in, uint64_t pushes_in, uint64_t out,
				     uint64_t pushes_out)
{
	const struct chim_activity a = {.in = {.bytes = in, .pushes = pushes_in},
					.out = {.bytes = out, .pushes = pushes_out}};

	return chim_policy_keep(&policy, &a);
}

static void kept_small(void **state)
{
	assert_int_equal(parse("{}", NULL), 0);
	assert_int_equal(keep_written(1, 1000, 1, 1000), CHIM_UPLOAD_NONE);
	assert_int_equal(parse("{\"chimney-min-io\": 1000}", NULL), 0);
	assert_true(chim_policy_watches(&policy));
	assert_int_equal(keep_written(49999, 50, 49999, 50), CHIM_UPLOAD_SMALL_IO);
	assert_int_equal(keep_written(50000, 50, 49999, 50), CHIM_UPLOAD_NONE);
	assert_int_equal(keep_written(49999, 50, 50000, 50), CHIM_UPLOAD_NONE);
	assert_int_equal(keep_written(48999, 49, 49999, 50), CHIM_UPLOAD_NONE);
	/* One way only. */
	assert_int_equal(keep_written(0, 0, 99999, 100), CHIM_UPLOAD_SMALL_IO);
	/* A long piece that has not ended yet. */
	assert_int_equal(keep_written(100000, 0, 99999, 100), CHIM_UPLOAD_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults),	  cmocka_unit_test(ports),
		cmocka_unit_test(addresses),	  cmocka_unit_test(hints),
		cmocka_unit_test(round_trips),	  cmocka_unit_test(limit),
		cmocka_unit_test(contradictions), cmocka_unit_test(kept),
		cmocka_unit_test(kept_reordered), cmocka_unit_test(kept_small),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
