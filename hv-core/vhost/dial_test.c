/* SPDX-License-Identifier: BSD-3-Clause */
/* The front end where it may not connect by itself: it asks, and takes what it is given. */
#include "hv-core/vhost/front.h"
#include "hv-core/vhost/sock.h"
#include "hv-core/vhost/test_back.h"

#include "base/log.h"

#include <fcntl.h>
#include <linux/virtio_config.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static struct event_base *loop;
static struct hv_vu *vu;
static struct back back;
static char path[64];
static int listener, connections, losses, dials, answer;

static void connected(void *self)
{
	connections++;
}

static void lost(void *self, const char *why)
{
	losses++;
}

static const struct hv_vu_ops ops = {.connected = connected, .lost = lost};

static int dial(void *arg)
{
	dials++;
	return answer;
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
}

static void until(const int *what, int least)
{
	struct event *tick = event_new(loop, -1, EV_PERSIST, on_tick, NULL);

	event_add(tick, &(struct timeval){.tv_usec = 5000});
	while (*what < least)
		event_base_loop(loop, EVLOOP_ONCE);
	event_free(tick);
}

static int open_front(void **state)
{
	struct hv_vu_options o = {.fd = -1,
				  .mode = HV_VU_CONNECT,
				  .reconnect_ms = 1,
				  .dial = dial,
				  .features = 1ull << VIRTIO_F_VERSION_1,
				  .queues_max = 2};
	struct err e = {0};

	connections = losses = dials = answer = 0;
	log_set_level(LOG_LVL_ERR);
	snprintf(path, sizeof(path), "/tmp/hv-dial-%d.sock", getpid());
	loop = event_base_new();
	listener = hv_vu_listen(path, &e);
	vu = hv_vu_new(loop, &o, &ops, NULL, &e);
	return loop && listener >= 0 && vu ? 0 : -1;
}

static int close_front(void **state)
{
	hv_vu_free(vu);
	close(listener);
	unlink(path);
	event_base_free(loop);
	return 0;
}

/* The back end connects here; its other end is what a supervisor would hand in. */
static int from_back_end(void)
{
	int fd = -1;

	while (fd < 0)
		fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	return fd;
}

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static void what_was_given_is_used_and_asked_for_again(void **state)
{
	until(&dials, 1);
	back_open(&back, path);
	back.features = 1ull << VIRTIO_F_VERSION_1 | HV_VU_F_PROTOCOL;
	back.queue_num = 2;
	back_start(&back);
	hv_vu_give(vu, from_back_end());
	assert_int_equal(connections, 1);
	assert_int_equal(dials, 1);
	back_kill(&back);
	until(&losses, 1);
	until(&dials, 2);
	hv_vu_give(vu, from_back_end());
	assert_int_equal(connections, 2);
	back_close(&back);
}

static void a_failure_is_asked_again(void **state)
{
	until(&dials, 1);
	hv_vu_give(vu, -ECONNREFUSED);
	until(&dials, 2);
	assert_int_equal(connections, 0);
}

static void it_asks_again_when_nobody_heard(void **state)
{
	answer = -EAGAIN;
	until(&dials, 3);
	answer = 0;
	until(&dials, 4);
	hv_vu_give(vu, -ENOENT);
	until(&dials, 5);
}

/* While an answer is awaited nothing else is asked; and what nobody asked for is not kept. */
static void only_what_was_asked_for(void **state)
{
	int pair[2], again[2];

	until(&dials, 1);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, again), 0);
	close(pair[1]); /* a back end that is gone at once: refused */
	hv_vu_give(vu, pair[0]);
	assert_int_equal(connections, 0);
	assert_false(is_open(pair[0]));
	hv_vu_give(vu, again[0]);
	assert_false(is_open(again[0]));
	close(again[1]);
	hv_vu_give(vu, -ECONNREFUSED);
	until(&dials, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_was_given_is_used_and_asked_for_again,
						open_front, close_front),
		cmocka_unit_test_setup_teardown(a_failure_is_asked_again, open_front, close_front),
		cmocka_unit_test_setup_teardown(it_asks_again_when_nobody_heard, open_front,
						close_front),
		cmocka_unit_test_setup_teardown(only_what_was_asked_for, open_front, close_front),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
