/* SPDX-License-Identifier: BSD-3-Clause */
/* What the engine is told of segments that only a kernel takes, and how often main is. The engine
 * here is a stand-in. */
#include "offload/chimney/run/odd.h"

#include "packet/test_frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static struct rte_mempool *pool;
static struct chim_conn conn;
static struct {
	unsigned int asked;
	enum chim_upload why;
	uint32_t seq;
	bool forged;
} engine;

bool chim_engine_odd(struct chim_engine *e, struct chim_tcp *c, enum chim_upload why, uint32_t seq)
{
	engine.asked++;
	engine.why = why;
	engine.seq = seq;
	return !engine.forged;
}

static enum chim_upload take(uint8_t ip, bool fragment, bool options, uint64_t now)
{
	static struct test_frame f;
	enum chim_upload why;
	struct rte_mbuf *m;
	uint32_t l4;

	memset(&f, 0, offsetof(struct test_frame, bytes));
	f.dst = 2;
	f.src = 1;
	f.ip = ip;
	f.payload = 100;
	test_frame_build(&f);
	l4 = ip == 4 ? 34 : 54;
	memcpy(f.bytes + l4 + 4, "\x12\x34\x56\x78", 4);
	if (options || (fragment && ip == 6)) {
		memmove(f.bytes + l4 + 8, f.bytes + l4, f.len - l4);
		memcpy(f.bytes + l4, fragment ? "\6\0\0\1\0\0\0\7" : "\6\0\1\4\0\0\0\0", 8);
		f.len += 8;
		f.bytes[19] += 8;
		f.bytes[20] = fragment ? 44 : 60;
	} else if (fragment) {
		f.bytes[20] = 0x20;
	}
	m = test_frame_mbuf(&f, pool);
	why = chim_odd_take(NULL, &conn, m, now);
	rte_pktmbuf_free(m);
	return why;
}

static void tells_why(void **state)
{
	conn = (struct chim_conn){0};
	assert_int_equal(take(4, true, false, 1), CHIM_UPLOAD_FRAGMENTATION);
	assert_int_equal(engine.why, CHIM_UPLOAD_FRAGMENTATION);
	assert_int_equal(engine.seq, 0x12345678);
	engine.seq = 0;
	conn.odd_ns = 0;
	assert_int_equal(take(6, true, false, 1), CHIM_UPLOAD_FRAGMENTATION);
	assert_int_equal(engine.seq, 0x12345678);
	conn.odd_ns = 0;
	assert_int_equal(take(6, false, true, 1), CHIM_UPLOAD_IP_OPTIONS);
	assert_int_equal(engine.why, CHIM_UPLOAD_IP_OPTIONS);
	assert_int_equal(conn.bad_csum, 0);
}

static void not_too_often(void **state)
{
	conn = (struct chim_conn){0};
	engine.asked = 0;
	assert_int_equal(take(4, true, false, 1000), CHIM_UPLOAD_FRAGMENTATION);
	assert_int_equal(take(4, true, false, 1001), CHIM_UPLOAD_NONE);
	assert_int_equal(take(4, true, false, 100000999), CHIM_UPLOAD_NONE);
	assert_int_equal(take(4, true, false, 100001000), CHIM_UPLOAD_FRAGMENTATION);
	/* The engine counts them all. */
	assert_int_equal(engine.asked, 4);
}

static void not_what_is_forged(void **state)
{
	conn = (struct chim_conn){0};
	engine.forged = true;
	assert_int_equal(take(4, true, false, 1000), CHIM_UPLOAD_NONE);
	engine.forged = false;
	assert_int_equal(take(4, true, false, 1001), CHIM_UPLOAD_FRAGMENTATION);
}

static void broken_ones_are_counted(void **state)
{
	conn = (struct chim_conn){0};
	engine.asked = 0;
	assert_int_equal(take(4, false, false, 1000), CHIM_UPLOAD_NONE);
	assert_int_equal(conn.bad_csum, 1);
	assert_int_equal(engine.asked, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_why),
		cmocka_unit_test(not_too_often),
		cmocka_unit_test(not_what_is_forged),
		cmocka_unit_test(broken_ones_are_counted),
	};

	test_eal_init();
	pool = test_pool("data", 255, 2048);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
