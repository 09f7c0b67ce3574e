/* SPDX-License-Identifier: BSD-3-Clause */
/* The record of buffers in flight: a successor gets it as long as the rings are the same. */
#include "hv-core/vhost/front.h"
#include "hv-core/vhost/msg.h"
#include "hv-core/vhost/test_back.h"

#include "base/log.h"

#include <linux/virtio_config.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define VERSION_1 (1ull << VIRTIO_F_VERSION_1)
#define RINGS	  2u
#define SIZE	  16u
#define MEMORY	  8192u

static struct event_base *loop;
static struct hv_vu *vu;
static struct back back;
static struct hv_vu_region region;
static struct hv_vu_ring ring[RINGS];
static char path[64];
static int connections, losses;

static void connected(void *self)
{
	connections++;
}

static void lost(void *self, const char *why)
{
	losses++;
}

static const struct hv_vu_ops ops = {.connected = connected, .lost = lost};

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

static void start(uint16_t size)
{
	struct err e = {0};

	for (unsigned int i = 0; i < RINGS; i++)
		ring[i].size = size;
	assert_int_equal(hv_vu_start(vu, VERSION_1, &region, 1, ring, RINGS, &e), 0);
}

static void killed(void)
{
	int was = connections;

	back_kill(&back);
	until(&losses, losses + 1);
	until(&connections, was + 1);
}

/* What a back end writes down. A new record is all zeros. */
static void note(uint8_t byte)
{
	assert_int_equal(pwrite(back.record_fd, &byte, 1, 0), 1);
}

static uint8_t noted(void)
{
	uint8_t byte;

	assert_int_equal(pread(back.record_fd, &byte, 1, 0), 1);
	return byte;
}

static int open_all(void **state)
{
	struct hv_vu_options o = {.path = path,
				  .fd = -1,
				  .mode = HV_VU_SERVE,
				  .reconnect_ms = 1,
				  .features = VERSION_1,
				  .queues_max = RINGS};
	struct err e = {0};

	connections = losses = 0;
	log_set_level(LOG_LVL_ERR);
	snprintf(path, sizeof(path), "/tmp/hv-record-%d.sock", getpid());
	region = (struct hv_vu_region){.bytes = MEMORY, .fd = memfd_create("memory", MFD_CLOEXEC)};
	assert_int_equal(ftruncate(region.fd, MEMORY), 0);
	region.host = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE, MAP_SHARED, region.fd, 0);
	assert_ptr_not_equal(region.host, MAP_FAILED);
	for (unsigned int i = 0; i < RINGS; i++) {
		uint8_t *at = (uint8_t *)region.host + i * MEMORY / RINGS;

		ring[i] = (struct hv_vu_ring){.desc = at,
					      .driver = at + 1024,
					      .device = at + 2048,
					      .kick_fd = -1,
					      .call_fd = -1,
					      .enabled = true};
	}
	loop = event_base_new();
	vu = hv_vu_new(loop, &o, &ops, NULL, &e);
	assert_non_null(vu);
	back_open(&back, path);
	back.features = VERSION_1 | HV_VU_F_PROTOCOL;
	back.protocol = HV_VU_P_REPLY_ACK | HV_VU_P_INFLIGHT;
	back.queue_num = 1;
	back_start(&back);
	until(&connections, 1);
	start(SIZE);
	assert_int_equal(noted(), 0);
	note(77);
	return 0;
}

static int close_all(void **state)
{
	back_close(&back);
	hv_vu_free(vu);
	event_base_free(loop);
	munmap(region.host, MEMORY);
	close(region.fd);
	return 0;
}

/* A back end that was killed had taken buffers of rings that go on. */
static void a_successor_gets_it(void **state)
{
	uint64_t first[3];

	memcpy(first, back.inflight, sizeof(first));
	killed();
	assert_int_equal(losses, 1);
	start(SIZE);
	assert_int_equal(back.messages[31], 1); /* asked for once */
	assert_int_equal(back.messages[32], 2);
	assert_memory_equal(first, back.inflight, sizeof(first));
	assert_int_equal(noted(), 77);
}

/* Rings that begin anew have nothing in flight, whatever those before them had. */
static void not_of_rings_that_begin_anew(void **state)
{
	killed();
	hv_vu_forget(vu);
	start(SIZE);
	assert_int_equal(noted(), 0);
}

static void not_of_rings_that_stand_still(void **state)
{
	struct err e = {0};

	assert_int_equal(hv_vu_stop(vu, ring, RINGS, &e), 0);
	start(SIZE);
	assert_int_equal(noted(), 0);
	/* Where nobody answers any more, the driver's reset stops them all the same. */
	note(77);
	killed();
	assert_int_equal(hv_vu_stop(vu, ring, RINGS, &e), -ENOTCONN);
	start(SIZE);
	assert_int_equal(noted(), 0);
}

static void not_of_rings_of_another_size(void **state)
{
	killed();
	start(2 * SIZE);
	assert_int_equal(noted(), 0);
}

/* One that keeps no record went on with the rings in between. */
static void not_of_one_before_the_last(void **state)
{
	back.protocol = HV_VU_P_REPLY_ACK;
	killed();
	start(SIZE);
	back.protocol = HV_VU_P_REPLY_ACK | HV_VU_P_INFLIGHT;
	killed();
	start(SIZE);
	assert_int_equal(noted(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_successor_gets_it, open_all, close_all),
		cmocka_unit_test_setup_teardown(not_of_rings_that_begin_anew, open_all, close_all),
		cmocka_unit_test_setup_teardown(not_of_rings_that_stand_still, open_all, close_all),
		cmocka_unit_test_setup_teardown(not_of_rings_of_another_size, open_all, close_all),
		cmocka_unit_test_setup_teardown(not_of_one_before_the_last, open_all, close_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
