/* SPDX-License-Identifier: BSD-3-Clause */
#include "api/serve/test_rpc.h"

#include "base/clock.h"

#include <sys/un.h>

#define PATIENCE_NS 20000000000u

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

const struct rpc_handler rpc_handlers[] = {
	{"bridge.add", bridge_add},
	{"port.show", port_show},
	{"switch.show", mute},
	{NULL, NULL},
};

int rpc_setup(void **state)
{
	struct fix *f = calloc(1, sizeof(*f));
	struct err e = {0};

	strcpy(f->dir, "/tmp/rpc_test.XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->path, sizeof(f->path), "%s/sock", f->dir);
	f->base = event_base_new();
	f->server = rpc_server_new(f->base, f->path, NULL, rpc_handlers, f, &e);
	assert_string_equal(e.text, "");
	assert_non_null(f->server);
	rpc_server_later(f->server, laters);
	*state = f;
	return 0;
}

int rpc_teardown(void **state)
{
	struct fix *f = *state;

	rpc_server_free(f->server);
	event_base_free(f->base);
	assert_int_equal(rmdir(f->dir), 0); /* the socket is gone */
	free(f);
	return 0;
}

struct client connected(struct fix *f)
{
	struct client c = {.f = f, .fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0)};
	struct sockaddr_un sun = {.sun_family = AF_UNIX};

	strcpy(sun.sun_path, f->path);
	assert_int_equal(connect(c.fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	return c;
}

void hang_up(struct client *c)
{
	close(c->fd);
	free(c->buf);
	event_base_loop(c->f->base, EVLOOP_NONBLOCK);
}

void say(struct client *c, const char *data, size_t len)
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

void say_line(struct client *c, const char *text)
{
	say(c, text, strlen(text));
	say(c, "\n", 1);
}

const char *hear(struct client *c)
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

int hear_error(struct client *c, int id, const char *name, const char *path)
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

void turn_until(struct fix *f, bool (*there)(const struct fix *f))
{
	uint64_t end = clock_now_ns() + PATIENCE_NS;

	while (!there(f)) {
		event_base_loop(f->base, EVLOOP_NONBLOCK);
		assert_true(clock_now_ns() < end);
	}
}
