/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a migration stands on: every byte of the guest's memory that changes is logged, and nothing
 * else is. rte_vhost_log_write() is replaced when this test is linked (-Wl,--wrap).
 *
 * A byte that is written with what it held before does not change, so each scenario runs twice,
 * over memory of zeros and over memory of ones.
 */
#include "vswitch/port/test_guest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

enum { BYTES = GUEST_RINGS + 2 * GUEST_DATA, SIZE = 256, PACKETS = 12 };

#define BIT(b) (UINT64_C(1) << (b))

static struct pkt_counters counters[2];
static struct pkt_worker worker = {.counters = counters};
static struct guest guest;
static struct driver d;
static uint8_t before[BYTES], changed[BYTES], logged[BYTES];
static uint32_t seed;

void __wrap_rte_vhost_log_write(int vid, uint64_t addr, uint64_t len);

/* Bytes of all regions, counted through. */
static uint32_t number_of(uint64_t gpa)
{
	return (uint32_t)(gpa < GUEST_DATA_GPA ? gpa - GUEST_RINGS_GPA
					       : GUEST_RINGS + (gpa - GUEST_DATA_GPA));
}

void __wrap_rte_vhost_log_write(int vid, uint64_t addr, uint64_t len)
{
	assert_int_equal(vid, 7);
	assert_true(len > 0);
	for (uint64_t i = 0; i < len; i++) {
		guest_at(&guest, addr + i); /* ends the program where there is no such memory */
		logged[number_of(addr + i)] = 1;
	}
}

static uint8_t *memory(uint32_t *base, unsigned int region)
{
	*base = number_of(guest_gpa(region));
	return guest.at[region];
}

static void remember(void)
{
	uint32_t base;

	for (unsigned int i = 0; i < GUEST_REGIONS; i++) {
		const uint8_t *at = memory(&base, i);

		memcpy(before + base, at, guest_size(i));
	}
}

static void compare(void)
{
	uint32_t base;

	for (unsigned int i = 0; i < GUEST_REGIONS; i++) {
		const uint8_t *at = memory(&base, i);

		for (uint32_t k = 0; k < guest_size(i); k++)
			changed[base + k] |= at[k] != before[base + k];
	}
}

/* What the device writes, whatever it holds now. */
static void fill_used(uint8_t fill)
{
	if (d.packed) {
		memset(guest_at(&guest, d.used), fill, 4);
		return;
	}
	memset(guest_at(&guest, d.used), fill, 6 + 8 * SIZE);
}

/* A chain of parts of 1 to `most` bytes, some of them around the border of two regions. */
static void offer(uint32_t len, uint32_t most)
{
	struct guest_part parts[SIZE];
	uint16_t n = 0;

	while (len > 0) {
		uint32_t part = RTE_MIN(len, 1 + test_below(&seed, most));

		parts[n++] =
			(struct guest_part){.gpa = guest_alloc(&guest, part + 3, 1), .len = part};
		len -= part;
	}
	assert_true(driver_add(&d, parts, n, false) >= 0);
}

static void receive_packets(uint8_t fill)
{
	static uint8_t bytes[20000];
	static const uint32_t lengths[PACKETS] = {14,	60,    64,  256,  257,	1514,
						  9000, 15000, 100, 3000, 2036, 20000};
	enum pkt_drop why;
	bool merge = d.ring.mergeable;

	guest.next = GUEST_DATA_GPA + GUEST_DATA - 20000;
	for (int i = 0; i < (merge ? 50 : PACKETS); i++)
		offer(merge ? 2048 : 20012, merge ? 1600 : 15000);
	fill_used(fill);
	memset(bytes, (uint8_t)~fill, sizeof(bytes));
	remember();
	for (int i = 0; i < PACKETS; i++) {
		struct rte_mbuf *m =
			test_chain(worker.data_pool, bytes, lengths[i], 200, 2000, &seed);

		assert_non_null(m);
		assert_int_equal(vhost_ring_tx(&d.ring, &m, 1, &why), 1);
		rte_pktmbuf_free(m);
		vhost_ring_kicks(&d.ring, i & 1);
	}
	compare();
}

static void transmit_packets(uint8_t fill)
{
	struct rte_mbuf *pkts[PACKETS];

	guest.next = GUEST_DATA_GPA + GUEST_DATA - 20000;
	for (int i = 0; i < PACKETS; i++)
		offer(100 + 700 * i, 3000);
	fill_used(fill);
	remember();
	for (int i = 0; i < 3; i++) {
		assert_int_equal(vhost_ring_rx(&d.ring, &worker, 0, pkts, 4), 4);
		rte_pktmbuf_free_bulk(pkts, 4);
		assert_true(vhost_ring_done(&d.ring));
		vhost_ring_kicks(&d.ring, i & 1);
	}
	compare();
}

/* Bytes that are logged and may well stay as they are: a packed ring's slots and event area are
 * logged whole. */
static bool may_stay(uint32_t at)
{
	uint32_t desc = number_of(d.desc), used = number_of(d.used);

	return d.packed && ((at >= desc && at < desc + 16 * SIZE && changed[at / 16 * 16 + 15]) ||
			    (at >= used && at < used + 4));
}

static void run(uint64_t features, bool write)
{
	memset(changed, 0, sizeof(changed));
	memset(logged, 0, sizeof(logged));
	for (int fill = 0; fill < 2; fill++) {
		guest_open(&guest);
		/* What is transmitted stays zero: it begins with a header that asks for nothing. */
		for (unsigned int i = 0; i < (write ? GUEST_REGIONS : 1); i++)
			memset(guest.at[i], fill ? 0xff : 0, guest_size(i));
		driver_open(&d, &guest, features | BIT(VIRTIO_F_VERSION_1) | BIT(VHOST_F_LOG_ALL),
			    SIZE, SIZE - 5, write);
		seed = 99;
		if (write)
			receive_packets(fill ? 0xff : 0);
		else
			transmit_packets(fill ? 0xff : 0);
		driver_close(&d);
		guest_close(&guest);
	}
	for (uint32_t i = 0; i < BYTES; i++) {
		if (changed[i] && !logged[i])
			fail_msg("byte %u changed and is not logged", i);
		if (logged[i] && !changed[i] && !may_stay(i))
			fail_msg("byte %u is logged and was not written", i);
	}
}

static const uint64_t kinds[] = {
	0,
	BIT(VIRTIO_RING_F_EVENT_IDX),
	BIT(VIRTIO_F_RING_PACKED),
	BIT(VIRTIO_F_RING_PACKED) | BIT(VIRTIO_RING_F_EVENT_IDX),
};

static void a_transmit_ring(void **state)
{
	for (unsigned int i = 0; i < RTE_DIM(kinds); i++)
		run(kinds[i], false);
}

static void a_receive_ring(void **state)
{
	for (unsigned int i = 0; i < RTE_DIM(kinds); i++)
		run(kinds[i], true);
}

static void a_ring_of_mergeable_buffers(void **state)
{
	for (unsigned int i = 0; i < RTE_DIM(kinds); i++)
		run(kinds[i] | BIT(VIRTIO_NET_F_MRG_RXBUF), true);
}

static void look(void)
{
}

static int setup(void **state)
{
	static const struct port_env env = {.n_workers = 1, .changed = look};

	test_eal_init();
	port_init(&env);
	worker.data_pool = test_pool("data", 511, 2048);
	worker.header_pool = test_pool("header", 511, 192);
	return pkt_tail_init();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_transmit_ring),
		cmocka_unit_test(a_receive_ring),
		cmocka_unit_test(a_ring_of_mergeable_buffers),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
