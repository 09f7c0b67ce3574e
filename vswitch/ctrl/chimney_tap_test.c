/* SPDX-License-Identifier: BSD-3-Clause */
/* Main's side of taps, with a lane that this thread polls, and connections that no engine runs. */
#include "vswitch/ctrl/chimney_tap.h"

#include "base/clock.h"
#include "offload/chimney/run/tap.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cmocka.h>

enum { LINKS = 12 };

static struct ctrl ctrl;
static struct chimney chimney;
static struct worker worker;
static struct pkt_worker pkt_worker;
static struct chim_app app;
static struct chim_link *links[LINKS + 1];
static uint64_t caller;

static int answered; /* 1: with a result; negative: with that errno; 0: not yet */

/* Stand in for the control socket's (meson.build). */
uint64_t __wrap_rpc_server_caller(const struct rpc_server *s);
uint64_t __wrap_rpc_server_caller(const struct rpc_server *s)
{
	return caller;
}

void __wrap_rpc_reply_result(struct rpc_reply *r, json_t *result);
void __wrap_rpc_reply_result(struct rpc_reply *r, json_t *result)
{
	assert_int_equal(answered, 0);
	assert_ptr_equal(r, &answered);
	answered = 1;
	json_decref(result);
}

void __wrap_rpc_reply_error(struct rpc_reply *r, const struct err *e);
void __wrap_rpc_reply_error(struct rpc_reply *r, const struct err *e)
{
	assert_int_equal(answered, 0);
	assert_ptr_equal(r, &answered);
	assert_true(e->code < 0 && e->text[0]);
	answered = e->code;
}

/* The worker's turn, and then main's. */
static void turn(void)
{
	chim_lane_poll(chimney.lanes[0], &pkt_worker, NULL, clock_now_ns());
	chimney_take_mail(&chimney);
}

static struct chim_link *add_link(uint32_t i, uint16_t port)
{
	struct chim_link *l = calloc(1, sizeof(*l));
	struct chim_tuple *t = &l->taken.tuple;

	l->chimney = &chimney;
	l->app = &app;
	l->number = i;
	l->phase = CHIM_RUNNING;
	l->sock = open("/dev/null", O_RDONLY);
	l->conn.lane = chimney.lanes[0];
	l->conn.mem.fd = -1;
	l->conn.event_fd = eventfd(0, 0);
	l->conn.slot = &app.client.slots[i];
	inet_pton(AF_INET, "10.0.0.1", t->local);
	inet_pton(AF_INET, "10.0.0.2", t->remote);
	t->local_port = htons(port);
	t->remote_port = htons((uint16_t)(1000 + i));
	TAILQ_INSERT_TAIL(&chimney.links, l, list);
	chimney.n_links++;
	app.refs++;
	links[i] = l;
	return l;
}

static int setup(void **state)
{
	const struct chim_lane_conf conf = {
		.max_conns = 4, .clients = &chimney.clients, .says = &chimney.says};
	struct chim_lane_conf with_fd = conf;
	struct err e;

	memset(&chimney, 0, sizeof(chimney));
	memset(&app, 0, sizeof(app));
	app.refs = 1;
	app.chimney = &chimney;
	TAILQ_INIT(&chimney.links);
	worker.wake_fd = eventfd(0, EFD_NONBLOCK);
	chimney.says_fd = eventfd(0, EFD_NONBLOCK);
	with_fd.says_fd = chimney.says_fd;
	chimney.ctrl = &ctrl;
	chimney.lanes[0] = chim_lane_new(&with_fd, &e);
	assert_non_null(chimney.lanes[0]);
	ctrl.workers = &worker;
	ctrl.n_workers = 1;
	ctrl.chimney = &chimney;
	strcpy(ctrl.ports[1].port.name, "p1");
	ctrl.ports[1].used = true;
	for (uint32_t i = 0; i < LINKS; i++)
		add_link(i, (uint16_t)(80 + i));
	return 0;
}

static void stop_link(uint32_t i)
{
	links[i]->phase = CHIM_ENDING;
	chimney_ask(links[i], CHIM_ASK_STOP);
	turn();
	links[i] = NULL;
}

static int teardown(void **state)
{
	for (uint32_t i = 0; i <= LINKS; i++)
		if (links[i])
			stop_link(i);
	chimney_tap_fini(&chimney);
	assert_int_equal(app.refs, 1);
	chim_lane_free(chimney.lanes[0]);
	close(chimney.says_fd);
	close(worker.wake_fd);
	return 0;
}

/* As that client. */
static void begin_with(uint64_t who, json_t *params)
{
	caller = who;
	answered = 0;
	tap_start(&ctrl, params, (struct rpc_reply *)&answered);
	json_decref(params);
}

/* errno's negative, or 0: it has begun. */
static int start_with(uint64_t who, json_t *params)
{
	begin_with(who, params);
	turn();
	assert_int_not_equal(answered, 0);
	return answered < 0 ? answered : 0;
}

static int start(uint64_t who, uint32_t link)
{
	char local[64], remote[64];

	chimney_ends(&links[link]->taken.tuple, local, remote);
	return start_with(who, json_pack("{s:s}", "local", local));
}

static void stop(uint64_t who)
{
	bool tapped = false;

	for (uint32_t i = 0; i <= LINKS; i++)
		tapped |= links[i] && links[i]->watch;
	caller = who;
	answered = 0;
	tap_stop(&ctrl, NULL, (struct rpc_reply *)&answered);
	assert_true(tapped || answered == 1);
	turn();
	assert_int_equal(answered, 1);
}

/* Frames pass the connection. */
static void frames(const struct chim_link *l, uint32_t n)
{
	uint8_t bytes[64] = {2};
	struct rte_mbuf m = {
		.buf_addr = bytes, .data_len = sizeof(bytes), .pkt_len = sizeof(bytes)};

	while (n-- > 0)
		chim_tap_put(l->conn.tap, &m, true, 0);
}

static json_t *read_as(uint64_t who)
{
	struct err e = {0};

	caller = who;
	return tap_read(&ctrl, NULL, &e);
}

/* How many frames there are to read, and what is said beside them. */
static void reads(uint64_t who, size_t n, bool running, bool more, const char *end, const char *why)
{
	json_t *answer = read_as(who);

	assert_int_equal(json_array_size(json_object_get(answer, "frames")), n);
	assert_int_equal(json_get_bool(answer, "running", !running), running);
	assert_int_equal(json_get_bool(answer, "more", !more), more);
	assert_string_equal(json_get_str(answer, "end", ""), end);
	assert_string_equal(json_get_str(answer, "why", ""), why);
	json_decref(answer);
}

static void what_passes_is_read(void **state)
{
	json_t *answer;
	const json_t *frame;

	assert_int_equal(start(7, 3), 0);
	assert_non_null(links[3]->conn.tap);
	assert_null(links[2]->conn.tap);
	frames(links[3], 1);
	answer = read_as(7);
	frame = json_array_get(json_object_get(answer, "frames"), 0);
	assert_true(json_get_int(frame, "time_ns", 0) > INT64_C(1500000000000000000));
	assert_string_equal(json_get_str(frame, "way", ""), "out");
	assert_int_equal(json_get_int(frame, "len", 0), 64);
	assert_int_equal(strlen(json_get_str(frame, "data", "")), 88);
	assert_non_null(json_object_get(frame, "text"));
	assert_int_equal(json_get_int(answer, "lost", -1), 0);
	json_decref(answer);
	frames(links[3], 513);
	reads(7, 512, true, true, "", "");
	reads(7, 1, true, false, "", "");
	reads(7, 0, true, false, "", "");
	stop(7);
	assert_null(links[3]->conn.tap);
	assert_null(links[3]->watch);
	assert_null(read_as(7));
}

static void only_who_began_reads(void **state)
{
	assert_int_equal(start(7, 0), 0);
	assert_null(read_as(8));
	stop(8);
	assert_int_equal(start(8, 0), -EBUSY);
	assert_int_equal(start(8, 1), 0);
	frames(links[0], 2);
	reads(8, 0, true, false, "", "");
	reads(7, 2, true, false, "", "");
	/* A request that is nobody's has no tap. */
	assert_null(read_as(0));
	/* One that begins another one lets go of its own. */
	assert_int_equal(start(8, 2), 0);
	turn();
	assert_null(links[1]->conn.tap);
	frames(links[2], 3);
	reads(8, 3, true, false, "", "");
}

static void so_many_at_a_time(void **state)
{
	for (uint32_t i = 0; i < 8; i++)
		assert_int_equal(start(i + 1, i), 0);
	assert_int_equal(start(9, 8), -EBUSY);
	stop(8);
	assert_int_equal(start(8, 8), 0);
	assert_int_equal(start(9, 9), -EBUSY);
	tap_caller_gone(&ctrl, 1);
	turn();
	assert_int_equal(start(9, 9), 0);
}

static void connections_are_named(void **state)
{
	add_link(LINKS, 80)->port = 1;
	assert_int_equal(start(1, 0), -EEXIST);
	assert_int_equal(start_with(1, json_pack("{s:s,s:s}", "local", "10.0.0.1:80", "peer",
						 "10.0.0.2:1012")),
			 0);
	assert_non_null(links[LINKS]->conn.tap);
	stop(1);
	links[LINKS]->taken.tuple.remote_port = htons(1000);
	assert_int_equal(start_with(2, json_pack("{s:s,s:s}", "local", "10.0.0.1:80", "peer",
						 "10.0.0.2:1000")),
			 -EEXIST);
	assert_int_equal(
		start_with(1, json_pack("{s:s,s:s}", "local", "10.0.0.1:80", "port", "p1")), 0);
	assert_non_null(links[LINKS]->conn.tap);
	assert_int_equal(
		start_with(1, json_pack("{s:s,s:s}", "local", "10.0.0.1:80", "port", "nobody")),
		-ENOENT);
	assert_int_equal(start_with(1, json_pack("{s:s}", "local", "10.0.0.1:79")), -ENOENT);
	assert_int_equal(start_with(1, json_pack("{s:s}", "local", "[::1]:80")), -ENOENT);
	assert_int_equal(start_with(1, json_pack("{s:s}", "local", "80")), -EINVAL);
	assert_int_equal(
		start_with(1, json_pack("{s:s,s:s}", "local", "10.0.0.1:80", "peer", "10.0.0.2")),
		-EINVAL);
	links[1]->phase = CHIM_STARTING;
	links[2]->phase = CHIM_ENDING;
	links[3]->over = true;
	links[4]->emptied = true;
	for (uint32_t i = 1; i < 5; i++)
		assert_int_equal(start(3, i), -ENOENT);
}

static void what_was_there_is_read_before_the_end(void **state)
{
	assert_int_equal(start(1, 0), 0);
	assert_int_equal(start(2, 1), 0);
	frames(links[0], 600);
	frames(links[1], 1);
	links[0]->uploaded = true;
	links[0]->why = CHIM_UPLOAD_REQUESTED;
	stop_link(0);
	stop_link(1);
	reads(1, 512, true, true, "", "");
	reads(1, 88, false, false, "uploaded", "requested");
	reads(1, 0, false, false, "uploaded", "requested");
	reads(2, 1, false, false, "closed", "");
	stop(1);
	assert_null(read_as(1));
	tap_caller_gone(&ctrl, 2);
	assert_null(read_as(2));
	assert_true(LIST_EMPTY(&chimney.watches));
}

/* What is over, though it is not forgotten yet, is at its end when the worker has let go. */
static void what_is_over_ends(void **state)
{
	assert_int_equal(start(1, 0), 0);
	frames(links[0], 1);
	chimney_closed(links[0]);
	reads(1, 1, true, false, "", "");
	frames(links[0], 1);
	turn();
	assert_null(links[0]->conn.tap);
	reads(1, 1, false, false, "closed", "");
	assert_null(links[0]->watch);
}

/* Main does not take back what the worker has yet to take notice of. */
static void orders_overtake_each_other(void **state)
{
	begin_with(1, json_pack("{s:s}", "local", "10.0.0.1:80"));
	assert_int_equal(answered, 0);
	tap_caller_gone(&ctrl, 1);
	assert_non_null(links[0]->conn.want_tap);
	/* The worker takes it, is asked to let go, and does. */
	turn();
	assert_int_equal(answered, 1);
	assert_non_null(links[0]->conn.tap);
	assert_false(LIST_EMPTY(&chimney.watches));
	turn();
	assert_null(links[0]->conn.tap);
	assert_true(LIST_EMPTY(&chimney.watches));

	/* The connection is forgotten amid that. */
	begin_with(1, json_pack("{s:s}", "local", "10.0.0.1:80"));
	tap_caller_gone(&ctrl, 1);
	stop_link(0);
	assert_int_equal(answered, 1);
	assert_true(LIST_EMPTY(&chimney.watches));
}

/* Who stops is told when another one can begin. */
static void an_end_is_answered_when_it_is_there(void **state)
{
	assert_int_equal(start(1, 0), 0);
	caller = 1;
	answered = 0;
	tap_stop(&ctrl, NULL, (struct rpc_reply *)&answered);
	assert_int_equal(answered, 0);
	assert_non_null(links[0]->conn.tap);
	turn();
	assert_int_equal(answered, 1);
	assert_int_equal(start(2, 0), 0);
}

/* No worker takes notice any more. */
static void what_never_began_is_answered(void **state)
{
	begin_with(1, json_pack("{s:s}", "local", "10.0.0.1:80"));
	assert_int_equal(answered, 0);
	chimney_tap_stopped(links[0]);
	assert_int_equal(answered, -ENOTCONN);
	links[0]->conn.want_tap = NULL;
	reads(1, 0, false, false, "closed", "");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(what_passes_is_read),
		T(only_who_began_reads),
		T(so_many_at_a_time),
		T(connections_are_named),
		T(what_was_there_is_read_before_the_end),
		T(what_is_over_ends),
		T(orders_overtake_each_other),
		T(an_end_is_answered_when_it_is_there),
		T(what_never_began_is_answered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
