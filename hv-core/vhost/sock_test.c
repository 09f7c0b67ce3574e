/* SPDX-License-Identifier: BSD-3-Clause */
/* Sockets: which path may be listened at, and what is left alone. Messages: their bytes, as the
 * protocol's text has them. */
#include "hv-core/vhost/front.h"
#include "hv-core/vhost/msg.h"
#include "hv-core/vhost/sock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct event_base *loop;
static char path[64];
static const struct hv_vu_ops ops;

static void is(const struct hv_vu_msg *m, uint32_t request, const void *payload, uint32_t bytes)
{
	assert_int_equal(m->request, request);
	assert_int_equal(m->flags, 1);
	assert_int_equal(m->size, bytes);
	assert_memory_equal(m->payload, payload, bytes);
}

static void messages(void **state)
{
	static const uint8_t base[] = {3, 0, 0, 0, 0x11, 0x22, 0, 0};
	const uint64_t regions[] = {1, 0x100000, 0x2000, 0x7000, 0x3000};
	const uint64_t addr[] = {2 | 1ull << 32, 0x1000, 0x3000, 0x2000, 0x9000};
	const uint64_t record[] = {4096, 64, 4 | 256 << 16};
	const uint64_t log[] = {0x8000, 0};
	const struct hv_vu_region r = {
		.gpa = 0x100000, .bytes = 0x2000, .offset = 0x3000, .host = (void *)0x7000};
	const struct hv_vu_ring ring = {
		.desc = (void *)0x1000, .driver = (void *)0x2000, .device = (void *)0x3000};
	const struct hv_vu_record rec = {4096, 64, 4, 256};
	struct hv_vu_msg m;

	hv_vu_msg_state(&m, HV_VU_SET_VRING_BASE, 3, 0x2211);
	is(&m, 10, base, 8);
	hv_vu_msg_regions(&m, &r, 1);
	is(&m, 5, regions, 40);
	hv_vu_msg_addr(&m, 2, &ring, 0x9000);
	is(&m, 9, addr, 40);
	hv_vu_msg_record(&m, HV_VU_SET_INFLIGHT_FD, &rec);
	assert_int_equal(m.size, 24);
	assert_memory_equal(m.payload, record, 20);
	hv_vu_msg_log(&m, 0x8000);
	is(&m, 6, log, 16);
	hv_vu_msg_empty(&m, HV_VU_SET_OWNER);
	is(&m, 3, "", 0);
}

static void paths(void **state)
{
	struct hv_vu_options o = {.path = path, .fd = -1, .mode = HV_VU_SERVE, .queues_max = 2};
	char longer[200];
	struct err e = {0};
	struct hv_vu *v;
	FILE *f = fopen(path, "w");
	int s;

	/* A file that is no socket stays. */
	assert_non_null(f);
	fclose(f);
	assert_null(hv_vu_new(loop, &o, &ops, NULL, &e));
	assert_int_equal(e.code, -EADDRINUSE);
	assert_int_equal(access(path, F_OK), 0);
	unlink(path);
	/* A socket nobody listens on is replaced; one that somebody does, not. */
	s = hv_vu_listen(path, &e);
	assert_true(s >= 0);
	assert_null(hv_vu_new(loop, &o, &ops, NULL, &e));
	close(s);
	v = hv_vu_new(loop, &o, &ops, NULL, &e);
	assert_non_null(v);
	hv_vu_free(v);
	memset(longer, 'x', sizeof(longer));
	longer[sizeof(longer) - 1] = '\0';
	o.path = longer;
	assert_null(hv_vu_new(loop, &o, &ops, NULL, &e));
	assert_int_equal(e.code, -ENAMETOOLONG);
	o.path = NULL;
	assert_null(hv_vu_new(loop, &o, &ops, NULL, &e));
}

static int setup(void **state)
{
	snprintf(path, sizeof(path), "/tmp/hv-sock-%d.sock", getpid());
	loop = event_base_new();
	return loop ? 0 : -1;
}

static int teardown(void **state)
{
	event_base_free(loop);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages),
		cmocka_unit_test(paths),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
