/* SPDX-License-Identifier: BSD-3-Clause */
/* Server and clients share this one thread: each wait for a client turns the server's loop. */
#include "api/serve/rpc.h"

#include "base/clock.h"
#include "api/serve/rpc_conn.h"
#include "api/serve/rpc_msg.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define PATIENCE_NS 20000000000u

struct fix {
	struct event_base *base;
	struct rpc_server *server;
	char dir[32], path[64];
	unsigned int calls;
	struct rpc_reply *reply; /* of the last vm.pause */
	size_t big;		 /* bytes of padding in each answer of port.show */
	uint64_t caller;	 /* of the last port.show */
	uint64_t gone[4];
	unsigned int n_gone;
};

struct client {
	struct fix *f;
	int fd;
	char *buf; /* what came, the line returned last at its start */
	size_t len, line;
};

static json_t *bridge_add(void *ctx, const json_t *params, struct err *e)
{
	struct fix *f = ctx;

	f->calls++;
	if (strcmp(json_get_str(params, "name", ""), "taken") == 0) {
		err_at(e, -EEXIST, "/name", "name: there is a bridge 'taken'");
		return NULL;
	}
	return json_object();
}

static json_t *port_show(void *ctx, const json_t *params, struct err *e)
{
	struct fix *f = ctx;
	char *pad = calloc(1, f->big + 1);
	json_t *o;

	f->calls++;
	f->caller = rpc_server_caller(f->server);
	memset(pad, 'x', f->big);
	o = json_pack("{s:s}", "pad", pad);
	free(pad);
	return o;
}

static json_t *mute(void *ctx, const json_t *params, struct err *e)
{
	return NULL;
}

static void later(void *ctx, const json_t *params, struct rpc_reply *reply)
{
	struct fix *f = ctx;

	f->calls++;
	f->reply = reply;
}

static const struct rpc_later laters[] = {
	{"vm.pause", later},
	{NULL, NULL},
};

static const struct rpc_handler handlers[] = {
	{"bridge.add", bridge_add},
	{"port.show", port_show},
	{"switch.show", mute},
	{NULL, NULL},
};

static int setup(void **state)
{
	struct fix *f = calloc(1, sizeof(*f));
	struct err e = {0};

	strcpy(f->dir, "/tmp/rpc_test.XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->path, sizeof(f->path), "%s/sock", f->dir);
	f->base = event_base_new();
	f->server = rpc_server_new(f->base, f->path, NULL, handlers, f, &e);
	assert_string_equal(e.text, "");
	assert_non_null(f->server);
	rpc_server_later(f->server, laters);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fix *f = *state;

	rpc_server_free(f->server);
	event_base_free(f->base);
	assert_int_equal(rmdir(f->dir), 0); /* the socket is gone */
	free(f);
	return 0;
}

static struct client connected(struct fix *f)
{
	struct client c = {.f = f, .fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0)};
	struct sockaddr_un sun = {.sun_family = AF_UNIX};

	strcpy(sun.sun_path, f->path);
	assert_int_equal(connect(c.fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	return c;
}

static void hang_up(struct client *c)
{
	close(c->fd);
	free(c->buf);
	event_base_loop(c->f->base, EVLOOP_NONBLOCK);
}

static void say(struct client *c, const char *data, size_t len)
{
	uint64_t end = clock_now_ns() + PATIENCE_NS;

	while (len > 0) {
		ssize_t n = send(c->fd, data, len, MSG_NOSIGNAL);

		assert_true(n > 0 || errno == EAGAIN);
		if (n > 0) {
			data += n;
			len -= (size_t)n;
		}
		event_base_loop(c->f->base, EVLOOP_NONBLOCK);
		assert_true(clock_now_ns() < end);
	}
}

static void say_line(struct client *c, const char *text)
{
	say(c, text, strlen(text));
	say(c, "\n", 1);
}

/* The next line, without its line feed; NULL when the server has closed. */
static const char *hear(struct client *c)
{
	uint64_t end = clock_now_ns() + PATIENCE_NS;

	if (c->line > 0)
		memmove(c->buf, c->buf + c->line, c->len - c->line);
	c->len -= c->line;
	for (;;) {
		char *lf = c->len ? memchr(c->buf, '\n', c->len) : NULL;
		ssize_t n;

		if (lf) {
			*lf = '\0';
			c->line = (size_t)(lf - c->buf) + 1;
			return c->buf;
		}
		event_base_loop(c->f->base, EVLOOP_NONBLOCK);
		c->buf = realloc(c->buf, c->len + 65536);
		n = recv(c->fd, c->buf + c->len, 65536, 0);
		c->line = 0;
		if (n == 0)
			return NULL;
		assert_true(n > 0 || errno == EAGAIN);
		c->len += n > 0 ? (size_t)n : 0;
		assert_true(clock_now_ns() < end);
	}
}

/* Hears an error and returns its code; checks its id (-1: null), errno's name and path. */
static int hear_error(struct client *c, int id, const char *name, const char *path)
{
	json_t *msg = json_loads(hear(c), 0, NULL), *error = json_object_get(msg, "error");
	json_t *data = json_object_get(error, "data");
	int code = (int)json_get_int(error, "code", 0);

	assert_non_null(msg);
	assert_int_equal(json_get_int(msg, "id", -1), id);
	assert_true(json_get_str(error, "message", "")[0] != '\0');
	assert_string_equal(json_get_str(data, "errno", ""), name);
	assert_string_equal(json_get_str(data, "path", ""), path);
	json_decref(msg);
	return code;
}

#define REQ(id, method, params) \
	"{\"jsonrpc\":\"2.0\",\"id\":" #id ",\"method\":\"" method "\",\"params\":" params "}"
#define OK(id) "{\"jsonrpc\":\"2.0\",\"id\":" #id ",\"result\":{}}"

static void errors_leave_the_connection_open(void **state)
{
	struct client c = connected(*state);

	say_line(&c, "nonsense");
	assert_int_equal(hear_error(&c, -1, "EINVAL", ""), RPC_NOT_JSON);
	say_line(&c, "{\"id\":1}");
	assert_int_equal(hear_error(&c, 1, "EINVAL", "/jsonrpc"), RPC_NOT_REQUEST);
	say_line(&c, REQ(2, "no.such", "{}"));
	assert_int_equal(hear_error(&c, 2, "ENOSYS", ""), RPC_NO_METHOD);
	say_line(&c, REQ(3, "bridge.del", "{\"name\":\"b\"}"));
	assert_int_equal(hear_error(&c, 3, "ENOSYS", ""), RPC_NO_METHOD);
	say_line(&c, REQ(4, "bridge.add", "{\"name\":7}"));
	assert_int_equal(hear_error(&c, 4, "EINVAL", "/name"), RPC_BAD_PARAMS);
	say_line(&c, REQ(5, "bridge.add", "{}"));
	assert_int_equal(hear_error(&c, 5, "EINVAL", ""), RPC_BAD_PARAMS);
	say_line(&c, REQ(6, "bridge.add", "[\"b\"]"));
	assert_int_equal(hear_error(&c, 6, "EINVAL", ""), RPC_BAD_PARAMS);
	say_line(&c, REQ(7, "bridge.add", "{\"name\":\"taken\"}"));
	assert_int_equal(hear_error(&c, 7, "EEXIST", "/name"), RPC_FAILED);
	say_line(&c, REQ(8, "switch.show", "{}"));
	assert_int_equal(hear_error(&c, 8, "EIO", ""), RPC_FAILED);
	say_line(&c, REQ(9, "bridge.add", "{\"name\":\"b\"}"));
	assert_string_equal(hear(&c), OK(9));
	hang_up(&c);
}

static void oversize_line_is_answered_once_and_skipped(void **state)
{
	struct client c = connected(*state);
	char *long_line = malloc(3 * RPC_LINE_MAX);

	memset(long_line, 'x', 3 * RPC_LINE_MAX);
	long_line[3 * RPC_LINE_MAX - 1] = '\n';
	say(&c, long_line, 3 * RPC_LINE_MAX);
	say_line(&c, REQ(1, "bridge.add", "{\"name\":\"b\"}"));
	assert_int_equal(hear_error(&c, -1, "EMSGSIZE", ""), RPC_NOT_REQUEST);
	assert_string_equal(hear(&c), OK(1));

	/* one byte more than the longest, then just the longest */
	memset(long_line, ' ', RPC_LINE_MAX);
	long_line[RPC_LINE_MAX] = ' ';
	long_line[RPC_LINE_MAX + 1] = '\n';
	say(&c, long_line, RPC_LINE_MAX + 2);
	assert_int_equal(hear_error(&c, -1, "EMSGSIZE", ""), RPC_NOT_REQUEST);
	memcpy(long_line, REQ(2, "bridge.add", "{\"name\":\"b\"}"),
	       strlen(REQ(2, "bridge.add", "{\"name\":\"b\"}")));
	long_line[RPC_LINE_MAX] = '\n';
	say(&c, long_line, RPC_LINE_MAX + 1);
	assert_string_equal(hear(&c), OK(2));
	free(long_line);
	hang_up(&c);
}

static void truncated_line_is_answered_then_closed(void **state)
{
	struct client c = connected(*state);

	say_line(&c, REQ(1, "bridge.add", "{\"name\":\"b\"}"));
	say(&c, "{\"jsonrpc\"", 10);
	shutdown(c.fd, SHUT_WR);
	assert_string_equal(hear(&c), OK(1));
	assert_int_equal(hear_error(&c, -1, "EBADMSG", ""), RPC_NOT_JSON);
	assert_null(hear(&c));
	hang_up(&c);

	c = connected(*state);
	shutdown(c.fd, SHUT_WR);
	assert_null(hear(&c));
	hang_up(&c);
}

static void one_byte_at_a_time(void **state)
{
	struct client c = connected(*state);
	const char *text = REQ(1, "bridge.add", "{\"name\":\"b\"}") "\n";

	for (size_t i = 0; text[i]; i++)
		say(&c, text + i, 1);
	assert_string_equal(hear(&c), OK(1));
	hang_up(&c);
}

static void pipelined_requests_are_answered_in_order(void **state)
{
	struct client c = connected(*state);
	char want[128];

	for (int i = 0; i < 1000; i++) {
		char text[128];
		int n = snprintf(text, sizeof(text),
				 "{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"bridge.add\","
				 "\"params\":{\"name\":\"b\"}}\n",
				 i);

		say(&c, text, (size_t)n);
	}
	shutdown(c.fd, SHUT_WR);
	for (int i = 0; i < 1000; i++) {
		snprintf(want, sizeof(want), "{\"jsonrpc\":\"2.0\",\"id\":%d,\"result\":{}}", i);
		assert_string_equal(hear(&c), want);
	}
	assert_null(hear(&c));
	hang_up(&c);
}

static void notifications_and_batches(void **state)
{
	struct fix *f = *state;
	struct client c = connected(f);
	const char *text;

	say_line(&c, "{\"jsonrpc\":\"2.0\",\"method\":\"bridge.add\",\"params\":{\"name\":\"b\"}}");
	say_line(&c, "{\"jsonrpc\":\"2.0\",\"method\":\"no.such\"}");
	say_line(&c,
		 "[{\"jsonrpc\":\"2.0\",\"method\":\"bridge.add\",\"params\":{\"name\":\"b\"}}]");
	say_line(&c, "[" REQ(1, "bridge.add",
			     "{\"name\":\"b\"}") ",{\"jsonrpc\":\"2.0\",\"method\":"
						 "\"x\"}," REQ("a", "bridge.add",
							       "{\"name\":\"b\"}") "]");
	assert_string_equal(hear(&c), "[" OK(1) "," OK("a") "]");
	assert_int_equal(f->calls, 4);
	say_line(&c, "[1]");
	text = hear(&c);
	assert_ptr_equal(strstr(text, "[{\"jsonrpc\":\"2.0\",\"id\":null,\"error\""), text);
	hang_up(&c);
}

/* At once, since small writes would fill the socket long before the server's buffers. */
static void ask_200(struct client *c)
{
	static const char one[] = REQ(1, "port.show", "{}") "\n";
	char all[200 * (sizeof(one) - 1)];

	for (int i = 0; i < 200; i++)
		memcpy(all + (size_t)i * (sizeof(one) - 1), one, sizeof(one) - 1);
	say(c, all, sizeof(all));
}

static void slow_reader_makes_requests_wait(void **state)
{
	struct fix *f = *state;
	struct client c = connected(f);

	f->big = 100000;
	ask_200(&c);
	for (int i = 0; i < 1000; i++)
		event_base_loop(f->base, EVLOOP_NONBLOCK);
	/* 1 MiB unsent, one answer more, and what the socket itself holds */
	assert_true(f->calls >= RPC_OUT_PAUSE / f->big);
	assert_true(f->calls < 40);
	for (int i = 0; i < 200; i++)
		assert_true(strlen(hear(&c)) > f->big);
	assert_int_equal(f->calls, 200);
	hang_up(&c);
}

static void slow_reader_that_hangs_up(void **state)
{
	struct fix *f = *state;
	struct client c = connected(f);

	f->big = 100000;
	ask_200(&c);
	hang_up(&c);
	for (int i = 0; i < 10; i++)
		event_base_loop(f->base, EVLOOP_NONBLOCK);
	c = connected(f);
	say_line(&c, REQ(1, "bridge.add", "{\"name\":\"b\"}"));
	assert_string_equal(hear(&c), OK(1));
	hang_up(&c);
}

static void too_large_an_answer_ends_the_connection(void **state)
{
	struct fix *f = *state;
	struct client c = connected(f);

	f->big = RPC_OUT_MAX;
	say_line(&c, REQ(1, "port.show", "{}"));
	assert_null(hear(&c));
	hang_up(&c);
}

static void one_connection_too_many(void **state)
{
	struct client c[RPC_CONNS_MAX + 1];

	for (int i = 0; i <= RPC_CONNS_MAX; i++) {
		c[i] = connected(*state);
		event_base_loop(((struct fix *)*state)->base, EVLOOP_NONBLOCK);
	}
	assert_int_equal(hear_error(&c[RPC_CONNS_MAX], -1, "EBUSY", ""), RPC_FAILED);
	assert_null(hear(&c[RPC_CONNS_MAX]));
	hang_up(&c[RPC_CONNS_MAX]);

	hang_up(&c[0]);
	event_base_loop(((struct fix *)*state)->base, EVLOOP_NONBLOCK);
	c[0] = connected(*state);
	say_line(&c[0], REQ(1, "bridge.add", "{\"name\":\"b\"}"));
	assert_string_equal(hear(&c[0]), OK(1));
	for (int i = 0; i < RPC_CONNS_MAX; i++)
		hang_up(&c[i]);
}

static void live_socket_is_left_alone(void **state)
{
	struct fix *f = *state;
	struct err e = {0};
	struct client c;

	assert_null(rpc_server_new(f->base, f->path, NULL, handlers, f, &e));
	assert_int_equal(e.code, -EADDRINUSE);
	assert_non_null(strstr(e.text, f->path));
	c = connected(f);
	say_line(&c, REQ(1, "bridge.add", "{\"name\":\"b\"}"));
	assert_string_equal(hear(&c), OK(1));
	hang_up(&c);
}

static void stale_socket_is_replaced(void **state)
{
	struct fix *f = *state;
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	struct err e = {0};
	struct client c;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	rpc_server_free(f->server);
	strcpy(sun.sun_path, f->path);
	assert_int_equal(bind(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	close(fd);
	f->server = rpc_server_new(f->base, f->path, NULL, handlers, f, &e);
	assert_non_null(f->server);
	c = connected(f);
	say_line(&c, REQ(1, "bridge.add", "{\"name\":\"b\"}"));
	assert_string_equal(hear(&c), OK(1));
	hang_up(&c);
}

static void refuses_other_paths(void **state)
{
	struct fix *f = *state;
	char file[80], deep[96], long_path[200];
	struct err e = {0};

	snprintf(file, sizeof(file), "%s/file", f->dir);
	fclose(fopen(file, "w"));
	assert_null(rpc_server_new(f->base, file, NULL, handlers, f, &e));
	assert_int_equal(e.code, -EEXIST);
	assert_int_equal(unlink(file), 0);

	snprintf(deep, sizeof(deep), "%s/no/sock", f->dir);
	assert_null(rpc_server_new(f->base, deep, NULL, handlers, f, &e));
	assert_int_equal(e.code, -ENOENT);

	memset(long_path, 'x', sizeof(long_path) - 1);
	long_path[sizeof(long_path) - 1] = '\0';
	assert_null(rpc_server_new(f->base, long_path, NULL, handlers, f, &e));
	assert_int_equal(e.code, -ENAMETOOLONG);

	assert_null(rpc_server_new(f->base, file, "no such group", handlers, f, &e));
	assert_int_equal(e.code, -ENOENT);
	assert_int_not_equal(access(file, F_OK), 0);
}

static void makes_its_directory_below_run(void **state)
{
	struct fix *f = *state;
	char dir[48], path[64];
	struct err e = {0};
	struct stat st;
	struct rpc_server *s;

	if (access("/run", W_OK) != 0)
		skip();
	snprintf(dir, sizeof(dir), "/run/flue-rpc-test-%d", (int)getpid());
	snprintf(path, sizeof(path), "%s/sub/sock", dir);
	assert_null(rpc_server_new(f->base, path, NULL, handlers, f, &e));
	assert_int_equal(e.code, -ENOENT);
	snprintf(path, sizeof(path), "%s/sock", dir);
	s = rpc_server_new(f->base, path, NULL, handlers, f, &e);
	assert_non_null(s);
	assert_int_equal(stat(dir, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
	rpc_server_free(s);
	assert_int_equal(rmdir(dir), 0);
}

static void mode_and_owner(void **state)
{
	struct fix *f = *state;
	struct err e = {0};
	struct stat st;
	char group[16];
	mode_t mask = umask(077);

	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0660);
	rpc_server_free(f->server);
	snprintf(group, sizeof(group), "%u", (unsigned int)getgid());
	f->server = rpc_server_new(f->base, f->path, group, handlers, f, &e);
	assert_non_null(f->server);
	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0660);
	assert_int_equal(st.st_gid, getgid());
	assert_int_equal(umask(mask), 077);
}

static void leaves_the_socket_of_another(void **state)
{
	struct fix *f = *state;
	struct err e = {0};
	struct rpc_server *old = f->server;

	assert_int_equal(unlink(f->path), 0);
	f->server = rpc_server_new(f->base, f->path, NULL, handlers, f, &e);
	assert_non_null(f->server);
	rpc_server_free(old);
	assert_int_equal(access(f->path, F_OK), 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static void turn_until(struct fix *f, bool (*there)(const struct fix *f))
{
	uint64_t end = clock_now_ns() + PATIENCE_NS;

	while (!there(f)) {
		event_base_loop(f->base, EVLOOP_NONBLOCK);
		assert_true(clock_now_ns() < end);
	}
}

static bool has_reply(const struct fix *f)
{
	return f->reply != NULL;
}

static void an_answer_may_come_later(void **state)
{
	struct fix *f = *state;
	struct client c = connected(f), other = connected(f);
	struct err e = {0};

	say_line(&c, REQ(1, "vm.pause", "{}"));
	say_line(&c, REQ(2, "bridge.add", "{\"name\":\"b\"}"));
	turn_until(f, has_reply);
	/* Others are served meanwhile; this connection's next request waits. */
	say_line(&other, REQ(3, "bridge.add", "{\"name\":\"b\"}"));
	assert_string_equal(hear(&other), OK(3));
	assert_int_equal(f->calls, 2);
	rpc_reply_result(f->reply, json_object());
	assert_string_equal(hear(&c), OK(1));
	assert_string_equal(hear(&c), OK(2));

	f->reply = NULL;
	say_line(&c, REQ(4, "vm.pause", "{}"));
	turn_until(f, has_reply);
	err_set(&e, -EBUSY, "not now");
	rpc_reply_error(f->reply, &e);
	assert_int_equal(hear_error(&c, 4, "EBUSY", ""), RPC_FAILED);
	say_line(&c, REQ(5, "vm.pause", "{\"x\":1}"));
	assert_int_equal(hear_error(&c, 5, "EINVAL", "/x"), RPC_BAD_PARAMS);
	say_line(&c, "[" REQ(6, "vm.pause", "{}") "]");
	assert_non_null(strstr(hear(&c), "batch"));
	hang_up(&c);
	hang_up(&other);
}

static void a_late_answer_finds_nobody(void **state)
{
	struct fix *f = *state;
	struct client c = connected(f), d;

	say_line(&c, REQ(1, "vm.pause", "{}"));
	turn_until(f, has_reply);
	hang_up(&c);
	/* The server has seen that once it answers another one. */
	d = connected(f);
	say_line(&d, REQ(2, "bridge.add", "{\"name\":\"b\"}"));
	assert_string_equal(hear(&d), OK(2));
	rpc_reply_result(f->reply, json_object());

	/* Neither does one that outlives the server. */
	f->reply = NULL;
	say_line(&d, REQ(3, "vm.pause", "{}"));
	turn_until(f, has_reply);
	rpc_server_free(f->server);
	f->server = NULL;
	rpc_reply_result(f->reply, json_object());
	hang_up(&d);
}

static void on_gone(void *ctx, uint64_t caller)
{
	struct fix *f = ctx;

	assert_true(f->n_gone < 4);
	f->gone[f->n_gone++] = caller;
}

static bool has_gone(const struct fix *f)
{
	return f->n_gone > 0;
}

static uint64_t number_of(struct client *c, const char *request)
{
	c->f->caller = 0;
	say_line(c, request);
	assert_non_null(hear(c));
	assert_true(c->f->caller != 0);
	assert_int_equal(rpc_server_caller(c->f->server), 0);
	return c->f->caller;
}

static void callers_have_numbers_until_they_are_gone(void **state)
{
	struct fix *f = *state;
	struct client c = connected(f), d = connected(f);
	uint64_t first = number_of(&c, REQ(1, "port.show", "{}"));
	uint64_t second = number_of(&d, "[" REQ(2, "port.show", "{}") "]");

	rpc_server_on_gone(f->server, on_gone);
	assert_true(first != second);
	assert_int_equal(number_of(&c, REQ(3, "port.show", "{}")), first);
	hang_up(&c);
	turn_until(f, has_gone);
	assert_int_equal(f->gone[0], first);
	/* Its place is another one's now, its number nobody's. */
	c = connected(f);
	first = number_of(&c, REQ(4, "port.show", "{}"));
	assert_true(first != second && first != f->gone[0]);
	rpc_server_free(f->server);
	f->server = NULL;
	assert_int_equal(f->n_gone, 3);
	assert_true(f->gone[1] + f->gone[2] == first + second);
	assert_int_equal(rpc_server_caller(NULL), 0);
	hang_up(&c);
	hang_up(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(errors_leave_the_connection_open),
		T(oversize_line_is_answered_once_and_skipped),
		T(truncated_line_is_answered_then_closed),
		T(one_byte_at_a_time),
		T(pipelined_requests_are_answered_in_order),
		T(notifications_and_batches),
		T(slow_reader_makes_requests_wait),
		T(slow_reader_that_hangs_up),
		T(too_large_an_answer_ends_the_connection),
		T(one_connection_too_many),
		T(live_socket_is_left_alone),
		T(stale_socket_is_replaced),
		T(refuses_other_paths),
		T(makes_its_directory_below_run),
		T(mode_and_owner),
		T(leaves_the_socket_of_another),
		T(an_answer_may_come_later),
		T(a_late_answer_finds_nobody),
		T(callers_have_numbers_until_they_are_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
