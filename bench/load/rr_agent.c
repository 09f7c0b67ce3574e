/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `flue-bench __rr`: one end of a load of requests and answers. Requests:
 *	listen {address, cc}                              → {port}
 *	accept {connections, bytes}                       → {}: answers from now on
 *	connect {address, port, connections, bytes, cc}   → {}
 *	ask {begin_ns, end_ns, slice_ns}                  → what was answered between the two points
 *	watch {begin_ns, end_ns}                          → {cpu_ns}
 */
#include "base/clock.h"
#include "base/json.h"
#include "bench/load/agent.h"
#include "bench/load/asker.h"
#include "bench/load/flow.h"
#include "bench/load/load.h"
#include "bench/load/rr.h"
#include "bench/load/tcp_socket.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { LINK_FD = 3, CONNECT_MS = 5000, SILENCE_S = 5 };

struct end {
	int listener;
	int fds[FLOWS_MAX];
	pthread_t servers[FLOWS_MAX];
	size_t n;
	uint32_t bytes;
	bool serves;
};

struct server {
	int fd;
	uint32_t bytes;
};

static uint64_t cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void *serve(void *arg)
{
	struct server s = *(struct server *)arg;

	free(arg);
	asker_answer(s.fd, s.bytes);
	return NULL;
}

static int start_server(struct end *end, size_t i, struct err *e)
{
	struct server *s = malloc(sizeof(*s));
	int ret;

	if (!s)
		return err_set(e, -ENOMEM, "out of memory");
	*s = (struct server){end->fds[i], end->bytes};
	ret = -pthread_create(&end->servers[i], NULL, serve, s);
	if (!ret)
		return 0;
	free(s);
	return err_set(e, ret, "no thread for a connection: %s", strerror(-ret));
}

static int join_ends(struct end *end, const json_t *request, bool accept, struct err *e)
{
	int64_t wanted = json_get_int(request, "connections", 1);
	int64_t bytes = json_get_int(request, "bytes", 1);
	int ret = 0, on = 1;

	if (wanted < 1 || wanted > FLOWS_MAX || bytes < 1 || bytes > RR_BYTES_MAX)
		return err_set(e, -EINVAL, "1 to %d connections and 1 to %d bytes", FLOWS_MAX,
			       RR_BYTES_MAX);
	end->bytes = (uint32_t)bytes;
	end->serves = accept;
	while (!ret && end->n < (size_t)wanted) {
		int fd = accept ? tcp_socket_accept(end->listener, CONNECT_MS, e)
				: tcp_socket_connect(json_get_str(request, "address", ""),
						     (uint16_t)json_get_int(request, "port", 0),
						     json_get_str(request, "cc", NULL), CONNECT_MS,
						     e);

		if (fd < 0)
			return fd;
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		end->fds[end->n] = fd;
		ret = accept ? start_server(end, end->n, e) : 0;
		if (ret)
			close(fd);
		else
			end->n++;
	}
	return ret;
}

/* Until `at_ns`, or until flue-bench has something else to say: then false. */
static bool sleep_until(uint64_t at_ns)
{
	for (;;) {
		uint64_t now = clock_now_ns(), left = at_ns > now ? at_ns - now : 0;
		struct timespec wait = {.tv_sec = (time_t)(left / 1000000000),
					.tv_nsec = (long)(left % 1000000000)};
		struct pollfd p = {.fd = LINK_FD, .events = POLLIN};

		if (!left)
			return true;
		if (ppoll(&p, 1, &wait, NULL) > 0)
			return false;
	}
}

/* CPU time between the two points; false: it was cut short. */
static bool watch_cpu(const json_t *request, uint64_t *used_ns)
{
	uint64_t before;

	if (!sleep_until((uint64_t)json_get_int(request, "begin_ns", 0)))
		return false;
	before = cpu_ns();
	if (!sleep_until((uint64_t)json_get_int(request, "end_ns", 0)))
		return false;
	*used_ns = cpu_ns() - before;
	return true;
}

static void *ask(void *arg)
{
	asker_run(arg);
	return NULL;
}

/* Waits for the threads; those that are silent for too long are cut off. */
static void join_all(struct end *end, struct asker *askers, pthread_t *threads, size_t n, bool now)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += now ? 0 : SILENCE_S;
	for (size_t i = 0; i < n; i++) {
		if (pthread_timedjoin_np(threads[i], NULL, &until) == 0)
			continue;
		shutdown(end->fds[i], SHUT_RDWR);
		pthread_join(threads[i], NULL);
		askers[i].error = now ? EINTR : ETIMEDOUT;
	}
}

static int judge(const struct asker *askers, size_t n, bool whole, struct err *e)
{
	if (!whole)
		return err_set(e, -EINTR, "the window was cut short");
	for (size_t i = 0; i < n; i++) {
		int error = askers[i].error;

		if (error == ETIMEDOUT)
			return err_set(e, -ETIMEDOUT, "connection %zu: no answer for %d s", i + 1,
				       SILENCE_S);
		if (error)
			return err_set(e, error < 0 ? -EPIPE : -error, "connection %zu broke: %s",
				       i + 1,
				       error < 0 ? "the other end closed it" : strerror(error));
	}
	return 0;
}

static json_t *report(const struct asker *askers, size_t n, uint64_t used_ns)
{
	static struct hist latency, worst;
	static uint64_t worst_ns[ASKER_SLICES];
	uint64_t requests = 0;

	hist_reset(&latency);
	hist_reset(&worst);
	memset(worst_ns, 0, sizeof(worst_ns));
	for (size_t i = 0; i < n; i++) {
		asker_add(&askers[i], &latency, worst_ns);
		requests += askers[i].requests;
	}
	for (size_t i = 0; i < ASKER_SLICES; i++)
		if (worst_ns[i])
			hist_add(&worst, worst_ns[i]);
	return json_pack("{s:I, s:I, s:o, s:o}", "requests", (json_int_t)requests, "cpu_ns",
			 (json_int_t)used_ns, "latency", hist_to_json(&latency), "worst",
			 hist_to_json(&worst));
}

static json_t *do_ask(struct end *end, const json_t *request, struct err *e)
{
	struct asker *askers = calloc(end->n ? end->n : 1, sizeof(*askers));
	pthread_t threads[FLOWS_MAX];
	uint64_t used_ns = 0;
	size_t n = 0;
	json_t *reply = NULL;
	bool whole = false;

	if (!askers) {
		err_set(e, -ENOMEM, "out of memory");
		return NULL;
	}
	for (; n < end->n; n++) {
		askers[n] = (struct asker){
			.fd = end->fds[n],
			.bytes = end->bytes,
			.begin_ns = (uint64_t)json_get_int(request, "begin_ns", 0),
			.end_ns = (uint64_t)json_get_int(request, "end_ns", 0),
			.slice_ns = (uint64_t)json_get_int(request, "slice_ns", 0),
		};
		if (pthread_create(&threads[n], NULL, ask, &askers[n]))
			break;
	}
	if (n == end->n)
		whole = watch_cpu(request, &used_ns);
	join_all(end, askers, threads, n, !whole);
	if (!judge(askers, n, whole, e))
		reply = report(askers, n, used_ns);
	free(askers);
	return reply;
}

static json_t *do_watch(const json_t *request, struct err *e)
{
	uint64_t used_ns;

	if (watch_cpu(request, &used_ns))
		return json_pack("{s:I}", "cpu_ns", (json_int_t)used_ns);
	err_set(e, -EINTR, "the window was cut short");
	return NULL;
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
		reply = join_ends(end, request, *what == 'a', &e) ? NULL : json_object();
	} else if (!strcmp(what, "ask")) {
		reply = do_ask(end, request, &e);
	} else if (!strcmp(what, "watch")) {
		reply = do_watch(request, &e);
	} else {
		err_set(&e, -EINVAL, "no request '%s'", what);
	}
	return reply || !e.code ? reply : agent_error(&e);
}

int rr_main(int argc, char **argv)
{
	static struct end end = {.listener = -1};
	int ret = agent_serve(LINK_FD, answer, &end);

	for (size_t i = 0; i < end.n; i++)
		shutdown(end.fds[i], SHUT_RDWR);
	for (size_t i = 0; i < end.n; i++) {
		if (end.serves)
			pthread_join(end.servers[i], NULL);
		close(end.fds[i]);
	}
	if (end.listener >= 0)
		close(end.listener);
	return ret ? 1 : 0;
}
