/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A flued that is killed loses no buffer of a guest and gives none back twice (vhost-user,
 * "Inflight I/O tracking"). The ring and the record of it are write-protected, so that each single
 * store to them is seen; the run ends before the k-th, for each k there is. Then comes a successor,
 * as rte_vhost prepares it (vhost_check_queue_inflights_split() of DPDK 22.11).
 */
#include "vswitch/port/test_guest.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <sys/mman.h>
#include <ucontext.h>

enum { SIZE = 16, BUFFERS = 11, RECORD_BYTES = 4096, TRAP_FLAG = 0x100 };

#define BIT(b) (UINT64_C(1) << (b))

static struct pkt_counters counters[2];
static struct pkt_worker worker = {.counters = counters};
static struct guest guest;
static struct driver d;
static struct rte_vhost_inflight_info_split *record;
static struct rte_mbuf *pkts[BUFFERS];
static int heads[BUFFERS];

static sigjmp_buf crash;
static volatile long stores, crash_at;

static void protect(int how)
{
	if (mprotect(guest.at[0], GUEST_RINGS, how) != 0 ||
	    mprotect(record, RECORD_BYTES, how) != 0)
		abort();
}

/* A store: the last one, or it is let through alone. */
static void on_store(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	protect(PROT_READ | PROT_WRITE);
	if (++stores == crash_at)
		siglongjmp(crash, 1);
	uc->uc_mcontext.gregs[REG_EFL] |= TRAP_FLAG;
}

static void on_step(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	uc->uc_mcontext.gregs[REG_EFL] &= ~TRAP_FLAG;
	protect(PROT_READ);
}

static void free_packets(void)
{
	for (int i = 0; i < BUFFERS; i++) {
		rte_pktmbuf_free(pkts[i]);
		pkts[i] = NULL;
	}
}

/* What the switch does with all that the guest made available, three buffers at a time. */
static void serve(void)
{
	enum pkt_drop why;

	if (!d.write) {
		while (vhost_ring_rx(&d.ring, &worker, 0, pkts, 3) > 0) {
			free_packets();
			(void)vhost_ring_done(&d.ring);
		}
		return;
	}
	for (bool more = true; more;) {
		static const uint8_t bytes[300];
		uint32_t seed = 1;

		pkts[0] = test_chain(worker.data_pool, bytes, 250, 250, 1, &seed);
		pkts[1] = test_chain(worker.data_pool, bytes, 14, 14, 1, &seed);
		more = vhost_ring_tx(&d.ring, pkts, 2, &why) > 0;
		free_packets();
	}
}

/* The same, and killed before store number k, or never. true: it was killed. */
static bool serve_until(long k)
{
	struct sigaction store = {.sa_sigaction = on_store, .sa_flags = SA_SIGINFO | SA_NODEFER};
	struct sigaction step = {.sa_sigaction = on_step, .sa_flags = SA_SIGINFO | SA_NODEFER};
	struct sigaction was_store, was_step;
	volatile bool killed = true;

	sigaction(SIGSEGV, &store, &was_store);
	sigaction(SIGTRAP, &step, &was_step);
	stores = 0;
	crash_at = k;
	if (sigsetjmp(crash, 1) == 0) {
		protect(PROT_READ);
		serve();
		protect(PROT_READ | PROT_WRITE);
		killed = false;
	}
	free_packets();
	sigaction(SIGSEGV, &was_store, NULL);
	sigaction(SIGTRAP, &was_step, NULL);
	return killed;
}

/* The last one taken comes first (resubmit_desc_compare()). */
static int by_counter(const void *a, const void *b)
{
	const struct rte_vhost_resubmit_desc *x = a, *y = b;

	return y->counter > x->counter ? 1 : -1;
}

/* What rte_vhost makes of the record when the monitor brings it to a new process. */
static void succeed(void)
{
	static struct rte_vhost_resubmit_desc list[SIZE];
	static struct rte_vhost_resubmit_info resubmit;
	struct rte_vhost_ring_inflight info = {.inflight_split = record};
	struct vhost_ring_conf conf;
	uint16_t used = driver_used_ring(&d)->idx;

	if (record->used_idx != used) {
		record->desc[record->last_inflight_io].inflight = 0;
		record->used_idx = used;
	}
	resubmit = (struct rte_vhost_resubmit_info){.resubmit_list = list};
	for (uint16_t i = 0; i < record->desc_num; i++)
		if (record->desc[i].inflight)
			list[resubmit.resubmit_num++] = (struct rte_vhost_resubmit_desc){
				.index = i, .counter = record->desc[i].counter};
	qsort(list, resubmit.resubmit_num, sizeof(list[0]), by_counter);
	if (resubmit.resubmit_num > 0)
		info.resubmit_inflight = &resubmit;
	driver_conf(&d, d.write ? 0 : 1, &conf);
	conf.used_base = used;
	conf.avail_base = used + resubmit.resubmit_num;
	assert_int_equal(vhost_ring_init(&d.ring, &conf), 0);
	assert_int_equal(vhost_ring_set_inflight(&d.ring, &info, 0), 0);
}

/* All buffers came back in the order in which they were made available; driver_used() ends the
 * program where one does so twice. */
static void all_came_back(void)
{
	uint32_t n = 0, len;
	uint16_t id;

	while (driver_used(&d, &id, &len))
		assert_int_equal(id, heads[n++]);
	assert_int_equal(n, BUFFERS);
	for (int i = 0; i < SIZE; i++)
		assert_int_equal(record->desc[i].inflight, 0);
	assert_int_equal(record->used_idx, driver_used_ring(&d)->idx);
}

/* Killed before store k, its successor before store j of its own; the third one lives. false: there
 * is no k-th store. */
static bool try(long k, long j, bool write)
{
	bool killed;

	memset(record, 0, RECORD_BYTES);
	record->desc_num = SIZE;
	memset(guest.at[0], 0, GUEST_RINGS);
	guest.next = GUEST_DATA_GPA;
	guest.next_ring = GUEST_RINGS_GPA;
	driver_open(&d, &guest, BIT(VIRTIO_F_VERSION_1), SIZE, 65530, write);
	record->used_idx = 65530;
	succeed();
	for (int i = 0; i < BUFFERS; i++) {
		struct guest_part parts[2] = {{guest_alloc(&guest, 300, 1), 300},
					      {guest_alloc(&guest, 300, 1), 300}};

		/* Eleven buffers of sixteen descriptors. */
		heads[i] = driver_add(&d, parts, i < SIZE - BUFFERS ? 2 : 1, false);
		assert_true(heads[i] >= 0);
	}
	killed = serve_until(k);
	if (killed) {
		succeed();
		if (serve_until(j)) {
			succeed();
			assert_false(serve_until(0));
		}
	}
	all_came_back();
	driver_close(&d);
	return killed;
}

static void killed_at_every_store(bool write)
{
	long k = 1;

	for (; try(k, 0, write); k++)
		for (long j = 1 + k * 7 % 20; j < 60; j += 20)
			try(k, j, write);
	/* At least head, record and used ring of each buffer. */
	assert_true(k > 6 * BUFFERS);
}

static void while_the_guest_transmits(void **state)
{
	killed_at_every_store(false);
}

static void while_the_guest_receives(void **state)
{
	killed_at_every_store(true);
}

/* The monitor can write to it, and rte_vhost does not compare it with the ring. */
static void a_record_too_small(void **state)
{
	struct rte_vhost_ring_inflight info = {.inflight_split = record};

	driver_open(&d, &guest, BIT(VIRTIO_F_VERSION_1), SIZE, 0, false);
	record->desc_num = SIZE - 1;
	assert_int_equal(vhost_ring_set_inflight(&d.ring, &info, 0), -EINVAL);
	assert_null(d.ring.inflight);
	driver_close(&d);
}

static void look(void)
{
}

static int teardown(void **state)
{
	guest_close(&guest);
	free(record);
	return 0;
}

static int setup(void **state)
{
	static const struct port_env env = {.n_workers = 1, .changed = look};

	test_eal_init();
	port_init(&env);
	worker.data_pool = test_pool("data", 511, 2048);
	worker.header_pool = test_pool("header", 511, 192);
	guest_open(&guest);
	record = aligned_alloc(RECORD_BYTES, RECORD_BYTES);
	return record ? pkt_tail_init() : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(while_the_guest_transmits),
		cmocka_unit_test(while_the_guest_receives),
		cmocka_unit_test(a_record_too_small),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
