/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/console.h"

#include "base/clock.h"
#include "hv-core/console_log.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>
#include <cmocka.h>

#define PATIENCE_NS 20000000000u

struct fix {
	struct event_base *loop;
	struct hv_console *console;
	char dir[40], path[64], log[64];
};

static int setup(void **state)
{
	struct fix *f = calloc(1, sizeof(*f));

	strcpy(f->dir, "/tmp/console_test.XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->path, sizeof(f->path), "%s/sock", f->dir);
	snprintf(f->log, sizeof(f->log), "%s/log", f->dir);
	f->loop = event_base_new();
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fix *f = *state;
	char old[80];

	hv_console_free(f->console);
	event_base_free(f->loop);
	snprintf(old, sizeof(old), "%s.1", f->log);
	unlink(old);
	unlink(f->log);
	assert_int_equal(rmdir(f->dir), 0); /* the socket is gone */
	free(f);
	return 0;
}

static void open_console(struct fix *f, enum hv_console_kind kind, bool log)
{
	struct hv_console_options o = {.kind = kind,
				       .path = kind == HV_CONSOLE_OFF ? NULL : f->path,
				       .log = log ? f->log : NULL,
				       .log_max_bytes = 1000};
	struct err e = {0};

	f->console = hv_console_new(f->loop, &o, &e);
	assert_string_equal(e.text, "");
	assert_non_null(f->console);
}

static void guest_says(struct fix *f, const char *text)
{
	assert_int_equal(write(hv_console_guest_out(f->console), text, strlen(text)), strlen(text));
}

static int join(struct fix *f)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	strcpy(sun.sun_path, f->path);
	assert_int_equal(connect(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	return fd;
}

/* Reads until what came ends with text, turning the loop. */
static void hears(struct fix *f, int fd, const char *text)
{
	uint64_t end = clock_now_ns() + PATIENCE_NS;
	char buf[4096] = "";
	size_t len = 0, want = strlen(text);

	while (len < want || memcmp(buf + len - want, text, want) != 0) {
		ssize_t n;

		event_base_loop(f->loop, EVLOOP_NONBLOCK);
		n = read(fd, buf + len, sizeof(buf) - len);
		len += n > 0 ? (size_t)n : 0;
		assert_true(len < sizeof(buf));
		assert_true(clock_now_ns() < end);
	}
}

static void all_see_what_was_and_what_comes(void **state)
{
	struct fix *f = *state;
	int a, b;

	open_console(f, HV_CONSOLE_SOCKET, false);
	guest_says(f, "before ");
	a = join(f);
	hears(f, a, "before ");
	b = join(f);
	hears(f, b, "before ");
	guest_says(f, "after");
	hears(f, a, "after");
	hears(f, b, "after");
	/* Both type. */
	assert_int_equal(write(a, "A", 1), 1);
	hears(f, hv_console_guest_in(f->console), "A");
	assert_int_equal(write(b, "B", 1), 1);
	hears(f, hv_console_guest_in(f->console), "B");
	/* One that has stopped typing reads on. */
	shutdown(b, SHUT_WR);
	guest_says(f, "more");
	hears(f, b, "more");
	close(a);
	close(b);
}

static void places_are_found_again(void **state)
{
	struct fix *f = *state;
	int fd[20];

	open_console(f, HV_CONSOLE_SOCKET, false);
	guest_says(f, "x");
	for (int i = 0; i < 20; i++) {
		fd[i] = join(f);
		hears(f, fd[i], "x");
		close(fd[i]);
	}
	for (int i = 0; i < 8; i++) {
		fd[i] = join(f);
		hears(f, fd[i], "x");
	}
	fd[8] = join(f);
	hears(f, fd[8], "taken\r\n");
	for (int i = 0; i < 9; i++)
		close(fd[i]);
}

static void history_keeps_the_last_of_it(void **state)
{
	struct fix *f = *state;
	uint64_t end = clock_now_ns() + PATIENCE_NS;
	struct iovec piece[2];
	size_t said = 0;

	open_console(f, HV_CONSOLE_OFF, false);
	assert_int_equal(hv_console_history(f->console, piece), 0);
	for (int i = 0; i < 10000; i++) {
		char line[32];
		ssize_t n;

		snprintf(line, sizeof(line), "line %04d\n", i);
		while ((n = write(hv_console_guest_out(f->console), line, strlen(line))) < 0) {
			event_base_loop(f->loop, EVLOOP_NONBLOCK);
			assert_true(clock_now_ns() < end);
		}
		said += (size_t)n;
	}
	/* All of it has been taken when nothing is left to read. */
	for (int n = 0; n < 100; n++)
		event_base_loop(f->loop, EVLOOP_NONBLOCK);
	assert_true(said > HV_CONSOLE_HISTORY);
	assert_int_equal(hv_console_history(f->console, piece), 2);
	assert_int_equal(piece[0].iov_len + piece[1].iov_len, HV_CONSOLE_HISTORY);
	assert_memory_equal((char *)piece[1].iov_base + piece[1].iov_len - 10, "line 9999\n", 10);
}

static void a_guest_is_never_held_up(void **state)
{
	struct fix *f = *state;
	char page[4096];
	size_t taken = 0;
	ssize_t n;
	json_t *show;

	/* Nobody turns the loop: the pipe fills, and a write that does not fit returns. */
	open_console(f, HV_CONSOLE_OFF, false);
	memset(page, 'x', sizeof(page));
	while ((n = write(hv_console_guest_out(f->console), page, sizeof(page))) > 0)
		taken += (size_t)n;
	assert_int_equal(errno, EAGAIN);
	assert_true(taken >= 4096);
	/* Nor is whoever types for a guest that does not listen. */
	for (int i = 0; i < 64; i++)
		hv_console_type(f->console, page, sizeof(page));
	show = hv_console_show(f->console);
	assert_true(json_get_int(show, "dropped_bytes", 0) > 0);
	json_decref(show);
	/* A new guest gets none of it. */
	hv_console_forget_typed(f->console);
	assert_int_equal(read(hv_console_guest_in(f->console), page, sizeof(page)), -1);
}

static void log_keeps_its_limit(void **state)
{
	struct fix *f = *state;
	struct stat st, old;
	struct hv_log l;
	struct err e = {0};
	char name[80];

	snprintf(name, sizeof(name), "%s.1", f->log);
	assert_int_equal(hv_log_open(&l, f->log, 1000, &e), 0);
	for (int i = 0; i < 250; i++)
		hv_log_write(&l, "ten bytes\n", 10);
	assert_int_equal(stat(f->log, &st), 0);
	assert_int_equal(stat(name, &old), 0);
	assert_int_equal(st.st_size, 500);
	assert_int_equal(old.st_size, 1000);
	hv_log_close(&l);
	/* It goes on where it was. */
	assert_int_equal(hv_log_open(&l, f->log, 1000, &e), 0);
	hv_log_write(&l, "ten bytes\n", 10);
	assert_int_equal(stat(f->log, &st), 0);
	assert_int_equal(st.st_size, 510);
	hv_log_close(&l);
	assert_int_equal(hv_log_open(&l, "/there/is/no/such", 1000, &e), -ENOENT);
}

static void last_words_reach_the_log(void **state)
{
	struct fix *f = *state;
	char buf[32] = "";
	int fd;

	open_console(f, HV_CONSOLE_OFF, true);
	guest_says(f, "last words");
	hv_console_free(f->console);
	f->console = NULL;
	fd = open(f->log, O_RDONLY | O_CLOEXEC);
	assert_int_equal(read(fd, buf, sizeof(buf)), 10);
	assert_string_equal(buf, "last words");
	close(fd);
}

static void a_pty_is_a_line(void **state)
{
	struct fix *f = *state;
	int fd;

	open_console(f, HV_CONSOLE_PTY, false);
	fd = open(f->path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	assert_true(fd >= 0);
	guest_says(f, "hello\n");
	hears(f, fd, "hello\n");
	assert_int_equal(write(fd, "typed", 5), 5);
	hears(f, hv_console_guest_in(f->console), "typed");
	close(fd);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(all_see_what_was_and_what_comes),
		T(places_are_found_again),
		T(history_keeps_the_last_of_it),
		T(a_guest_is_never_held_up),
		T(log_keeps_its_limit),
		T(last_words_reach_the_log),
		T(a_pty_is_a_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
