/* SPDX-License-Identifier: BSD-3-Clause */
/* Answers that come later, and callers that have gone meanwhile. */
#include "api/serve/test_rpc.h"

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
		RPC_TEST(an_answer_may_come_later),
		RPC_TEST(a_late_answer_finds_nobody),
		RPC_TEST(callers_have_numbers_until_they_are_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
