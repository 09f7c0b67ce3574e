/* SPDX-License-Identifier: BSD-3-Clause */
/* Lines of JSON, and a window's arithmetic. */
#include "bench/load/line.h"

#include "base/clock.h"
#include "base/json.h"
#include "bench/load/agent.h"
#include "bench/load/tcp.h"
#include "bench/load/window.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

struct ends {
	int a, b;
	struct line line;
};

static int set_up(void **state)
{
	struct ends *e = calloc(1, sizeof(*e));
	int pair[2];

	if (!e || socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		return -1;
	e->a = pair[0];
	e->b = pair[1];
	line_init(&e->line, e->b);
	*state = e;
	return 0;
}

static int tear_down(void **state)
{
	struct ends *e = *state;

	close(e->a);
	close(e->b);
	line_clear(&e->line);
	free(e);
	return 0;
}

static void test_pieces(void **state)
{
	const char *text = "{\"n\":1}\n{\"n\":2}\n{\"n\":3";
	struct ends *e = *state;
	json_t *got;

	for (const char *c = text; *c; c++)
		assert_int_equal(write(e->a, c, 1), 1);
	for (int i = 1; i <= 2; i++) {
		assert_int_equal(line_recv(&e->line, 0, &got), 0);
		assert_int_equal(json_get_int(got, "n", 0), i);
		json_decref(got);
	}
	assert_int_equal(line_recv(&e->line, clock_now_ns(), &got), -ETIMEDOUT);
	assert_int_equal(write(e->a, "}\n", 2), 2);
	assert_int_equal(line_recv(&e->line, 0, &got), 0);
	assert_int_equal(json_get_int(got, "n", 0), 3);
	json_decref(got);
}

static void *send_large(void *arg)
{
	struct ends *e = arg;
	json_t *list = json_array(), *object = json_pack("{s:o}", "list", list);

	for (int i = 0; i < 50000; i++)
		json_array_append_new(list, json_integer(i));
	line_send(e->a, object);
	json_decref(object);
	return NULL;
}

static void test_large(void **state)
{
	struct ends *e = *state;
	pthread_t thread;
	json_t *got;

	assert_int_equal(pthread_create(&thread, NULL, send_large, e), 0);
	assert_int_equal(line_recv(&e->line, 0, &got), 0);
	pthread_join(thread, NULL);
	assert_int_equal(json_array_size(json_object_get(got, "list")), 50000);
	json_decref(got);
}

static void test_nonsense(void **state)
{
	struct ends *e = *state;
	json_t *got;

	assert_int_equal(write(e->a, "[1]\nrubbish\n", 12), 12);
	assert_int_equal(line_recv(&e->line, 0, &got), -EPROTO);
	assert_int_equal(line_recv(&e->line, 0, &got), -EPROTO);
	shutdown(e->a, SHUT_RDWR);
	assert_int_equal(line_recv(&e->line, 0, &got), -EPIPE);
	assert_null(got);
}

static json_t *answer(void *arg, const json_t *request)
{
	struct err e = {.code = -EBUSY, .text = "busy"};

	return json_get_int(request, "n", 0)
		       ? json_pack("{s:I}", "twice", 2 * json_get_int(request, "n", 0))
		       : agent_error(&e);
}

static void *serve(void *arg)
{
	struct ends *e = arg;

	return (void *)(intptr_t)agent_serve(e->a, answer, NULL);
}

static void test_serve(void **state)
{
	struct ends *e = *state;
	pthread_t thread;
	void *status;
	json_t *got, *request = json_pack("{s:i}", "n", 21);

	assert_int_equal(pthread_create(&thread, NULL, serve, e), 0);
	assert_int_equal(line_send(e->b, request), 0);
	assert_int_equal(line_recv(&e->line, 0, &got), 0);
	assert_int_equal(json_get_int(got, "twice", 0), 42);
	json_decref(got);
	json_object_set_new(request, "n", json_integer(0));
	assert_int_equal(line_send(e->b, request), 0);
	assert_int_equal(line_recv(&e->line, 0, &got), 0);
	assert_string_equal(json_get_str(got, "error", ""), "busy");
	assert_int_equal(json_get_int(got, "code", 0), -EBUSY);
	json_decref(got);
	json_decref(request);
	shutdown(e->b, SHUT_RDWR);
	pthread_join(thread, &status);
	assert_int_equal((intptr_t)status, 0);
}

static void test_busy(void **state)
{
	/* Idle, waiting and stolen time are no work; the lines of each processor do not count. */
	const char *text = "cpu  100 20 30 4000 500 6 44 700 0 0\ncpu0 1 1 1 1 1 1 1 1 0 0\n";

	assert_true(window_busy(text, 100) == 2.0);
	assert_true(window_busy(text, 1000) == 0.2);
	assert_true(window_busy("cpu 1 2 3", 100) < 0);
	assert_true(window_busy("intr 1 2 3 4 5 6 7 8", 100) < 0);
	assert_true(window_busy(text, 0) < 0);
}

static void test_fairness(void **state)
{
	const double even[] = {3, 3, 3, 3}, one[] = {8, 0, 0, 0}, none[] = {0, 0};

	assert_true(tcp_fairness(even, 4) == 1.0);
	assert_true(tcp_fairness(one, 4) == 0.25);
	assert_true(tcp_fairness(none, 2) == 0.0);
}

static void a_window_is_kept_or_it_is_none(void **state)
{
	struct window w = {.begin_ns = 1000000, .end_ns = 2000000};

	assert_true(window_kept(&w, 1000000, 2000000));
	assert_true(window_kept(&w, 1090000, 2090000));
	assert_false(window_kept(&w, 1990000, 2000000)); /* it slept through the beginning */
	assert_false(window_kept(&w, 1000000, 2500000));
	assert_false(window_kept(&w, 0, 0)); /* it told nothing */
}

static void count(void *arg)
{
	(*(unsigned int *)arg)++;
}

static void beats_come_while_the_window_lasts(void **state)
{
	unsigned int beats = 0;
	struct window w = {.seconds = 0.1, .arg = &beats, .beat = count, .beat_ms = 10};
	struct window_seen seen;

	window_plan(&w);
	assert_int_equal(window_wait(&w, &seen), 0);
	assert_true(beats >= 1);
	assert_true(beats <= 12);
	beats = 0;
	w.beat_ms = 0;
	window_plan(&w);
	assert_int_equal(window_wait(&w, &seen), 0);
	assert_int_equal(beats, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_pieces, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_large, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_nonsense, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_serve, set_up, tear_down),
		cmocka_unit_test(test_busy),
		cmocka_unit_test(test_fairness),
		cmocka_unit_test(a_window_is_kept_or_it_is_none),
		cmocka_unit_test(beats_come_while_the_window_lasts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
