/* SPDX-License-Identifier: BSD-3-Clause */
/* What a program and a connection's end see of each other through the relay. */
#include "offload/chimney/attach/relay.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* An end that does what the test says. */
struct fake {
	struct att_end end;
	const char *in;	 /* what read() gives, */
	ssize_t after;	 /* and what after that: 0, -EAGAIN ... */
	size_t room;	 /* what write() takes */
	ssize_t refusal; /* and what it says when that is used up */
	char out[1000];
	size_t n_out;
	bool shut_rd, shut_wr, stale, endless;
};

static struct fake fake;
static struct att_relay r;

static ssize_t fake_read(struct att_end *end, void *buf, size_t n)
{
	size_t len = fake.in ? strlen(fake.in) : 0;

	if (fake.stale)
		return -ESTALE;
	if (!len)
		return fake.after;
	memcpy(buf, fake.in, len);
	if (!fake.endless)
		fake.in = NULL;
	return (ssize_t)len;
}

static ssize_t fake_write(struct att_end *end, const void *buf, size_t n)
{
	if (n > fake.room)
		n = fake.room;
	if (fake.stale)
		return -ESTALE;
	if (!n)
		return fake.refusal;
	memcpy(fake.out + fake.n_out, buf, n);
	fake.n_out += n;
	fake.room -= n;
	return (ssize_t)n;
}

static int fake_shutdown(struct att_end *end, int how)
{
	if (fake.stale)
		return -ESTALE;
	*(how == SHUT_WR ? &fake.shut_wr : &fake.shut_rd) = true;
	return 0;
}

static const struct att_end_ops fake_ops = {
	.read = fake_read, .write = fake_write, .shutdown = fake_shutdown};

static int setup(void **state)
{
	fake = (struct fake){.end = {.ops = &fake_ops, .fds = {-1, -1}},
			     .after = -EAGAIN,
			     .room = sizeof(fake.out),
			     .refusal = -EAGAIN};
	return att_relay_init(&r) || att_relay_use(&r, &fake.end);
}

/* The test plays the program too. */
static int program_takes(void)
{
	int far = r.far;

	r.far = -1;
	return far;
}

static void assert_out(const char *what)
{
	assert_int_equal(fake.n_out, strlen(what));
	assert_memory_equal(fake.out, what, fake.n_out);
}

static void assert_reads(int far, const char *what)
{
	char buf[100];
	ssize_t n = recv(far, buf, sizeof(buf), MSG_DONTWAIT);

	assert_int_equal(n, strlen(what));
	assert_memory_equal(buf, what, (size_t)n);
}

static void test_both_ways(void **state)
{
	int far = program_takes();

	fake.in = "hello";
	fake.room = 0;
	assert_int_equal(write(far, "one", 3), 3);
	assert_int_equal(att_relay_append(&r.up, "zero ", 5), 0);
	att_relay_pump(&r);
	assert_out("");
	assert_false(att_relay_is_read(&r));
	assert_reads(far, "hello");
	assert_true(att_relay_is_read(&r));
	assert_int_equal(write(far, " two", 4), 4);
	fake.room = 6;
	att_relay_pump(&r);
	assert_out("zero o");
	fake.room = 100;
	att_relay_pump(&r);
	assert_out("zero one two");
	assert_int_equal(write(far, "!", 1), 1);
	att_relay_pump(&r);
	assert_out("zero one two!");
	assert_int_equal(r.over, ATT_RUNS);
	att_relay_fini(&r);
	close(far);
}

static void test_take_all(void **state)
{
	static char big[700000];
	int far = program_takes();
	ssize_t n = send(far, big, sizeof(big), MSG_DONTWAIT);

	assert_true(n > ATT_BUFFER);
	fake.room = 0;
	att_relay_pump(&r);
	assert_int_equal(write(far, "end", 3), 3);
	assert_int_equal(att_relay_take_all(&r), 0);
	assert_int_equal(r.up.len, n + 3);
	assert_memory_equal(r.up.at + r.up.off + n, "end", 3);
	att_relay_fini(&r);
	close(far);
}

/* The peer ends; the program answers, and ends too. */
static void test_half_closed(void **state)
{
	int far = program_takes();

	fake.in = "bye";
	fake.after = 0;
	att_relay_pump(&r);
	assert_reads(far, "bye");
	assert_reads(far, "");
	assert_int_equal(r.over, ATT_RUNS);
	assert_int_equal(write(far, "yes", 3), 3);
	assert_int_equal(shutdown(far, SHUT_WR), 0);
	att_relay_pump(&r);
	assert_out("yes");
	assert_true(fake.shut_wr);
	assert_int_equal(r.over, ATT_ENDED);
	att_relay_fini(&r);
	assert_reads(far, "");
	close(far);
}

static void test_program_ends_first(void **state)
{
	int far = program_takes();

	fake.room = 0;
	assert_int_equal(write(far, "last", 4), 4);
	assert_int_equal(shutdown(far, SHUT_WR), 0);
	att_relay_pump(&r);
	assert_false(fake.shut_wr);
	fake.room = 10;
	att_relay_pump(&r);
	assert_out("last");
	assert_true(fake.shut_wr);
	assert_int_equal(r.over, ATT_RUNS);
	fake.in = "more";
	fake.after = 0;
	att_relay_pump(&r);
	att_relay_pump(&r);
	assert_int_equal(r.over, ATT_ENDED);
	att_relay_fini(&r);
	assert_reads(far, "more");
	assert_reads(far, "");
	close(far);
}

static void test_program_closes(void **state)
{
	int far = program_takes();

	assert_int_equal(write(far, "last", 4), 4);
	close(far);
	att_relay_pump(&r);
	assert_out("last");
	assert_int_equal(r.over, ATT_ENDED);
	att_relay_fini(&r);
}

/* With something unread, as TCP resets such a connection. */
static void test_program_closes_early(void **state)
{
	int far = program_takes();

	fake.in = "unread";
	att_relay_pump(&r);
	close(far);
	fake.in = *state;
	att_relay_pump(&r);
	assert_int_equal(r.over, ATT_RESET);
	att_relay_fini(&r);
}

static void test_program_reads_no_more(void **state)
{
	int far = program_takes();

	assert_int_equal(shutdown(far, SHUT_RD), 0);
	fake.in = "unwanted";
	att_relay_pump(&r);
	assert_true(fake.shut_rd);
	assert_true(att_relay_is_read(&r));
	assert_int_equal(write(far, "still", 5), 5);
	att_relay_pump(&r);
	assert_out("still");
	assert_int_equal(r.over, ATT_RUNS);
	att_relay_fini(&r);
	close(far);
}

/* A peer that never stops does not keep the relay from what else is asked of it. */
static void test_endless(void **state)
{
	int far = program_takes();

	shutdown(far, SHUT_RD);
	fake.in = "again";
	fake.endless = true;
	att_relay_pump(&r);
	assert_true(r.more);
	att_relay_sleep(&r, -1);
	fake.endless = false;
	att_relay_pump(&r);
	assert_false(r.more);
	att_relay_fini(&r);
	close(far);
}

/* What came before is read, then comes the error, as from TCP; a relay that dies looks alike. */
static void test_reset(void **state)
{
	int far = program_takes();
	char byte;

	fake.in = "before";
	fake.after = *state ? -ECONNRESET : -EAGAIN;
	att_relay_pump(&r);
	assert_int_equal(r.over, *state ? ATT_RESET : ATT_RUNS);
	att_relay_fini(&r);
	assert_reads(far, "before");
	assert_int_equal(recv(far, &byte, 1, MSG_DONTWAIT), -1);
	assert_int_equal(errno, ECONNRESET);
	close(far);
}

/* The kernel has the connection again, whatever the relay was about to do. */
static void test_stale(void **state)
{
	int far = program_takes();

	fake.in = "seen";
	assert_int_equal(write(far, "kept", 4), 4);
	fake.stale = true;
	shutdown(far, SHUT_WR);
	att_relay_pump(&r);
	assert_true(r.moved);
	assert_false(r.up_ended);
	fake.stale = false;
	assert_int_equal(att_relay_use(&r, &fake.end), 0);
	att_relay_pump(&r);
	assert_out("kept");
	assert_true(fake.shut_wr);
	assert_reads(far, "seen");
	att_relay_fini(&r);
	close(far);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_both_ways, setup),
		cmocka_unit_test_setup(test_take_all, setup),
		cmocka_unit_test_setup(test_half_closed, setup),
		cmocka_unit_test_setup(test_program_ends_first, setup),
		cmocka_unit_test_setup(test_program_closes, setup),
		{"closes early", test_program_closes_early, setup, NULL, NULL},
		{"closes early, more comes", test_program_closes_early, setup, NULL, "more"},
		cmocka_unit_test_setup(test_program_reads_no_more, setup),
		cmocka_unit_test_setup(test_endless, setup),
		{"reset", test_reset, setup, NULL, "reset"},
		{"relay dies", test_reset, setup, NULL, NULL},
		cmocka_unit_test_setup(test_stale, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
