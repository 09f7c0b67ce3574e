/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * When the guest is interrupted, when it is to kick, and which rings are not served at all.
 * Interrupts are compared with a model that walks over each used place and asks whether it is the
 * one the guest named (virtio 1.2, 2.7.7, 2.7.10, 2.8.10), so it knows no arithmetic of wrapping.
 */
#include "vswitch/port/test_guest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

enum { ROUNDS = 3000 };

#define BIT(b) (UINT64_C(1) << (b))

static struct pkt_counters counters[2];
static struct pkt_worker worker = {.counters = counters};
static struct guest guest;
static struct driver d;
static uint32_t seed;
static unsigned int looks;

static void open_ring(uint64_t features, uint16_t size, uint16_t start, bool write)
{
	guest_open(&guest);
	driver_open(&d, &guest, features | BIT(VIRTIO_F_VERSION_1), size, start, write);
}

static void close_ring(void)
{
	driver_close(&d);
	guest_close(&guest);
	assert_int_equal(rte_mempool_avail_count(worker.data_pool), 255);
}

/* The guest sends n packets of up to three descriptors. Returns how many there was room for. */
static uint16_t send(uint16_t n)
{
	uint16_t k;

	guest.next = GUEST_DATA_GPA;
	for (k = 0; k < n; k++) {
		struct guest_part parts[3];
		uint16_t m = 1 + test_below(&seed, 3);

		for (uint16_t i = 0; i < m; i++)
			parts[i] =
				(struct guest_part){.gpa = guest_alloc(&guest, 30, 1), .len = 30};
		if (driver_add(&d, parts, m, false) < 0)
			break;
	}
	return k;
}

/* The switch takes n packets and is done with them. */
static void serve(uint16_t n)
{
	struct rte_mbuf *pkts[PKT_RX_MAX];

	assert_int_equal(vhost_ring_rx(&d.ring, &worker, 0, pkts, PKT_RX_MAX), n);
	rte_pktmbuf_free_bulk(pkts, n);
	assert_true(vhost_ring_done(&d.ring));
}

static void take_back(uint16_t n)
{
	uint16_t id;
	uint32_t len;

	for (; n > 0; n--)
		assert_true(driver_used(&d, &id, &len));
	assert_false(driver_used(&d, &id, &len));
}

static void with_event_index_split(void **state)
{
	bool first = true;

	seed = 5;
	open_ring(BIT(VIRTIO_RING_F_EVENT_IDX), 16, 65500, false);
	for (int i = 0; i < ROUNDS; i++) {
		uint16_t was = d.last, event = was + test_below(&seed, 24) - 5, n;
		bool due = first;

		driver_avail(&d)->ring[d.size] = event;
		n = send(1 + test_below(&seed, 8));
		serve(n);
		for (uint16_t k = 0; k < n; k++)
			due |= (uint16_t)(was + k) == event;
		assert_int_equal(driver_calls(&d), due);
		first = false;
		take_back(n);
	}
	close_ring();
}

/* Steps over a packed ring. */
static void next_slot(uint16_t *at, bool *wrap)
{
	if (++*at < d.size)
		return;
	*at = 0;
	*wrap = !*wrap;
}

static bool passes(uint16_t event)
{
	uint16_t at = d.last;

	/* Between where the guest is and where the device is now. */
	for (bool wrap = d.last_wrap; at != d.ring.used_idx || wrap != d.ring.used_wrap;
	     next_slot(&at, &wrap))
		if (event == (uint16_t)(at | wrap << 15))
			return true;
	return false;
}

static void with_event_index_packed(void **state)
{
	static const uint16_t sizes[] = {7, 8, 64};

	seed = 6;
	for (unsigned int s = 0; s < RTE_DIM(sizes); s++) {
		bool told = false;

		open_ring(BIT(VIRTIO_RING_F_EVENT_IDX) | BIT(VIRTIO_F_RING_PACKED), sizes[s], 3,
			  false);
		for (int i = 0; i < ROUNDS; i++) {
			struct vring_packed_desc_event *e = driver_event(&d, d.avail);
			uint16_t at = d.last, n, flags = test_below(&seed, 5);
			bool wrap = d.last_wrap, due;

			for (uint32_t k = test_below(&seed, d.size + 1u); k > 0; k--)
				next_slot(&at, &wrap);
			e->off_wrap = (uint16_t)(at | wrap << 15);
			flags = flags > 2 ? VRING_PACKED_EVENT_FLAG_DESC : flags;
			e->flags = flags;
			n = send(1 + test_below(&seed, 8));
			serve(n);
			due = flags == VRING_PACKED_EVENT_FLAG_ENABLE ||
			      (flags == VRING_PACKED_EVENT_FLAG_DESC &&
			       (!told || passes(e->off_wrap)));
			assert_int_equal(driver_calls(&d), due);
			told |= flags != VRING_PACKED_EVENT_FLAG_DISABLE;
			take_back(n);
		}
		close_ring();
	}
}

static void without_event_index(void **state)
{
	for (int packed = 0; packed < 2; packed++) {
		open_ring(packed ? BIT(VIRTIO_F_RING_PACKED) : 0, 16, 65530, false);
		for (int off = 0; off < 2; off++) {
			if (packed)
				driver_event(&d, d.avail)->flags = off;
			else
				driver_avail(&d)->flags = off;
			assert_int_equal(send(3), 3);
			serve(3);
			assert_int_equal(driver_calls(&d), !off);
			take_back(3);
		}
		close_ring();
	}
}

/* Would the guest kick when it goes on from here by n buffers? */
static bool kicks(uint16_t n)
{
	const struct vring_packed_desc_event *e = driver_event(&d, d.used);
	uint16_t at = d.next;
	bool wrap = d.wrap, due = false;

	if (!d.packed && !d.ring.event_idx)
		return !(driver_used_ring(&d)->flags & VRING_USED_F_NO_NOTIFY);
	if (d.packed && e->flags != VRING_PACKED_EVENT_FLAG_DESC)
		return e->flags == VRING_PACKED_EVENT_FLAG_ENABLE;
	for (; n > 0; n--) {
		uint16_t event;

		memcpy(&event,
		       d.packed ? (const void *)&e->off_wrap
				: (const void *)&driver_used_ring(&d)->ring[d.size],
		       2);
		due |= event == (d.packed ? (uint16_t)(at | wrap << 15) : at);
		if (d.packed)
			next_slot(&at, &wrap);
		else
			at++;
	}
	return due;
}

static void kicks_where_they_are_wanted(void **state)
{
	static const uint64_t kinds[] = {0, BIT(VIRTIO_RING_F_EVENT_IDX), BIT(VIRTIO_F_RING_PACKED),
					 BIT(VIRTIO_F_RING_PACKED) | BIT(VIRTIO_RING_F_EVENT_IDX)};

	seed = 8;
	for (unsigned int i = 0; i < RTE_DIM(kinds); i++) {
		open_ring(kinds[i], 16, 65530, false);
		for (int k = 0; k < 60; k++) {
			uint16_t n;

			vhost_ring_kicks(&d.ring, true);
			assert_true(kicks(1));
			vhost_ring_kicks(&d.ring, false);
			assert_false(kicks(d.size));
			n = send(1 + test_below(&seed, 4));
			serve(n);
			assert_false(kicks(d.size));
			take_back(n);
		}
		close_ring();
	}
}

/* From then on nothing of the guest's is touched. */
static void a_hostile_index(void **state)
{
	struct rte_mbuf *pkts[PKT_RX_MAX];
	enum pkt_drop why;

	open_ring(0, 16, 65530, true);
	looks = 0;
	driver_avail(&d)->idx = (uint16_t)(d.next + 17);
	assert_int_equal(vhost_ring_take(&d.ring, 0, 1), 0);
	assert_int_equal(atomic_load(&d.ring.fault), VHOST_FAULT_INDEX);
	assert_int_equal(looks, 1);
	driver_avail(&d)->idx = (uint16_t)(d.next + 1);
	assert_int_equal(vhost_ring_take(&d.ring, 0, 1), 0);
	pkts[0] = rte_pktmbuf_alloc(worker.data_pool);
	assert_int_equal(vhost_ring_tx(&d.ring, pkts, 1, &why), 0);
	assert_int_equal(why, PKT_DROP_RING_FAULT);
	rte_pktmbuf_free(pkts[0]);
	assert_int_equal(driver_used_ring(&d)->idx, 65530);
	close_ring();
}

/* What came before a broken chain is served, and given back. */
static void a_broken_chain_behind_good_ones(void **state)
{
	for (int packed = 0; packed < 2; packed++) {
		struct guest_part bad = {.gpa = 5, .len = 100};

		open_ring(packed ? BIT(VIRTIO_F_RING_PACKED) : 0, 16, 65530, false);
		assert_int_equal(send(3), 3);
		assert_true(driver_add(&d, &bad, 1, false) >= 0);
		looks = 0;
		serve(3);
		assert_int_equal(atomic_load(&d.ring.fault), VHOST_FAULT_ADDRESS);
		assert_int_equal(looks, 1);
		take_back(3);
		serve(0);
		close_ring();
	}
}

static int init(uint64_t features, void (*change)(struct vhost_ring_conf *c))
{
	struct vhost_ring_conf conf;
	int ret;

	open_ring(features, 16, 0, false);
	driver_conf(&d, 1, &conf);
	change(&conf);
	ret = vhost_ring_init(&d.ring, &conf);
	close_ring();
	return ret;
}

static void nothing(struct vhost_ring_conf *c)
{
}

static void no_size(struct vhost_ring_conf *c)
{
	c->size = 0;
}

static void odd_size(struct vhost_ring_conf *c)
{
	c->size = 15;
}

static void no_used(struct vhost_ring_conf *c)
{
	c->used = NULL;
}

static void odd_used(struct vhost_ring_conf *c)
{
	c->used = (uint8_t *)c->used + 1;
}

/* Its parts reach to the very end of the region, or one byte beyond. */
static void last_used(struct vhost_ring_conf *c)
{
	c->used = guest_at(&guest, GUEST_RINGS_GPA + GUEST_RINGS - 4 - 8 * 16);
}

static void last_desc(struct vhost_ring_conf *c)
{
	c->desc = guest_at(&guest, GUEST_RINGS_GPA + GUEST_RINGS - 16 * 15);
}

static void far(struct vhost_ring_conf *c)
{
	c->avail_base = 16;
}

static void far_used(struct vhost_ring_conf *c)
{
	c->used_base = 0x8000 | 16;
}

static void rings_that_cannot_be_served(void **state)
{
	const uint64_t p = BIT(VIRTIO_F_RING_PACKED), e = BIT(VIRTIO_RING_F_EVENT_IDX);

	assert_int_equal(init(0, nothing), 0);
	assert_int_equal(init(p, nothing), 0);
	assert_int_equal(init(0, no_size), -EINVAL);
	assert_int_equal(init(p, no_size), -EINVAL);
	assert_int_equal(init(0, odd_size), -EINVAL);
	assert_int_equal(init(p, odd_size), 0);
	assert_int_equal(init(0, no_used), -EINVAL);
	assert_int_equal(init(0, odd_used), -EINVAL);
	assert_int_equal(init(p, odd_used), -EINVAL);
	assert_int_equal(init(0, last_used), 0);
	assert_int_equal(init(e, last_used), -EINVAL); /* the event index is behind the ring */
	assert_int_equal(init(0, last_desc), -EINVAL);
	assert_int_equal(init(p, last_desc), -EINVAL);
	assert_int_equal(init(0, far), 0); /* an index counts on */
	assert_int_equal(init(p, far), -EINVAL);
	assert_int_equal(init(p, far_used), -EINVAL);
}

static void look(void)
{
	looks++;
}

static int setup(void **state)
{
	static const struct port_env env = {.n_workers = 1, .changed = look};

	test_eal_init();
	port_init(&env);
	worker.data_pool = test_pool("data", 255, 2048);
	worker.header_pool = test_pool("header", 255, 192);
	return pkt_tail_init();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(with_event_index_split),
		cmocka_unit_test(with_event_index_packed),
		cmocka_unit_test(without_event_index),
		cmocka_unit_test(kicks_where_they_are_wanted),
		cmocka_unit_test(a_hostile_index),
		cmocka_unit_test(a_broken_chain_behind_good_ones),
		cmocka_unit_test(rings_that_cannot_be_served),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
