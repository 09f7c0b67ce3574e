/* SPDX-License-Identifier: BSD-3-Clause */
/* Packets from one guest's ring to another's: nothing is lost, changed, or given back twice. */
#include "vswitch/port/test_guest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

enum { DATA_MBUFS = 511, HEADER_MBUFS = 4095, UNIT_MAX = 65549, BATCH = 32, PARTS = 48 };

static struct pkt_counters counters[2];
static struct pkt_worker worker = {.counters = counters};
static struct guest from_guest, to_guest;
static struct driver from, to;
static uint32_t seed;

#define BIT(b) (UINT64_C(1) << (b))

/* A frame on its way. */
struct frame {
	uint32_t len;
	uint16_t id; /* of the buffer it was sent in */
	uint8_t bytes[UNIT_MAX];
};
static struct frame frames[BATCH];

/* A receive buffer. */
struct buffer {
	uint16_t n;
	uint32_t len;
	struct guest_part parts[PARTS];
};
static struct buffer buffers[GUEST_RING_MAX];

static uint32_t hdr_len(const struct driver *d)
{
	return d->ring.hdr_len;
}

/* Cuts len bytes into up to `max` parts, of which some are empty. */
static uint16_t cut(struct guest *g, uint32_t len, uint16_t max, struct guest_part *parts)
{
	uint16_t n = 1 + test_below(&seed, max), k = 0;

	while (len > 0 || k == 0) {
		uint32_t part = k + 1 >= n	       ? len
				: test_below(&seed, 2) ? test_below(&seed, len + 1)
						       : test_below(&seed, 70);

		part = RTE_MIN(part, len);
		parts[k++] = (struct guest_part){
			.gpa = guest_alloc(g, part, 1 + test_below(&seed, 3)), .len = part};
		len -= part;
	}
	return k;
}

static uint32_t a_length(void)
{
	static const uint32_t some[] = {14,   15,   60,	   64,	  243,	 244,	  245,
					255,  256,  257,   258,	  1514,	 2048,	  4096,
					9014, 9614, 32768, 65535, 65536, UNIT_MAX};

	return test_below(&seed, 2) ? some[test_below(&seed, RTE_DIM(some))]
				    : 14 + test_below(&seed, 3000);
}

/* The guest transmits a frame. false: the ring is full. */
static bool transmit(struct frame *f, uint32_t len, uint16_t max_parts)
{
	struct guest_part parts[PARTS];
	uint8_t hdr[12] = {0};
	uint16_t n;
	uint32_t at = 0, h = hdr_len(&from);
	bool indirect = from.features & BIT(VIRTIO_RING_F_INDIRECT_DESC) && test_below(&seed, 2);
	int id;

	f->len = len;
	for (uint32_t i = 0; i < len; i++)
		f->bytes[i] = (uint8_t)test_random(&seed);
	n = cut(&from_guest, h + len, max_parts, parts);
	for (uint16_t i = 0; i < n; i++)
		for (uint32_t k = 0; k < parts[i].len; k++, at++)
			*guest_at(&from_guest, parts[i].gpa + k) =
				at < h ? hdr[at] : f->bytes[at - h];
	assert_int_equal(at, h + len);
	id = driver_add(&from, parts, n, indirect);
	if (id < 0)
		return false;
	f->id = (uint16_t)id;
	return true;
}

/* The guest offers receive buffers of `len` bytes each until the ring is full or there are `n`. */
static void offer(uint32_t n, uint32_t len, uint16_t max_parts)
{
	bool can = to.features & BIT(VIRTIO_RING_F_INDIRECT_DESC);

	for (uint32_t i = 0; i < n; i++) {
		struct buffer b = {.len = len};
		int id;

		if (to_guest.next + len + 4096 > GUEST_DATA_GPA + 2 * GUEST_DATA)
			return;
		b.n = cut(&to_guest, len, max_parts, b.parts);
		id = driver_add(&to, b.parts, b.n, can && test_below(&seed, 2));
		if (id < 0)
			return;
		buffers[id] = b;
	}
}

static uint32_t collect(const struct buffer *b, uint32_t len, uint8_t *out)
{
	uint32_t done = 0;

	for (uint16_t i = 0; i < b->n && done < len; i++) {
		uint32_t part = RTE_MIN(b->parts[i].len, len - done);

		guest_read(&to_guest, b->parts[i].gpa, out + done, part);
		done += part;
	}
	assert_int_equal(done, len);
	return done;
}

/* The next packet that the guest received, header and all; its length. */
static uint32_t receive(uint8_t *out, uint16_t *n_buffers)
{
	uint32_t done = 0, len;
	uint16_t id = 0, left = 1;

	for (bool first = true; left > 0; left--, first = false) {
		assert_true(driver_used(&to, &id, &len));
		assert_true(len <= buffers[id].len);
		done += collect(&buffers[id], len, out + done);
		if (!first || hdr_len(&to) != 12)
			continue;
		assert_true(len >= 12 || !(to.features & BIT(VIRTIO_NET_F_MRG_RXBUF)));
		left = (uint16_t)(out[10] | out[11] << 8);
		*n_buffers = left;
		assert_true(left >= 1);
	}
	return done;
}

static void same(const struct frame *f)
{
	static uint8_t got[UNIT_MAX + 12];
	uint16_t n = 1;
	uint32_t len = receive(got, &n);

	assert_int_equal(len, f->len + hdr_len(&to));
	assert_memory_equal(got + hdr_len(&to), f->bytes, f->len);
	for (int i = 0; i < 10; i++)
		assert_int_equal(got[i], 0);
	if (!(to.features & BIT(VIRTIO_NET_F_MRG_RXBUF)))
		assert_int_equal(n, 1);
}

static void sent_back(uint32_t n, bool in_order)
{
	for (uint32_t i = 0; i < n; i++) {
		uint16_t id;
		uint32_t len;

		assert_true(driver_used(&from, &id, &len));
		assert_int_equal(len, 0);
		if (in_order)
			assert_int_equal(id, frames[i].id);
	}
}

/* Bytes copied of a packet that asks for nothing. */
enum { PLAIN_HEAD = 128 };

static void nothing_used(struct driver *d)
{
	uint16_t id;
	uint32_t len;

	assert_false(driver_used(d, &id, &len));
}

static void open_both(uint64_t from_features, uint64_t to_features, uint16_t size, uint16_t start)
{
	guest_open(&from_guest);
	guest_open(&to_guest);
	driver_open(&from, &from_guest, from_features, size, start, false);
	driver_open(&to, &to_guest, to_features, size, start, true);
}

static void close_both(void)
{
	driver_close(&from);
	driver_close(&to);
	guest_close(&from_guest);
	guest_close(&to_guest);
	assert_int_equal(rte_mempool_avail_count(worker.data_pool), DATA_MBUFS);
	assert_int_equal(rte_mempool_avail_count(worker.header_pool), HEADER_MBUFS);
}

static void start_again(struct guest *g)
{
	g->next = GUEST_DATA_GPA + test_below(&seed, 64);
}

/* One burst from one guest to the other. */
static void burst(uint16_t max_parts, bool settle)
{
	struct rte_mbuf *pkts[BATCH];
	enum pkt_drop why = PKT_DROP_NONE;
	uint32_t n = 0, want = 1 + test_below(&seed, BATCH), bytes = 0;
	bool merge = to.features & BIT(VIRTIO_NET_F_MRG_RXBUF);
	uint16_t got;

	start_again(&from_guest);
	start_again(&to_guest);
	while (n < want && bytes < 800000 && transmit(&frames[n], a_length(), max_parts))
		bytes += frames[n++].len;
	if (merge)
		/* A ring of chains of three holds the largest packet. */
		offer(GUEST_RING_MAX, UNIT_MAX * 3 / to.size + 64 + test_below(&seed, 2000), 3);
	else
		offer(n, UNIT_MAX + 12, max_parts);
	got = vhost_ring_rx(&from.ring, &worker, 0, pkts, BATCH);
	assert_int_equal(got, n);
	nothing_used(&from);
	for (uint16_t i = 0; i < got; i++) {
		uint32_t head = RTE_MIN(frames[i].len, (uint32_t)PLAIN_HEAD);

		assert_int_equal(pkts[i]->pkt_len, frames[i].len);
		assert_int_equal(pkts[i]->data_len, head);
		assert_int_equal(pkt_tail_of(pkts[i]) != NULL, frames[i].len > PLAIN_HEAD);
		assert_memory_equal(rte_pktmbuf_mtod(pkts[i], void *), frames[i].bytes, head);
		if (settle)
			assert_int_equal(pkt_tail_settle(pkts[i], worker.header_pool), 0);
	}
	for (uint16_t done = 0, idle = 0; done < got;) {
		uint16_t sent = vhost_ring_tx(&to.ring, pkts + done, got - done, &why);

		for (uint16_t i = 0; i < sent; i++)
			same(&frames[done + i]);
		/* Where the ring was too small for all of them, the guest offers more. */
		if (sent == 0)
			assert_int_equal(why, PKT_DROP_TX_FULL);
		done += sent;
		if (done == got)
			break;
		assert_true(sent > 0 || idle++ == 0);
		offer(GUEST_RING_MAX, merge ? UNIT_MAX * 3 / to.size + 64 : UNIT_MAX + 12, 3);
	}
	nothing_used(&to);
	rte_pktmbuf_free_bulk(pkts, got);
	assert_true(vhost_ring_done(&from.ring));
	sent_back(n, true);
	nothing_used(&from);
	/* Empty the receiver, so that the next burst offers what it likes. */
	while (to.n_free < to.size) {
		uint16_t taken = vhost_ring_take(&to.ring, 0, VHOST_TAKE_MAX), id;
		uint32_t len;

		assert_true(taken > 0);
		vhost_ring_consume(&to.ring, taken);
		vhost_ring_give(&to.ring, taken, NULL);
		while (driver_used(&to, &id, &len))
			assert_int_equal(len, 0);
	}
}

static const struct way {
	uint64_t from, to;
	uint16_t size;
} ways[] = {
	{0, 0, 256},
	{BIT(VIRTIO_F_VERSION_1), BIT(VIRTIO_F_VERSION_1), 256},
	{BIT(VIRTIO_F_VERSION_1) | BIT(VIRTIO_RING_F_INDIRECT_DESC),
	 BIT(VIRTIO_F_VERSION_1) | BIT(VIRTIO_RING_F_INDIRECT_DESC), 64},
	{BIT(VIRTIO_NET_F_MRG_RXBUF) | BIT(VIRTIO_RING_F_EVENT_IDX),
	 BIT(VIRTIO_NET_F_MRG_RXBUF) | BIT(VIRTIO_RING_F_EVENT_IDX), 1024},
	{BIT(VIRTIO_F_VERSION_1) | BIT(VIRTIO_F_RING_PACKED) | BIT(VIRTIO_RING_F_INDIRECT_DESC),
	 BIT(VIRTIO_F_VERSION_1) | BIT(VIRTIO_F_RING_PACKED) | BIT(VIRTIO_RING_F_INDIRECT_DESC),
	 251},
	{BIT(VIRTIO_F_VERSION_1) | BIT(VIRTIO_F_RING_PACKED) | BIT(VIRTIO_F_IN_ORDER),
	 BIT(VIRTIO_F_VERSION_1) | BIT(VIRTIO_F_RING_PACKED) | BIT(VIRTIO_NET_F_MRG_RXBUF), 1000},
	{BIT(VIRTIO_F_VERSION_1) | BIT(VIRTIO_F_IN_ORDER),
	 BIT(VIRTIO_F_VERSION_1) | BIT(VIRTIO_NET_F_MRG_RXBUF) | BIT(VIRTIO_RING_F_INDIRECT_DESC),
	 256},
	{0, BIT(VIRTIO_F_VERSION_1) | BIT(VIRTIO_F_RING_PACKED) | BIT(VIRTIO_RING_F_EVENT_IDX),
	 128},
};

/* Every kind of ring, from places near the end of the index and of the lap. */
static void frames_arrive_as_they_were(void **state)
{
	static const uint16_t starts[] = {0, 65530, 0x8000 + 120};

	for (unsigned int w = 0; w < RTE_DIM(ways); w++) {
		for (unsigned int s = 0; s < RTE_DIM(starts); s++) {
			seed = 1 + w * 16 + s;
			open_both(ways[w].from, ways[w].to, ways[w].size, starts[s]);
			for (int i = 0; i < 6; i++)
				burst(i == 0 ? 1 : 1 + test_below(&seed, PARTS), i & 1);
			close_both();
		}
	}
}

/* Every length around the borders of what is copied, borrowed and sent, in one part and in many. */
static void every_length(void **state)
{
	static const uint32_t lengths[] = {14,	243, 244,  245,	  246,	 255,	256,   257,
					   258, 268, 2047, 65534, 65535, 65536, 65537, UNIT_MAX};
	uint64_t f = BIT(VIRTIO_F_VERSION_1);

	for (unsigned int i = 0; i < RTE_DIM(lengths); i++) {
		for (uint16_t parts = 1; parts <= 3; parts++) {
			struct rte_mbuf *pkts[BATCH];
			enum pkt_drop why;

			seed = 1 + i;
			open_both(f, f, 16, 0);
			assert_true(transmit(&frames[0], lengths[i], parts));
			offer(1, lengths[i] + 12, parts);
			assert_int_equal(vhost_ring_rx(&from.ring, &worker, 0, pkts, 1), 1);
			assert_int_equal(vhost_ring_tx(&to.ring, pkts, 1, &why), 1);
			same(&frames[0]);
			rte_pktmbuf_free(pkts[0]);
			assert_true(vhost_ring_done(&from.ring));
			close_both();
		}
	}
}

/* A packet that is still referred to keeps its burst's buffers; then all come back, once. */
static void a_reference_holds_the_buffers(void **state)
{
	for (int packed = 0; packed < 2; packed++) {
		uint64_t f = BIT(VIRTIO_F_VERSION_1) | (packed ? BIT(VIRTIO_F_RING_PACKED) : 0);
		struct rte_mbuf *pkts[BATCH], *more[BATCH];

		seed = 3;
		open_both(f, f, 64, 0);
		for (int i = 0; i < 3; i++)
			assert_true(transmit(&frames[i], 3000, 1));
		assert_int_equal(vhost_ring_rx(&from.ring, &worker, 0, pkts, BATCH), 3);
		assert_int_equal(pkt_tail_settle(pkts[1], worker.header_pool), 0);
		rte_pktmbuf_free(pkts[0]);
		rte_pktmbuf_free(pkts[2]);
		assert_true(transmit(&frames[3], 100, 1));
		assert_false(vhost_ring_done(&from.ring));
		assert_int_equal(vhost_ring_rx(&from.ring, &worker, 0, more, BATCH), 0);
		nothing_used(&from);
		assert_memory_equal(rte_pktmbuf_mtod(pkts[1]->next, void *),
				    frames[1].bytes + PLAIN_HEAD, 3000 - PLAIN_HEAD);
		rte_pktmbuf_free(pkts[1]);
		assert_true(vhost_ring_done(&from.ring));
		sent_back(3, true);
		nothing_used(&from);
		assert_true(vhost_ring_done(&from.ring));
		nothing_used(&from);
		assert_int_equal(vhost_ring_rx(&from.ring, &worker, 0, more, BATCH), 1);
		rte_pktmbuf_free(more[0]);
		close_both();
	}
}

/* What is no packet is dropped by name, and its buffer comes back. */
static void what_is_no_packet(void **state)
{
	const uint64_t f = BIT(VIRTIO_F_VERSION_1);
	struct guest_part parts[2];
	struct rte_mbuf *pkts[BATCH];

	memset(counters, 0, sizeof(counters));
	open_both(f, f, 64, 65530);
	parts[0] = (struct guest_part){.gpa = guest_alloc(&from_guest, 70000, 1), .len = 11};
	assert_true(driver_add(&from, parts, 1, false) >= 0); /* less than a header */
	parts[0].len = 0;
	assert_true(driver_add(&from, parts, 1, false) >= 0); /* nothing at all */
	parts[0].len = 65535;
	parts[1] = parts[0];
	assert_true(driver_add(&from, parts, 2, false) >= 0); /* more than any packet */
	assert_int_equal(vhost_ring_rx(&from.ring, &worker, 0, pkts, BATCH), 0);
	assert_int_equal(counters[0].drop[PKT_DROP_RUNT], 2);
	assert_int_equal(counters[0].drop[PKT_DROP_MTU_IN], 1);
	assert_true(vhost_ring_done(&from.ring));
	sent_back(3, false);
	assert_int_equal(atomic_load(&from.ring.fault), VHOST_OK);
	close_both();
}

/* Packets of `len` bytes in mbufs of their own. */
static void make_packets(struct rte_mbuf **pkts, uint16_t n, uint32_t len)
{
	for (uint16_t i = 0; i < n; i++) {
		frames[i % BATCH].len = len;
		memset(frames[i % BATCH].bytes, i, len);
		pkts[i] =
			test_chain(worker.header_pool, frames[i % BATCH].bytes, len, 90, 90, &seed);
		assert_non_null(pkts[i]);
	}
}

static void a_full_ring_takes_what_fits(void **state)
{
	const uint64_t f = BIT(VIRTIO_F_VERSION_1);
	struct rte_mbuf *pkts[BATCH];
	enum pkt_drop why;

	open_both(f, f, 16, 65530);
	offer(5, 100, 1);
	make_packets(pkts, 8, 60);
	why = PKT_DROP_NONE;
	assert_int_equal(vhost_ring_tx(&to.ring, pkts, 8, &why), 5);
	assert_int_equal(why, PKT_DROP_TX_FULL);
	for (int i = 0; i < 5; i++)
		same(&frames[i]);
	nothing_used(&to);
	rte_pktmbuf_free_bulk(pkts, 8);
	close_both();
}

/* One packet that no buffer can hold is refused alone; nothing of it is written. */
static void too_small_buffers(void **state)
{
	const uint64_t merge[] = {0, BIT(VIRTIO_NET_F_MRG_RXBUF)};

	for (int i = 0; i < 2; i++) {
		struct rte_mbuf *pkts[BATCH];
		enum pkt_drop why = PKT_DROP_NONE;

		open_both(0, BIT(VIRTIO_F_VERSION_1) | merge[i], 16, 0);
		offer(16, 100, 1);
		make_packets(pkts, 1, 60);
		make_packets(pkts + 1, 1, 16 * 100 - 12 + 1);
		make_packets(pkts + 2, 1, 60);
		assert_int_equal(vhost_ring_tx(&to.ring, pkts, 3, &why), 1);
		/* With 15 buffers left, more of them might come. */
		assert_int_equal(why, merge[i] ? PKT_DROP_TX_FULL : PKT_DROP_TX_REFUSED);
		offer(16, 100, 1);
		if (merge[i]) {
			frames[0].len = 60;
			same(&frames[0]);
			offer(1, 100, 1);
			assert_int_equal(vhost_ring_tx(&to.ring, pkts + 1, 2, &why), 0);
			assert_int_equal(why, PKT_DROP_TX_REFUSED);
		}
		assert_int_equal(vhost_ring_tx(&to.ring, pkts + 2, 1, &why), 1);
		rte_pktmbuf_free_bulk(pkts, 3);
		close_both();
	}
}

/* A unit that was cut for a guest without TSO is more frames than are looked at together. */
static void more_packets_than_buffers_at_hand(void **state)
{
	enum { MANY = 1000 };
	static struct rte_mbuf *pkts[MANY];
	enum pkt_drop why;

	open_both(0, BIT(VIRTIO_F_VERSION_1), 1024, 0);
	offer(MANY, 80, 1);
	make_packets(pkts, MANY, 60);
	assert_int_equal(vhost_ring_tx(&to.ring, pkts, MANY, &why), MANY);
	for (int i = 0; i < MANY; i++) {
		memset(frames[0].bytes, i, 60);
		frames[0].len = 60;
		same(&frames[0]);
	}
	nothing_used(&to);
	rte_pktmbuf_free_bulk(pkts, MANY);
	close_both();
}

static void changed(void)
{
}

static int setup(void **state)
{
	static const struct port_env env = {.n_workers = 1, .changed = changed};

	test_eal_init();
	port_init(&env);
	worker.data_pool = test_pool("data", DATA_MBUFS, 2048);
	worker.header_pool = test_pool("header", HEADER_MBUFS, 192);
	return pkt_tail_init();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_arrive_as_they_were),
		cmocka_unit_test(every_length),
		cmocka_unit_test(a_reference_holds_the_buffers),
		cmocka_unit_test(what_is_no_packet),
		cmocka_unit_test(a_full_ring_takes_what_fits),
		cmocka_unit_test(too_small_buffers),
		cmocka_unit_test(more_packets_than_buffers_at_hand),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
