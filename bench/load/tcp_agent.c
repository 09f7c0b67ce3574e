/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `flue-bench __tcp`: one end of a TCP load. Requests:
 *	listen {address, cc}                       → {port}
 *	accept {connections}                       → {}
 *	connect {address, port, connections, cc}   → {}
 *	window {send, begin_ns, end_ns}            → what went through between the two points
 *	stop                                       → {sent, received, retransmits}, once settled
 *	totals                                     → the same, at once
 */
#include "base/clock.h"
#include "base/json.h"
#include "bench/load/agent.h"
#include "bench/load/flow.h"
#include "bench/load/load.h"
#include "bench/load/tcp.h"
#include "bench/load/tcp_socket.h"

#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LINK_FD = 3, CONNECT_MS = 5000, STILL_MS = 5000 };

struct end {
	struct flow_gate gate;
	struct flow flows[FLOWS_MAX];
	size_t n;
	int listener;
};

struct totals {
	uint64_t sent[FLOWS_MAX], received[FLOWS_MAX], retransmits, at_ns, cpu_ns;
};

static uint64_t cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void read_totals(struct end *end, struct totals *t)
{
	t->at_ns = clock_now_ns();
	t->cpu_ns = cpu_ns();
	t->retransmits = 0;
	for (size_t i = 0; i < end->n; i++) {
		t->sent[i] = end->flows[i].sent;
		t->received[i] = end->flows[i].received;
		t->retransmits += flow_info(&end->flows[i]).retransmits;
	}
}

/* A connection that broke, or 0 with nothing said. */
static int broken(struct end *end, struct err *e)
{
	for (size_t i = 0; i < end->n; i++) {
		if (end->flows[i].error)
			return err_set(e, -end->flows[i].error, "connection %zu broke: %s", i + 1,
				       strerror(end->flows[i].error));
		if (end->flows[i].closed)
			return err_set(e, -EPIPE, "connection %zu was closed by the other end",
				       i + 1);
	}
	return 0;
}

static int adopt(struct end *end, int fd, struct err *e)
{
	int ret = flow_start(&end->flows[end->n], &end->gate, fd);

	if (ret)
		return err_set(e, ret, "no threads for a connection: %s", strerror(-ret));
	end->n++;
	return 0;
}

static int do_connect(struct end *end, const json_t *request, bool accept, struct err *e)
{
	int64_t wanted = json_get_int(request, "connections", 1);
	int ret = 0;

	if (wanted < 1 || wanted > FLOWS_MAX)
		return err_set(e, -EINVAL, "1 to %d connections, not %lld", FLOWS_MAX,
			       (long long)wanted);
	while (!ret && end->n < (size_t)wanted) {
		int fd = accept ? tcp_socket_accept(end->listener, CONNECT_MS, e)
				: tcp_socket_connect(json_get_str(request, "address", ""),
						     (uint16_t)json_get_int(request, "port", 0),
						     json_get_str(request, "cc", NULL), CONNECT_MS,
						     e);

		ret = fd < 0 ? fd : adopt(end, fd, e);
	}
	return ret;
}

/* Until `at_ns`, or until flue-bench has something else to say. */
static int sleep_until(uint64_t at_ns, struct err *e)
{
	for (;;) {
		uint64_t now = clock_now_ns(), left = at_ns > now ? at_ns - now : 0;
		struct timespec wait = {.tv_sec = (time_t)(left / 1000000000),
					.tv_nsec = (long)(left % 1000000000)};
		struct pollfd p = {.fd = LINK_FD, .events = POLLIN};

		if (!left)
			return 0;
		if (ppoll(&p, 1, &wait, NULL) > 0)
			return err_set(e, -EINTR, "the window was cut short");
	}
}

static json_t *differences(const uint64_t *now, const uint64_t *before, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, json_integer((json_int_t)(now[i] - before[i])));
	return list;
}

static json_t *report(struct end *end, const struct totals *now, const struct totals *before)
{
	struct flow_info info = end->n ? flow_info(&end->flows[0]) : (struct flow_info){0};

	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o}", "begin_ns",
			 (json_int_t)before->at_ns, "end_ns", (json_int_t)now->at_ns, "cpu_ns",
			 (json_int_t)(now->cpu_ns - before->cpu_ns), "retransmits",
			 (json_int_t)(now->retransmits - before->retransmits), "rtt_us",
			 (json_int_t)info.rtt_us, "mss_bytes", (json_int_t)info.mss_bytes, "sent",
			 differences(now->sent, before->sent, end->n), "received",
			 differences(now->received, before->received, end->n));
}

static json_t *do_window(struct end *end, const json_t *request, struct err *e)
{
	struct totals before, now;

	if (broken(end, e))
		return NULL;
	flow_gate_send(&end->gate, json_get_bool(request, "send", false));
	if (sleep_until((uint64_t)json_get_int(request, "begin_ns", 0), e))
		return NULL;
	read_totals(end, &before);
	if (sleep_until((uint64_t)json_get_int(request, "end_ns", 0), e))
		return NULL;
	read_totals(end, &now);
	return broken(end, e) ? NULL : report(end, &now, &before);
}

static json_t *do_totals(struct end *end, struct err *e)
{
	static const struct totals nothing;
	struct totals now;

	read_totals(end, &now);
	return broken(end, e) ? NULL : report(end, &now, &nothing);
}

static uint64_t pending(const struct end *end)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < end->n; i++)
		bytes += flow_pending(&end->flows[i]);
	return bytes;
}

/* Sends no more, and waits until the other end has acknowledged everything, which takes seconds
 * where buffers are large and the path is slow. */
static json_t *do_stop(struct end *end, struct err *e)
{
	uint64_t begin_ns = clock_now_ns(), moved_ns = begin_ns, now;
	uint64_t left, was = UINT64_MAX, sent, last = 0;

	flow_gate_send(&end->gate, false);
	for (;;) {
		left = pending(end);
		sent = 0;
		for (size_t i = 0; i < end->n; i++)
			sent += end->flows[i].sent;
		/* A sender may be in the middle of a write when the gate closes. */
		if (!left && sent == last)
			return do_totals(end, e);
		if (broken(end, e))
			return NULL;
		now = clock_now_ns();
		if (left != was)
			moved_ns = now;
		if (now > begin_ns + TCP_SETTLE_MS * 1000000ull ||
		    now > moved_ns + STILL_MS * 1000000ull) {
			err_set(e, -ETIMEDOUT,
				"%llu bytes are not acknowledged, %llu s after the end and %llu s "
				"after the last",
				(unsigned long long)left,
				(unsigned long long)((now - begin_ns) / 1000000000),
				(unsigned long long)((now - moved_ns) / 1000000000));
			return NULL;
		}
		was = left;
		last = sent;
		poll(NULL, 0, 5);
	}
}

static json_t *answer(void *arg, const json_t *request)
{
	const char *what = json_get_str(request, "do", "");
	struct end *end = arg;
	struct err e = {0};
	json_t *reply = NULL;
	uint16_t port;

	if (!strcmp(what, "listen")) {
		end->listener = tcp_socket_listen(json_get_str(request, "address", ""),
						  json_get_str(request, "cc", NULL), &port, &e);
		reply = end->listener < 0 ? NULL : json_pack("{s:i}", "port", port);
	} else if (!strcmp(what, "accept") || !strcmp(what, "connect")) {
		reply = do_connect(end, request, *what == 'a', &e) ? NULL : json_object();
	} else if (!strcmp(what, "window")) {
		reply = do_window(end, request, &e);
	} else if (!strcmp(what, "stop")) {
		reply = do_stop(end, &e);
	} else if (!strcmp(what, "totals")) {
		reply = do_totals(end, &e);
	} else {
		err_set(&e, -EINVAL, "no request '%s'", what);
	}
	return reply || !e.code ? reply : agent_error(&e);
}

int tcp_main(int argc, char **argv)
{
	static struct end end = {.listener = -1};
	int ret;

	flow_gate_init(&end.gate);
	ret = agent_serve(LINK_FD, answer, &end);
	flow_gate_end(&end.gate);
	for (size_t i = 0; i < end.n; i++)
		flow_stop(&end.flows[i]);
	if (end.listener >= 0)
		close(end.listener);
	return ret ? 1 : 0;
}
