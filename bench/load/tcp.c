/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/load/tcp.h"

#include "base/clock.h"
#include "base/json.h"
#include "bench/load/flow.h"
#include "bench/load/pair.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

enum { BALANCE_MS = 2000 };

struct tcp {
	struct agent_pair pair;
	bool both_ways;
};

int tcp_start(const struct tcp_spec *spec, struct tcp **out, struct err *e)
{
	struct tcp *t = calloc(1, sizeof(*t));
	int ret;

	if (!t)
		return err_set(e, -ENOMEM, "out of memory");
	t->both_ways = spec->both_ways;
	ret = pair_start(&t->pair, spec->name, &(struct pair_side){"__tcp", "tcp-a", &spec->a},
			 &(struct pair_side){"__tcp", "tcp-b", &spec->b}, e);
	if (!ret)
		ret = pair_connect(&t->pair, spec->b.address, spec->cc,
				   json_pack("{s:i}", "connections", (int)spec->connections),
				   json_pack("{s:i}", "connections", (int)spec->connections), e);
	if (ret) {
		tcp_stop(t);
		return ret;
	}
	*out = t;
	return 0;
}

void tcp_stop(struct tcp *t)
{
	if (!t)
		return;
	pair_stop(&t->pair);
	free(t);
}

int tcp_freeze(struct tcp *t, bool freeze, struct err *e)
{
	return pair_freeze(&t->pair, freeze, e);
}

static json_t *window_request(const struct window *w, bool send)
{
	return json_pack("{s:s, s:b, s:I, s:I}", "do", "window", "send", (int)send, "begin_ns",
			 (json_int_t)w->begin_ns, "end_ns", (json_int_t)w->end_ns);
}

/* Bytes a second that one end received, its connections appended to `rates`. */
static double rate_of(const json_t *report, double *rates, size_t *n)
{
	double seconds =
		(double)(json_get_int(report, "end_ns", 0) - json_get_int(report, "begin_ns", 0)) /
		1e9;
	double sum = 0;
	size_t i;
	json_t *bytes;

	json_array_foreach (json_object_get(report, "received"), i, bytes) {
		if (*n >= 2 * FLOWS_MAX || seconds <= 0)
			break;
		rates[*n] = (double)json_integer_value(bytes) / seconds;
		sum += rates[(*n)++];
	}
	return sum;
}

static uint64_t sum_of(const json_t *report, const char *key)
{
	uint64_t sum = 0;
	size_t i;
	json_t *value;

	json_array_foreach (json_object_get(report, key), i, value)
		sum += (uint64_t)json_integer_value(value);
	return sum;
}

/* What one end sent since the beginning is what the other received. What is acknowledged may still
 * lie in the receiving kernel, so this waits for the receiver's program. */
static int balance(struct tcp *t, struct tcp_result *r, struct err *e)
{
	uint64_t deadline = clock_now_ns() + BALANCE_MS * 1000000ull;

	for (;;) {
		json_t *a = NULL, *b = NULL;
		uint64_t sent, received;
		int ret = agent_ask(t->pair.a, json_pack("{s:s}", "do", "totals"), PAIR_ASK_MS, &a,
				    e);

		if (!ret)
			ret = agent_ask(t->pair.b, json_pack("{s:s}", "do", "totals"), PAIR_ASK_MS,
					&b, e);
		sent = sum_of(a, "sent") + sum_of(b, "sent");
		received = sum_of(a, "received") + sum_of(b, "received");
		json_decref(a);
		json_decref(b);
		if (ret || sent == received)
			return ret;
		if (clock_now_ns() > deadline) {
			snprintf(r->why, sizeof(r->why), "%llu bytes sent, %llu received",
				 (unsigned long long)sent, (unsigned long long)received);
			return 0;
		}
		poll(NULL, 0, 5);
	}
}

static bool kept(const struct window *w, const json_t *report)
{
	return window_kept(w, (uint64_t)json_get_int(report, "begin_ns", 0),
			   (uint64_t)json_get_int(report, "end_ns", 0));
}

/* All that a window is made of, once both ends have reported. */
static void evaluate(const struct window *w, const json_t *a, const json_t *b, struct tcp_result *r,
		     bool both)
{
	double rates[2 * FLOWS_MAX], bytes;
	size_t n = 0;

	bytes = rate_of(b, rates, &n);
	if (both)
		bytes += rate_of(a, rates, &n);
	r->goodput = bytes * 8;
	r->fairness = tcp_fairness(rates, n);
	r->retransmits =
		(uint64_t)(json_get_int(a, "retransmits", 0) + json_get_int(b, "retransmits", 0));
	r->a_cpu = (double)json_get_int(a, "cpu_ns", 0) / 1e9;
	r->b_cpu = (double)json_get_int(b, "cpu_ns", 0) / 1e9;
	if (bytes > 0)
		r->cpu_per_gbyte = r->seen.machine_cpu / r->seen.seconds / (bytes / 1e9);
	else
		snprintf(r->why, sizeof(r->why), "not a byte came within the window");
	if (!kept(w, a) || !kept(w, b))
		snprintf(r->why, sizeof(r->why),
			 "an end of the load did not run when the window began or ended");
}

/* The window itself: both ends are at work when this is called. */
static int watch(struct tcp *t, const struct window *w, struct tcp_result *r, struct err *e)
{
	unsigned int patience =
		(unsigned int)((w->warmup_seconds + w->seconds) * 1000) + PAIR_ASK_MS;
	struct err e_a = {0}, e_b = {0};
	json_t *a = NULL, *b = NULL;
	int waited = window_wait(w, &r->seen);

	if (waited) {
		/* Any request ends a window early. */
		agent_tell(t->pair.a, json_pack("{s:s}", "do", "totals"), &e_a);
		agent_tell(t->pair.b, json_pack("{s:s}", "do", "totals"), &e_b);
	}
	e_a.code = agent_hear(t->pair.a, patience, &a, &e_a);
	e_b.code = agent_hear(t->pair.b, patience, &b, &e_b);
	if (waited) {
		json_decref(a);
		json_decref(b);
		a = b = NULL;
		e_a.code = agent_hear(t->pair.a, patience, &a, &e_a);
		e_b.code = agent_hear(t->pair.b, patience, &b, &e_b);
		snprintf(r->why, sizeof(r->why), "%s", window_why(waited));
	} else if (!e_a.code && !e_b.code) {
		evaluate(w, a, b, r, t->both_ways);
		r->raw = json_pack("{s:O, s:O}", "a", a, "b", b);
	}
	json_decref(a);
	json_decref(b);
	if (e_a.code || e_b.code)
		return err_set(e, e_a.code ? e_a.code : e_b.code, "%s",
			       e_a.code ? e_a.text : e_b.text);
	return 0;
}

static int stop_sending(struct tcp *t, struct err *e)
{
	const unsigned int most_ms = TCP_SETTLE_MS + PAIR_ASK_MS;
	int ret = agent_ask(t->pair.a, json_pack("{s:s}", "do", "stop"), most_ms, NULL, e);

	if (!ret && t->both_ways)
		ret = agent_ask(t->pair.b, json_pack("{s:s}", "do", "stop"), most_ms, NULL, e);
	return ret;
}

int tcp_run(struct tcp *t, struct window *w, struct tcp_result *r, struct err *e)
{
	struct err settle = {0};
	int ret, stopped;

	*r = (struct tcp_result){0};
	window_plan(w);
	ret = agent_tell(t->pair.b, window_request(w, t->both_ways), e);
	if (!ret)
		ret = agent_tell(t->pair.a, window_request(w, true), e);
	if (!ret)
		ret = watch(t, w, r, e);
	stopped = stop_sending(t, &settle);
	if (ret)
		return ret;
	if (stopped == -ETIMEDOUT) {
		snprintf(r->why, sizeof(r->why), "%.150s", settle.text);
		return 0;
	}
	if (stopped)
		return err_set(e, stopped, "%s", settle.text);
	return r->why[0] ? 0 : balance(t, r, e);
}

void tcp_result_clear(struct tcp_result *r)
{
	json_decref(r->raw);
	r->raw = NULL;
}
