/* SPDX-License-Identifier: BSD-3-Clause */
/* The link's life: what each switch that comes is handed, after what happened to the one before. */
#include "hv-core/vhost/link.h"
#include "hv-core/vhost/msg.h"
#include "hv-core/vhost/test_back.h"

#include "base/log.h"

#include <linux/virtio_config.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static struct event_base *loop;
static struct hv_link *cable;
static struct back back;
static char path[64];
static int ups, downs;

static void changed(void *self, bool up)
{
	ups += up;
	downs += !up;
}

static const struct hv_link_ops ops = {.changed = changed};

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

static int open_link(void **state)
{
	struct hv_link_options o = {.path = path, .fd = -1, .mode = HV_VU_SERVE, .name = "nic:0"};
	struct err e = {0};

	ups = downs = 0;
	log_set_level(LOG_LVL_ERR);
	snprintf(path, sizeof(path), "/tmp/hv-link-%d.sock", getpid());
	loop = event_base_new();
	cable = hv_link_new(loop, &o, &ops, NULL, &e);
	if (!loop || !cable)
		return -1;
	back_open(&back, path);
	back.features = 1ull << VIRTIO_F_VERSION_1 | HV_VU_F_PROTOCOL;
	back.protocol = HV_VU_P_REPLY_ACK | HV_VU_P_INFLIGHT;
	back.queue_num = 1;
	back_start(&back);
	return 0;
}

static int close_link(void **state)
{
	back_close(&back);
	hv_link_free(cable);
	event_base_free(loop);
	return 0;
}

/* Something in the record of buffers in flight. A new one is all zeros. */
static void note(void)
{
	const uint8_t byte = 77;

	assert_int_equal(pwrite(back.record_fd, &byte, 1, 0), 1);
}

static bool noted(void)
{
	uint8_t byte = 0;

	assert_int_equal(pread(back.record_fd, &byte, 1, 0), 1);
	return byte;
}

static bool send_one(void)
{
	static uint8_t bytes[60];
	const struct virtio_net_hdr none = {0};
	struct iovec iov = {bytes, sizeof(bytes)};

	return hv_link_send(cable, &iov, 1, &none);
}

/* Its rings begin anew, so a successor of a switch that was killed must not hear of buffers that
 * one had taken: they are none of these rings. */
static void killed_with_buffers_in_flight(void **state)
{
	for (int round = 1; round <= 3; round++) {
		until(&ups, round);
		assert_int_equal(back.base[0], 0);
		assert_int_equal(back.base[1], 0);
		assert_false(noted());
		assert_true(send_one());
		note();
		back_kill(&back);
		until(&downs, round);
	}
}

/* The same where it was lost while the link was stopped, and comes back before the start. */
static void killed_while_stopped(void **state)
{
	until(&ups, 1);
	hv_link_stop(cable);
	note();
	back_kill(&back);
	hv_link_start(cable);
	until(&ups, 2);
	assert_int_equal(back.base[0], 0);
	assert_false(noted());
}

/* Rings that were stopped go on where they stood, with nothing in flight. */
static void stopped_and_started(void **state)
{
	until(&ups, 1);
	note();
	back.base[1] = 3; /* the test's back end moves no frames, but says it did */
	hv_link_stop(cable);
	hv_link_start(cable);
	assert_int_equal(ups, 2);
	assert_int_equal(back.base[0], 0);
	assert_int_equal(back.base[1], 3);
	assert_false(noted());
	assert_int_equal(downs, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(killed_with_buffers_in_flight, open_link,
						close_link),
		cmocka_unit_test_setup_teardown(killed_while_stopped, open_link, close_link),
		cmocka_unit_test_setup_teardown(stopped_and_started, open_link, close_link),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
