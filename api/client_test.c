/* SPDX-License-Identifier: BSD-3-Clause */
#include "api/client.h"
#include "api/fake_flued.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static struct client *open_client(unsigned int timeout_ms)
{
	struct err e = {0};
	struct client *c;

	if (client_open(NULL, timeout_ms, &c, &e) != 0)
		fail_msg("%s", e.text);
	return c;
}

static void calls_and_answers(void **state)
{
	static const struct fake_answer answers[] = {
		{"a.show", "\"result\":[1]"},
		{"a.show", "\"result\":[2]"},
		{"a.set", "\"error\":{\"code\":-32000,\"message\":\"taken; choose another\","
			  "\"data\":{\"errno\":\"EEXIST\",\"path\":\"/name\"}}"},
		{0},
	};
	struct fake_flued *f = fake_start(answers);
	struct client *c = open_client(5000);
	json_t *params = json_pack("{s:s}", "name", "x"), *r, *requests;
	struct err e = {0};

	for (int i = 1; i <= 2; i++) {
		assert_int_equal(client_call(c, "a.show", i == 1 ? NULL : params, &r, &e), 0);
		assert_int_equal(json_integer_value(json_array_get(r, 0)), i);
		json_decref(r);
	}
	assert_int_equal(client_call(c, "a.set", params, &r, &e), -EEXIST);
	assert_null(r);
	assert_string_equal(e.text, "taken; choose another");
	assert_string_equal(e.path, "/name");
	assert_false(client_is_lost(c));
	assert_int_equal(client_call(c, "a.none", NULL, &r, &e), -EPROTO);
	assert_false(client_is_lost(c));
	client_close(c);
	requests = fake_stop(f);
	assert_null(json_object_get(json_array_get(requests, 0), "params"));
	assert_true(json_equal(json_object_get(json_array_get(requests, 1), "params"), params));
	json_decref(requests);
	json_decref(params);
}

static void too_large_a_request(void **state)
{
	static const struct fake_answer answers[] = {{"a", "\"result\":{}"}, {0}};
	struct fake_flued *f = fake_start(answers);
	struct client *c = open_client(5000);
	char *text = malloc(CLIENT_MAX_REQUEST);
	struct err e = {0};
	json_t *params, *r;

	memset(text, 'x', CLIENT_MAX_REQUEST - 1);
	text[CLIENT_MAX_REQUEST - 1] = '\0';
	params = json_pack("{s:s}", "t", text);
	assert_int_equal(client_call(c, "a", params, &r, &e), -E2BIG);
	assert_false(client_is_lost(c));
	assert_int_equal(client_call(c, "a", NULL, &r, &e), 0);
	json_decref(r);
	json_decref(params);
	free(text);
	client_close(c);
	json_decref(fake_stop(f));
}

static void a_long_answer(void **state)
{
	size_t len = 3u << 20;
	char *say = malloc(len + 16);
	struct fake_answer answers[] = {{"a", say}, {0}};
	struct fake_flued *f;
	struct client *c;
	struct err e = {0};
	json_t *r;

	strcpy(say, "\"result\":\"");
	memset(say + 10, 'x', len);
	strcpy(say + 10 + len, "\"");
	f = fake_start(answers);
	c = open_client(5000);
	assert_int_equal(client_call(c, "a", NULL, &r, &e), 0);
	assert_int_equal(json_string_length(r), len);
	json_decref(r);
	client_close(c);
	json_decref(fake_stop(f));
	free(say);
}

static void lost(const char *say, int code)
{
	struct fake_answer answers[] = {{"a", say}, {0}};
	struct fake_flued *f = fake_start(answers);
	struct client *c = open_client(100);
	struct err e = {0};
	json_t *r;

	assert_int_equal(client_call(c, "a", NULL, &r, &e), code);
	assert_null(r);
	assert_true(client_is_lost(c));
	assert_int_equal(client_call(c, "a", NULL, &r, &e), -ENOTCONN);
	client_close(c);
	json_decref(fake_stop(f));
}

static void lost_connections(void **state)
{
	lost(NULL, -ECONNRESET);
	lost("", -ETIMEDOUT);
	lost("HTTP/1.1 400\n", -EBADMSG);
	lost("{\"id\":77,\"result\":{}}\n", -EBADMSG);
	lost("[]\n", -EBADMSG);
}

static void nobody_there(void **state)
{
	struct client *c;
	struct err e = {0};
	char path[200];

	assert_int_equal(client_open("/nonexistent/s", 100, &c, &e), -ENOENT);
	assert_non_null(strstr(e.text, "systemctl start flued"));
	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(client_open(path, 100, &c, &e), -ENAMETOOLONG);
	assert_null(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calls_and_answers), cmocka_unit_test(too_large_a_request),
		cmocka_unit_test(a_long_answer),     cmocka_unit_test(lost_connections),
		cmocka_unit_test(nobody_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
