/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A flued that is killed loses no buffer of a guest and gives none back twice, and the guest never
 * sees a part of a packet. The ring is write-protected, so that each single store to it is seen;
 * the run ends before the k-th, for each k there is. Then comes a successor, as rte_vhost prepares
 * it (translate_ring_addresses() of DPDK 22.11): it stands where the used index says.
 */
#include "vswitch/port/test_guest.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <sys/mman.h>
#include <ucontext.h>

enum { SIZE = 16, START = 65530, BUFFERS = 11, TRAP_FLAG = 0x100 };

#define BIT(b) (UINT64_C(1) << (b))

static struct pkt_counters counters[2];
static struct pkt_worker worker = {.counters = counters};
static struct guest guest;
static struct driver d;
static struct rte_mbuf *pkts[BUFFERS];
static int heads[BUFFERS];

static sigjmp_buf crash;
static volatile long stores, crash_at, torn;

static void protect(int how)
{
	if (mprotect(guest.at[0], GUEST_RINGS, how) != 0)
		abort();
}

/* A packet in several buffers is used as a whole (virtio 1.2, 5.1.6.4). */
static bool whole_packets(void)
{
	uint16_t at = d.last, used = driver_used_ring(&d)->idx, buffers;

	while (d.write && at != used) {
		uint32_t id = driver_used_ring(&d)->ring[at & (SIZE - 1)].id;
		const uint8_t *header = guest_at(&guest, driver_desc(&d)[id].addr);

		memcpy(&buffers, header + offsetof(struct virtio_net_hdr_mrg_rxbuf, num_buffers),
		       sizeof(buffers));
		if (buffers == 0 || buffers > (uint16_t)(used - at))
			return false;
		at += buffers;
	}
	return true;
}

/* A store: the last one, or it is let through alone. */
static void on_store(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	protect(PROT_READ | PROT_WRITE);
	torn += !whole_packets();
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
		static const uint8_t bytes[700];
		uint32_t seed = 1;

		pkts[0] = test_chain(worker.data_pool, bytes, 700, 700, 1, &seed);
		pkts[1] = test_chain(worker.data_pool, bytes, 14, 14, 1, &seed);
		more = vhost_ring_tx(&d.ring, pkts, 2, &why) > 0 ||
		       vhost_ring_tx(&d.ring, pkts + 1, 1, &why) > 0;
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

/* What rte_vhost makes of the ring when the monitor brings it to a new process. */
static void succeed(void)
{
	struct vhost_ring_conf conf;

	driver_conf(&d, d.write ? 0 : 1, &conf);
	conf.avail_base = conf.used_base = driver_used_ring(&d)->idx;
	assert_int_equal(vhost_ring_init(&d.ring, &conf), 0);
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
}

/* Killed before store k, its successor before store j of its own; the third one lives. false: there
 * is no k-th store. */
static bool try(long k, long j, bool write)
{
	bool killed;

	memset(guest.at[0], 0, GUEST_RINGS);
	guest.next = GUEST_DATA_GPA;
	guest.next_ring = GUEST_RINGS_GPA;
	driver_open(&d, &guest, BIT(VIRTIO_F_VERSION_1) | BIT(VIRTIO_NET_F_MRG_RXBUF), SIZE, START,
		    write);
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
	/* At least one for each buffer, and the index for each burst. */
	assert_true(k > BUFFERS + 2);
	assert_int_equal(torn, 0);
}

static void while_the_guest_transmits(void **state)
{
	killed_at_every_store(false);
}

static void while_the_guest_receives(void **state)
{
	killed_at_every_store(true);
}

static void look(void)
{
}

static int teardown(void **state)
{
	guest_close(&guest);
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
	return pkt_tail_init();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(while_the_guest_transmits),
		cmocka_unit_test(while_the_guest_receives),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
