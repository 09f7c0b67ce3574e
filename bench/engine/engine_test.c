/* SPDX-License-Identifier: BSD-3-Clause */
/* The engine process, asked as flue-bench asks it; and checks that must find what is wrong. */
#include "bench/engine/engine.h"
#include "bench/engine/ops.h"
#include "packet/test_eal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static int line = -1;
static pid_t child;

/* Before this process starts an EAL of its own. */
static void start_child(void)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0)
		exit(1);
	child = fork();
	if (child == 0) {
		close(fds[0]);
		if (fds[1] != 3) {
			dup2(fds[1], 3);
			close(fds[1]);
		}
		exit(engine_main(0, NULL));
	}
	close(fds[1]);
	line = fds[0];
}

static struct engine_case a_case(enum engine_kind kind, const char *system)
{
	struct engine_case c = {kind, "", 65535, 1448, 4, 8, 0.01, 1, false};

	snprintf(c.system, sizeof(c.system), "%s", system);
	return c;
}

static void ask(struct engine_case *c, bool checksums)
{
	struct engine_result r;
	struct err e = {0};

	if (engine_ask(line, c, &r, &e) != 0)
		fail_msg("%s, mss %u, unit %u: %s", c->system, c->mss, c->unit_bytes, e.text);
	assert_true(r.ns_per_segment > 0 && r.cycles_per_segment > 0);
	assert_int_equal(r.checksums, checksums);
	assert_true(r.segments >= r.chunks * c->burst * c->flows * 2);
}

static void figures(void **state)
{
	static const unsigned int units[] = {65535, 16384}, msss[] = {1448, 8948};

	for (int i = 0; i < 4; i++) {
		struct engine_case c;

		for (int kind = ENGINE_SPLIT; kind <= ENGINE_MERGE; kind++) {
			c = a_case(kind, "librte");
			c.unit_bytes = units[i & 1];
			c.mss = msss[i >> 1];
			ask(&c, false);
			strcpy(c.system, "librte+sum");
			ask(&c, true);
		}
		strcpy(c.system, "flue");
		for (int kind = ENGINE_SPLIT; kind <= ENGINE_MERGE; kind++) {
			c.kind = kind;
			c.family = 4;
			c.burst = 8;
			ask(&c, true);
			c.family = 6;
			ask(&c, true);
			c.burst = ENGINE_BURST_MAX;
			ask(&c, true);
		}
	}
}

/* Frames of several flows, and of a device that verifies checksums. */
static void merge_cases(void **state)
{
	for (unsigned int flows = 1; flows <= ENGINE_FLOWS_MAX; flows++) {
		for (int rx_csum = 0; rx_csum < 2; rx_csum++) {
			struct engine_case c = a_case(ENGINE_MERGE, "flue");

			c.unit_bytes = 32 / flows * 1448 + 66;
			c.flows = flows;
			c.rx_csum = rx_csum;
			ask(&c, true);
			strcpy(c.system, "librte+sum");
			ask(&c, true);
			strcpy(c.system, "librte");
			ask(&c, false);
		}
	}
}

static void refused(enum engine_kind kind, const char *system, unsigned int family, int code,
		    const char *why)
{
	struct engine_case c = a_case(kind, system);
	struct engine_result r;
	struct err e = {0};

	c.family = family;
	assert_int_equal(engine_ask(line, &c, &r, &e), code);
	assert_non_null(strstr(e.text, why));
}

static void refusals(void **state)
{
	struct engine_case c = a_case(ENGINE_SPLIT, "flue");
	struct engine_result r;
	struct err e = {0};

	refused(ENGINE_SPLIT, "librte", 6, -ENOTSUP, "IPv6");
	refused(ENGINE_SPLIT, "librte+sum", 6, -ENOTSUP, "IPv6");
	refused(ENGINE_MERGE, "librte", 6, -ENOTSUP, "IPv6");
	refused(ENGINE_SPLIT, "other", 4, -EINVAL, "no system");
	refused(ENGINE_SPLIT, "", 4, -EINVAL, "system");
	refused(ENGINE_SPLIT, "flue", 5, -EINVAL, "family");
	c.kind = ENGINE_MERGE;
	c.flows = 4; /* of 46 segments */
	assert_int_equal(engine_ask(line, &c, &r, &e), -EINVAL);
	assert_non_null(strstr(e.text, "choose a smaller unit"));
	/* And it lives on. */
	c.flows = 1;
	ask(&c, true);
}

static void bad_cases(void **state)
{
	static const char *const changes[] = {
		"{\"engine\":\"x\"}", "{\"mss\":100}",	     "{\"mss\":100000}", "{\"unit\":1500}",
		"{\"unit\":65536}",   "{\"burst\":0}",	     "{\"burst\":65}",	 "{\"seconds\":0}",
		"{\"seconds\":1e9}",  "{\"seconds\":\"1\"}", "{\"flows\":0}",	 "{\"flows\":5}"};
	struct engine_case c = a_case(ENGINE_MERGE, "librte"), back;
	struct err e = {0};
	json_t *json = engine_case_to_json(&c);

	assert_int_equal(engine_case_from_json(json, &back, &e), 0);
	assert_int_equal(back.kind, c.kind);
	assert_string_equal(back.system, c.system);
	assert_true(back.unit_bytes == c.unit_bytes && back.mss == c.mss &&
		    back.family == c.family && back.burst == c.burst && back.seconds == c.seconds &&
		    back.flows == c.flows && back.rx_csum == c.rx_csum);
	for (size_t i = 0; i < RTE_DIM(changes); i++) {
		json_t *bad = json_deep_copy(json), *change = json_loads(changes[i], 0, NULL);

		json_object_update(bad, change);
		assert_int_equal(engine_case_from_json(bad, &back, &e), -EINVAL);
		json_decref(change);
		json_decref(bad);
	}
	assert_int_equal(engine_case_from_json(NULL, &back, &e), -EINVAL);
	json_decref(json);
}

/* A frame with one byte turned, in any place, is found. */
static void check_finds(void **state)
{
	struct engine_case c = a_case(ENGINE_SPLIT, "flue");
	struct rte_mbuf *frames[UNIT_SEGMENTS_MAX];
	struct unit u;
	struct err e = {0};

	for (c.family = 4; c.family <= 6; c.family += 2) {
		assert_int_equal(unit_open(&u, &c, &e), 0);
		assert_int_equal(unit_segments(&u, frames), 0);
		assert_int_equal(unit_check_segments(&u, frames, u.n_segments, true, &e), 0);
		assert_int_equal(unit_check_segments(&u, frames, u.n_segments - 1, true, &e),
				 -EPROTO);
		assert_int_equal(unit_check_whole(&u, frames, u.n_segments, true, &e), -EPROTO);
		for (uint32_t at = 0; at < u.hdr_len + u.mss; at++) {
			bool sum = (c.family == 4 && (at == 24 || at == 25)) ||
				   at == UNIT_L2 + u.l3_len + 16 || at == UNIT_L2 + u.l3_len + 17;

			rte_pktmbuf_mtod(frames[3], uint8_t *)[at] ^= 1;
			assert_int_equal(unit_check_segments(&u, frames, u.n_segments, true, &e),
					 -EPROTO);
			assert_int_equal(unit_check_segments(&u, frames, u.n_segments, false, &e),
					 sum ? 0 : -EPROTO);
			rte_pktmbuf_mtod(frames[3], uint8_t *)[at] ^= 1;
		}
		rte_pktmbuf_trim(frames[1], 1);
		assert_int_equal(unit_check_segments(&u, frames, u.n_segments, true, &e), -EPROTO);
		rte_pktmbuf_free_bulk(frames, u.n_segments);
		unit_close(&u);
	}
}

static int wrong_run(struct rte_mbuf **in, uint16_t n, struct rte_mbuf **out, uint16_t cap)
{
	int made = flue_split.run(in, n, out, cap);

	if (made > 0)
		rte_pktmbuf_mtod(out[made - 1], uint8_t *)[UNIT_L2 + 20 + 7] ^=
			1; /* sequence number */
	return made;
}

static int failing_run(struct rte_mbuf **in, uint16_t n, struct rte_mbuf **out, uint16_t cap)
{
	return -ENOSPC;
}

/* An engine that works wrongly gets no figure. */
static void wrong_engine(void **state)
{
	struct engine_case c = a_case(ENGINE_SPLIT, "flue");
	struct engine_ops ops = flue_split;
	struct engine_result r = {0};
	struct err e = {0};
	struct unit u;

	assert_int_equal(unit_open(&u, &c, &e), 0);
	assert_int_equal(ops.open(&u, &e), 0);
	ops.run = wrong_run;
	assert_int_equal(engine_time(&ops, &u, &c, &r, &e), -EPROTO);
	ops.run = failing_run;
	assert_int_equal(engine_time(&ops, &u, &c, &r, &e), -ENOSPC);
	assert_true(r.ns_per_segment == 0);
	/* librte_gso alone does not have the checksums that would be claimed here. */
	ops = gso_plain;
	assert_int_equal(ops.open(&u, &e), 0);
	ops.checksums = true;
	assert_int_equal(engine_time(&ops, &u, &c, &r, &e), -EPROTO);
	assert_int_equal(rte_mempool_in_use_count(u.heads), 0);
	unit_close(&u);
}

/* The line is closed: the process ends. */
static void ends(void **state)
{
	int status;

	close(line);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bad_cases),	cmocka_unit_test(figures),
		cmocka_unit_test(merge_cases),	cmocka_unit_test(refusals),
		cmocka_unit_test(ends),		cmocka_unit_test(check_finds),
		cmocka_unit_test(wrong_engine),
	};

	start_child();
	test_eal_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
