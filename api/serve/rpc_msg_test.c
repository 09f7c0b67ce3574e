/* SPDX-License-Identifier: BSD-3-Clause */
#include "api/serve/rpc_msg.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum rpc_code refusal(const char *text, size_t len)
{
	enum rpc_code code = 0;
	struct err e = {0};
	json_t *msg = rpc_msg_parse(text, len, &code, &e);

	assert_null(msg);
	assert_true(e.code < 0);
	assert_true(e.text[0] != '\0');
	return code;
}

static void refuses_what_is_not_json(void **state)
{
	static const char *const bad[] = {
		"",
		" ",
		"{",
		"}",
		"{\"a\":1,\"a\":2}",
		"{\"a\":\"\xff\"}",
		"{\"a\":\"\xed\xa0\x80\"}",
		"{}x",
		"{\"a\":\"\\u0000\"}",
		"nul",
		"{'a':1}",
		"{\"a\":1e999}",
		"\xef\xbb\xbf{}",
	};
	static const char nul[] = "{\"a\":\"b\0c\"}";

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(refusal(bad[i], strlen(bad[i])), RPC_NOT_JSON);
	assert_int_equal(refusal(nul, sizeof(nul) - 1), RPC_NOT_JSON);
}

static void survives_a_depth_bomb(void **state)
{
	char *bomb = malloc(RPC_LINE_MAX);

	memset(bomb, '[', RPC_LINE_MAX);
	assert_int_equal(refusal(bomb, RPC_LINE_MAX), RPC_NOT_JSON);
	for (size_t i = 0; i + 5 <= RPC_LINE_MAX; i += 5)
		memcpy(bomb + i, "{\"\":[", 5);
	assert_int_equal(refusal(bomb, RPC_LINE_MAX), RPC_NOT_JSON);
	free(bomb);
}

static void refuses_what_is_not_a_request(void **state)
{
	static const char *const bad[] = {"1", "\"x\"", "null", "[]", "true"};
	char batch[2 * (RPC_BATCH_MAX + 1) + 1] = "[";

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(refusal(bad[i], strlen(bad[i])), RPC_NOT_REQUEST);
	for (int i = 0; i < RPC_BATCH_MAX + 1; i++)
		memcpy(batch + 1 + 2 * i, i < RPC_BATCH_MAX ? "1," : "1]", 2);
	assert_int_equal(refusal(batch, sizeof(batch)), RPC_NOT_REQUEST);
}

/* Parses a request, which must be JSON. */
static int request(const char *text, json_t **msg, struct rpc_request *req)
{
	enum rpc_code code;
	struct err e = {0};
	int ret;

	*msg = rpc_msg_parse(text, strlen(text), &code, &e);
	assert_non_null(*msg);
	ret = rpc_msg_request(*msg, req, &e);
	assert_int_equal(ret, e.code);
	return ret;
}

static void reads_requests(void **state)
{
	struct rpc_request req;
	json_t *msg;

	assert_int_equal(request("{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"a\",\"params\":{}}\r",
				 &msg, &req),
			 0);
	assert_int_equal(json_integer_value(req.id), 7);
	assert_string_equal(req.method, "a");
	assert_true(json_is_object(req.params));
	json_decref(msg);

	assert_int_equal(request("{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"a\"}", &msg, &req),
			 0);
	assert_true(json_is_null(req.id));
	assert_null(req.params);
	json_decref(msg);

	assert_int_equal(request("{\"jsonrpc\":\"2.0\",\"method\":\"a\"}", &msg, &req), 0);
	assert_null(req.id);
	json_decref(msg);
}

static void refused_requests_keep_their_id(void **state)
{
	/* each with the id that the answer must carry, -1: null */
	static const struct {
		const char *text;
		int id;
	} bad[] = {
		{"{\"jsonrpc\":\"2.0\",\"id\":[],\"method\":\"a\"}", -1},
		{"{\"jsonrpc\":\"2.0\",\"id\":true,\"method\":\"a\"}", -1},
		{"{\"jsonrpc\":\"1.0\",\"id\":3,\"method\":\"a\"}", 3},
		{"{\"id\":3,\"method\":\"a\"}", 3},
		{"{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":1}", 3},
		{"{\"jsonrpc\":\"2.0\",\"id\":3}", 3},
		{"{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"a\",\"params\":null}", 3},
		{"{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"a\",\"params\":1}", 3},
		{"{}", -1},
		{"[1]", -1},
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct rpc_request req;
		json_t *msg;

		assert_int_equal(request(bad[i].text, &msg, &req), -EINVAL);
		if (bad[i].id < 0)
			assert_true(json_is_null(req.id));
		else
			assert_int_equal(json_integer_value(req.id), bad[i].id);
		json_decref(msg);
	}
}

static void writes_answers(void **state)
{
	struct err e = {.code = -EEXIST, .path = "/name", .text = "name: there is one"};
	json_t *id = json_string("x"), *a = rpc_msg_result(id, json_object());
	size_t len;
	char *line = rpc_msg_line(a, &len);

	assert_string_equal(line, "{\"jsonrpc\":\"2.0\",\"id\":\"x\",\"result\":{}}\n");
	assert_int_equal(len, strlen(line));
	free(line);
	json_decref(a);
	json_decref(id);

	a = rpc_msg_error(NULL, RPC_FAILED, &e);
	line = rpc_msg_line(a, &len);
	assert_string_equal(line, "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32000,"
				  "\"message\":\"name: there is one\","
				  "\"data\":{\"errno\":\"EEXIST\",\"path\":\"/name\"}}}\n");
	free(line);
	json_decref(a);
}

static void error_text_cut_amid_a_character(void **state)
{
	struct err e = {.code = -EINVAL};
	json_t *a;

	snprintf(e.text, sizeof(e.text), "ok \xc3\xa9, cut \xe2\x82, bad \xff \xc0\x80 \xf0\x9f");
	a = rpc_msg_error(NULL, RPC_BAD_PARAMS, &e);
	assert_non_null(a);
	assert_string_equal(json_get_str(json_object_get(a, "error"), "message", ""),
			    "ok \xc3\xa9, cut ??, bad ? ?? ??");
	json_decref(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_what_is_not_json),
		cmocka_unit_test(survives_a_depth_bomb),
		cmocka_unit_test(refuses_what_is_not_a_request),
		cmocka_unit_test(reads_requests),
		cmocka_unit_test(refused_requests_keep_their_id),
		cmocka_unit_test(writes_answers),
		cmocka_unit_test(error_text_cut_amid_a_character),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
