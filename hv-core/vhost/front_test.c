/* SPDX-License-Identifier: BSD-3-Clause */
/* The front end against a back end in a thread: one that does as told, and one that does not. */
#include "hv-core/vhost/front.h"
#include "hv-core/vhost/msg.h"
#include "hv-core/vhost/test_back.h"
#include "hv-core/vhost/test_driver.h"

#include "base/log.h"

#include <dirent.h>
#include <linux/virtio_config.h>
#include <linux/virtio_net.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <sys/eventfd.h>

#define PROTOCOL                                                                               \
	(HV_VU_P_MQ | HV_VU_P_LOG_SHMFD | HV_VU_P_RARP | HV_VU_P_REPLY_ACK | HV_VU_P_NET_MTU | \
	 HV_VU_P_BACKEND_REQ | HV_VU_P_CONFIG | HV_VU_P_INFLIGHT | HV_VU_P_STATUS)
#define VERSION_1 (1ull << VIRTIO_F_VERSION_1)
#define MTU	  (1ull << VIRTIO_NET_F_MTU)
#define RINGS	  4u
#define MEMORY	  (1u << 20)
#define GPA	  0x100000ull

static struct event_base *loop;
static struct hv_vu *vu;
static struct back back;
static struct hv_vu_region region;
static struct hv_vu_ring ring[RINGS];
static struct driver driver[RINGS];
static char path[64];
static int connections, losses, changes;

static void connected(void *self)
{
	connections++;
}

static void lost(void *self, const char *why)
{
	assert_true(why[0] != '\0');
	losses++;
}

static void config_changed(void *self)
{
	changes++;
}

static const struct hv_vu_ops ops = {connected, lost, config_changed};

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
}

/* Runs the loop until *what is at least that; whatever hangs is ended by the test's own limit. */
static void until(const int *what, int least)
{
	struct event *tick = event_new(loop, -1, EV_PERSIST, on_tick, NULL);

	event_add(tick, &(struct timeval){.tv_usec = 5000});
	while (*what < least)
		event_base_loop(loop, EVLOOP_ONCE);
	event_free(tick);
}

static int descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

static void open_front(void)
{
	struct hv_vu_options o = {.path = path,
				  .fd = -1,
				  .mode = HV_VU_SERVE,
				  .reconnect_ms = 1,
				  .features = VERSION_1 | MTU,
				  .queues_max = RINGS,
				  .mtu = 9000};
	struct err e = {0};

	connections = losses = changes = 0;
	vu = hv_vu_new(loop, &o, &ops, NULL, &e);
	assert_non_null(vu);
	back_open(&back, path);
	back.features = VERSION_1 | MTU | HV_VU_F_PROTOCOL | HV_VU_F_LOG_ALL | 1ull << 60;
	back.protocol = PROTOCOL | 1ull << 40;
	back.queue_num = 16;
}

static void close_front(void)
{
	back_close(&back);
	hv_vu_free(vu);
	assert_int_equal(access(path, F_OK), -1);
}

static int start(struct err *e)
{
	return hv_vu_start(vu, VERSION_1 | MTU, &region, 1, ring, RINGS, e);
}

static void all_is_said(void **state)
{
	struct hv_vu_ring stopped[RINGS];
	struct err e = {0};
	uint64_t kicks;

	open_front();
	back_start(&back);
	until(&connections, 1);
	assert_true(hv_vu_is_connected(vu));
	assert_int_equal(hv_vu_features(vu), VERSION_1 | MTU);
	assert_int_equal(hv_vu_queue_pairs(vu), 16);
	assert_int_equal(hv_vu_mtu(vu), 1234);
	assert_int_equal(back.set_protocol, PROTOCOL);
	assert_int_equal(start(&e), 0);
	assert_int_equal(back.set_features, VERSION_1 | MTU | HV_VU_F_PROTOCOL);
	assert_int_equal(back.mtu, 9000);
	assert_int_equal(back.regions, 1);
	assert_int_equal(back.status, 15);
	assert_int_equal(back.inflight[0], 4096);
	for (unsigned int i = 0; i < RINGS; i++) {
		assert_int_equal(back.num[i], ring[i].size);
		assert_int_equal(back.base[i], ring[i].base);
		assert_int_equal(back.enabled[i], ring[i].enabled);
		assert_int_equal(back.addr[i][0], (uintptr_t)ring[i].desc);
		assert_int_equal(back.addr[i][1], (uintptr_t)ring[i].device);
		assert_int_equal(back.addr[i][2], (uintptr_t)ring[i].driver);
		assert_int_equal(read(back.kick[i], &kicks, 8), 8);
	}
	assert_int_equal(back.call[1], -1);
	assert_int_equal(hv_vu_set_call(vu, 1, ring[0].call_fd, &e), 0);
	assert_true(back.call[1] >= 0);
	assert_int_equal(hv_vu_enable(vu, 3, true, &e), 0);
	assert_int_equal(back.enabled[3], 1);
	assert_int_equal(hv_vu_announce(vu, (const uint8_t[]){2, 3, 4, 5, 6, 7}, &e), 0);
	assert_int_equal(back.rarp, 0x070605040302);
	memcpy(stopped, ring, sizeof(ring));
	back.base[2] = 77;
	assert_int_equal(hv_vu_stop(vu, stopped, RINGS, &e), 0);
	assert_int_equal(stopped[2].base, 77);
	assert_int_equal(stopped[1].base, ring[1].base);
	assert_int_equal(back.status, 0);
	assert_int_equal(hv_vu_set_call(vu, 1, -1, &e), -ENOTCONN);
	assert_int_equal(losses, 0);
	close_front();
}

static void a_plain_back_end(void **state)
{
	struct hv_vu_ring copy[RINGS];
	struct err e = {0};

	open_front();
	back.features = VERSION_1 | MTU;
	back_start(&back);
	until(&connections, 1);
	assert_int_equal(hv_vu_queue_pairs(vu), 1);
	assert_int_equal(start(&e), -ENOTSUP); /* four rings */
	until(&connections, 2);
	assert_int_equal(hv_vu_start(vu, VERSION_1, &region, 1, ring, 2, &e), 0);
	memcpy(copy, ring, sizeof(copy));
	assert_int_equal(hv_vu_stop(vu, copy, 2, &e), 0); /* by its answer all has arrived */
	assert_int_equal(back.set_features, VERSION_1);
	assert_int_equal(back.messages[18], 0);
	assert_int_equal(hv_vu_start(vu, VERSION_1, &region, 1, ring, 2, &e), 0);
	assert_int_equal(hv_vu_announce(vu, (const uint8_t[6]){2}, &e), -EOPNOTSUPP);
	assert_int_equal(hv_vu_log_on(vu, MEMORY, &e), -EOPNOTSUPP);
	close_front();
}

static void features_it_lacks(void **state)
{
	struct err e = {0};

	open_front();
	back.features &= ~MTU;
	back_start(&back);
	until(&connections, 1);
	assert_int_equal(start(&e), -ENOTSUP);
	assert_non_null(strstr(e.text, "0x8"));
	until(&losses, 1);
	until(&connections, 2);
	close_front();
}

/* Whatever goes wrong at whichever answer: the connection ends, and the next one works. */
static void every_fault_at_every_answer(void **state)
{
	for (int fault = BACK_CLOSE; fault < BACK_FAULTS; fault++) {
		int answers = 0;

		for (int k = 0;; k += fault == BACK_STALL ? 9 : 1) {
			struct hv_vu_ring copy[RINGS];
			struct err e = {0};
			int before = descriptors();
			bool wrong, reached;

			open_front();
			back.fault = (enum back_fault)fault;
			back.fault_at = k;
			back.faulty = 1;
			back_start(&back);
			until(&connections, 1);
			/* What went wrong before that is seen by this being the second one. */
			wrong = start(&e) != 0;
			memcpy(copy, ring, sizeof(copy));
			wrong = wrong || hv_vu_stop(vu, copy, RINGS, &e) != 0;
			reached = back.connections > 1 || back.answers > k;
			if (fault == BACK_UNASKED && reached && back.connections == 1 && !wrong) {
				until(&losses, 1);
				wrong = true;
			}
			if (wrong) {
				until(&losses, 1);
				until(&connections, 2);
				assert_int_equal(start(&e), 0);
				memcpy(copy, ring, sizeof(copy));
				assert_int_equal(hv_vu_stop(vu, copy, RINGS, &e), 0);
			}
			/* All bits set may be good features; everything else is noticed. */
			if (reached && fault != BACK_GARBAGE)
				assert_true(back.connections > 1);
			close_front();
			assert_int_equal(descriptors(), before);
			answers = k;
			if (!reached && !wrong)
				break;
			assert_true(k < 100);
		}
		/* Seven to find out, one for each order of the start, and those of the stop. */
		assert_true(answers > 30);
	}
}

/* Its own channel: a change is told, what is not known is refused, and garbage ends it. */
static void the_back_ends_channel(void **state)
{
	struct back_msg m = {.request = 2, .flags = 0x9};
	uint64_t answer = 99;

	open_front();
	back_start(&back);
	until(&connections, 1);
	while (back.request_fd < 0)
		usleep(1000);
	back_send_raw(back.request_fd, &m, 12, NULL, 0);
	until(&changes, 1);
	assert_int_equal(back_read(back.request_fd, &m, 20), 0);
	memcpy(&answer, m.payload, 8);
	assert_int_equal(answer, 0);
	m = (struct back_msg){.request = 3, .flags = 0x9, .size = 8};
	back_send_raw(back.request_fd, &m, 20, NULL, 0);
	for (int n = 0; n < 1;) { /* the answer comes from the loop */
		event_base_loop(loop, EVLOOP_NONBLOCK);
		n = (int)(recv(back.request_fd, &m, 20, MSG_DONTWAIT) == 20);
	}
	memcpy(&answer, m.payload, 8);
	assert_int_equal(answer, 1);
	assert_int_equal(changes, 1);
	m = (struct back_msg){.request = 2, .flags = 0x2};
	back_send_raw(back.request_fd, &m, 12, NULL, 0);
	until(&losses, 1);
	until(&connections, 2);
	close_front();
}

static void the_dirty_log(void **state)
{
	struct err e = {0};
	uint64_t bits[MEMORY / 4096 / 64 + 8] = {0}, *log;

	open_front();
	back_start(&back);
	until(&connections, 1);
	assert_int_equal(start(&e), 0);
	assert_int_equal(hv_vu_log_on(vu, GPA + MEMORY, &e), 0);
	assert_int_equal(hv_vu_log_on(vu, GPA + MEMORY, &e), -EBUSY);
	assert_true(back.set_features & HV_VU_F_LOG_ALL);
	assert_int_equal(back.addr[0][3], ring[0].device_gpa);
	log = mmap(NULL, back.log_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, back.log_fd, 0);
	assert_ptr_not_equal(log, MAP_FAILED);
	log[2] = 5;
	assert_int_equal(hv_vu_log_take(vu, bits), 2);
	assert_int_equal(bits[2], 5);
	assert_int_equal(log[2], 0);
	log[2] = 7;
	assert_int_equal(hv_vu_log_take(vu, bits), 1);
	/* It goes on with the next back end. */
	back_kill(&back);
	until(&connections, 2);
	assert_int_equal(start(&e), 0);
	assert_int_equal(back.messages[6], 2);
	hv_vu_log_off(vu);
	assert_false(back.set_features & HV_VU_F_LOG_ALL);
	assert_int_equal(back.addr[0][3], 0);
	munmap(log, back.log_bytes);
	close_front();
}

static int setup(void **state)
{
	uint8_t *at;
	int fd = memfd_create("memory", MFD_CLOEXEC);

	log_set_level(LOG_LVL_ERR);
	loop = event_base_new();
	snprintf(path, sizeof(path), "/tmp/hv-front-%d.sock", getpid());
	if (!loop || fd < 0 || ftruncate(fd, MEMORY) != 0)
		return -1;
	at = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		return -1;
	region = (struct hv_vu_region){.gpa = GPA, .bytes = MEMORY, .host = at, .fd = fd};
	for (unsigned int i = 0; i < RINGS; i++) {
		driver_open(&driver[i], at + i * 65536u, 256, false);
		driver_ring(&driver[i], &ring[i]);
		ring[i].base = (uint16_t)(100 + i);
		ring[i].device_gpa = GPA + i * 65536u;
		ring[i].kick_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		ring[i].call_fd = i == 1 ? -1 : eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		ring[i].enabled = i < 2;
	}
	return 0;
}

static int teardown(void **state)
{
	for (unsigned int i = 0; i < RINGS; i++) {
		close(ring[i].kick_fd);
		if (ring[i].call_fd >= 0)
			close(ring[i].call_fd);
	}
	munmap(region.host, MEMORY);
	close(region.fd);
	event_base_free(loop);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_is_said),
		cmocka_unit_test(a_plain_back_end),
		cmocka_unit_test(features_it_lacks),
		cmocka_unit_test(every_fault_at_every_answer),
		cmocka_unit_test(the_back_ends_channel),
		cmocka_unit_test(the_dirty_log),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
