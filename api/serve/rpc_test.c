/* SPDX-License-Identifier: BSD-3-Clause */
/* Lines, requests and their answers, and peers that read slowly or are too many. */
#include "api/serve/test_rpc.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		RPC_TEST(errors_leave_the_connection_open),
		RPC_TEST(oversize_line_is_answered_once_and_skipped),
		RPC_TEST(truncated_line_is_answered_then_closed),
		RPC_TEST(one_byte_at_a_time),
		RPC_TEST(pipelined_requests_are_answered_in_order),
		RPC_TEST(notifications_and_batches),
		RPC_TEST(slow_reader_makes_requests_wait),
		RPC_TEST(slow_reader_that_hangs_up),
		RPC_TEST(too_large_an_answer_ends_the_connection),
		RPC_TEST(one_connection_too_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
