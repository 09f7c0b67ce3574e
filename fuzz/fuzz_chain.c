/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A guest's ring as a guest may leave it: memory regions, descriptors, indices and flags of any
 * kind, changed between the rounds and in the middle of them. The input is a header of five bytes
 * and the regions, then steps of one byte and what each needs.
 *
 * Whatever it says: nothing outside the regions is touched (each is an allocation of just its
 * size), pieces lie inside them and add up, every buffer is given back once and in order, and it
 * ends.
 */
#include "packet/test_eal.h"
#include "vswitch/port/port.h"
#include "vswitch/port/vhost_ring.h"

#include "packet/tail.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	DATA_MBUFS = 511,
	HEADER_MBUFS = 8191,
	REGIONS = 4,
	SPARE = 1024, /* bytes of the first region behind the ring's parts */
	STEPS = 300,
};

static void changed(void)
{
}

struct port_env port_env = {.n_workers = 1, .changed = changed};

static struct pkt_counters counters[1];
static struct pkt_worker worker = {.counters = counters};
static struct vhost_mem mem;
static uint8_t *allocated[REGIONS];
static uint32_t n_allocated;
static struct vhost_ring ring;

/* The input that is left. */
static const uint8_t *in;
static size_t in_left;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	test_eal_init();
	worker.data_pool = test_pool("data", DATA_MBUFS, 2048);
	worker.header_pool = test_pool("header", HEADER_MBUFS, 192);
	return pkt_tail_init();
}

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* The next n bytes as a number; zeros behind the end. */
static uint64_t number(unsigned int n)
{
	uint64_t v = 0;

	for (unsigned int i = 0; i < n && in_left > 0; i++, in_left--)
		v |= (uint64_t)*in++ << 8 * i;
	return v;
}

/* Some byte of the guest's memory becomes another one. */
static void poke(uint32_t where, uint8_t value)
{
	const struct vhost_region *r = &mem.regions[where % mem.n];

	r->at[where / mem.n % r->size] = value;
}

/* In place of rte_vhost's. What is logged was written; and now the guest writes, too. */
void rte_vhost_log_write(int vid, uint64_t addr, uint64_t len)
{
	bool found = false;

	must(ring.log && len > 0);
	for (uint32_t i = 0; i < mem.n; i++)
		found |= addr - mem.regions[i].gpa < mem.regions[i].size &&
			 len <= mem.regions[i].size - (addr - mem.regions[i].gpa);
	must(found);
	if (in_left > 0 && *in == 0xff) {
		number(1);
		poke((uint32_t)number(2), (uint8_t)number(1));
	}
}

static uint8_t *add_region(uint64_t gpa, uint32_t size)
{
	uint8_t *at = malloc(size); /* aligned for any type, so for a ring */

	if (at == NULL)
		abort();
	memset(at, 0, size);
	vhost_mem_add(&mem, gpa, size, at);
	allocated[n_allocated++] = at;
	return at;
}

/* Regions, and a ring in the first of them. */
static bool set_up(void)
{
	const uint64_t one = 1;
	uint8_t kind = (uint8_t)number(1), size = (uint8_t)number(1);
	uint16_t base = (uint16_t)number(2), n;
	struct vhost_ring_conf c = {.mem = &mem, .callfd = -1, .kickfd = -1};
	bool packed = kind & 1;
	uint8_t regions = (uint8_t)number(1) % REGIONS, *at;

	n = (uint16_t)(packed ? size % 64u + 1 : 1u << size % 7);
	c.features = (packed ? one << VIRTIO_F_RING_PACKED : 0) |
		     (kind & 2 ? one << VIRTIO_RING_F_EVENT_IDX : 0) |
		     (kind & 4 ? one << VIRTIO_NET_F_MRG_RXBUF : 0) |
		     (kind & 8 ? one << VIRTIO_RING_F_INDIRECT_DESC : 0) |
		     (kind & 16 ? one << VHOST_F_LOG_ALL : 0) |
		     (kind & 32 ? one << VIRTIO_F_VERSION_1 : 0);
	c.index = kind & 64 ? 0 : 1;
	c.size = n;
	c.avail_base = c.used_base = base;
	mem.n = n_allocated = 0;
	/* Descriptors, the available ring at 16 n, the used one behind it, and some bytes. */
	at = add_region(0, 16u * n + 64 + 16u * n + SPARE);
	c.desc = at;
	c.avail = at + 16u * n;
	c.used = at + 16u * n + (packed ? 4 : RTE_ALIGN_CEIL(6 + 2u * n, 4));
	for (; regions > 0; regions--) {
		uint64_t gpa = number(2) * 16;

		add_region(gpa, 1 + (uint32_t)number(2) % 8192);
	}
	return vhost_ring_init(&ring, &c) == 0;
}

static bool inside(const uint8_t *at, uint32_t len)
{
	return vhost_mem_holds(&mem, at, len);
}

static void check_chain(const struct vhost_chain *c, const struct vhost_pieces *p)
{
	uint64_t sum = 0;

	must(c->piece + c->n <= p->n && p->n <= VHOST_PIECES && c->slots >= 1 &&
	     c->slots <= ring.size && c->id < ring.size);
	for (uint16_t i = 0; i < c->n; i++) {
		const struct pkt_piece *piece = &p->of[c->piece + i];

		must(piece->len >= 1 && piece->len <= 65535 && inside(piece->at, piece->len));
		sum += piece->len;
	}
	must(c->len == RTE_MIN(sum, (uint64_t)UINT32_MAX));
}

/* One chain by itself, with a list that has room for some. */
static void one_chain(void)
{
	static struct vhost_pieces pieces;
	uint16_t head = (uint16_t)number(2);
	struct vhost_chain c;
	enum vhost_fault fault;
	uint32_t n = (uint32_t)number(1) * 16;

	pieces.n = n;
	if (ring.packed)
		fault = vhost_chain_packed(&ring.table, head % ring.size, &pieces, &c);
	else
		fault = vhost_chain_split(&ring.table, head, &pieces, &c);
	must(fault == VHOST_OK || pieces.n == n);
	must(fault == VHOST_OK || fault == VHOST_NO_ROOM || vhost_fault_text(fault));
	if (fault == VHOST_OK) {
		must(pieces.n == n + c.n);
		check_chain(&c, &pieces);
	}
}

/* Looks at what is available. */
static void take(uint16_t n)
{
	uint16_t next = ring.next, got;

	got = vhost_ring_take(&ring, 0, n);
	must(got <= n && ring.next == next);
	for (uint16_t i = 0; i < got; i++)
		check_chain(&ring.chains[i], &ring.pieces);
}

/* What was given back, as the guest sees it. */
static void check_used(uint16_t from, bool wrap, const struct vhost_chain *chains, uint16_t n)
{
	must(ring.used_idx == ring.next && (!ring.packed || ring.used_wrap == ring.wrap));
	/* With the log the guest writes at any time. */
	if (ring.log)
		return;
	for (uint16_t i = 0; i < n; i++) {
		if (!ring.packed) {
			const struct vring_used_elem *e =
				&ring.used->ring[(uint16_t)(from + i) & ring.mask];

			/* Of more buffers than the ring has the later ones are seen. */
			must(n > ring.size || (e->id == chains[i].id && e->len == 0));
			continue;
		}
		/* One that takes several laps writes over its own. */
		if (i == 0 && n == 1) {
			const struct vring_packed_desc *d =
				(const struct vring_packed_desc *)ring.table.desc + from;

			must(d->id == chains[i].id && d->len == 0 &&
			     d->flags == (wrap ? 0x8080 : 0));
		}
	}
	if (!ring.packed && n > 0)
		must(ring.used->idx == ring.used_idx);
}

static void transmit(void)
{
	static struct vhost_chain chains[PKT_RX_MAX];
	static uint8_t bytes[PKT_UNIT_MAX];
	struct rte_mbuf *pkts[PKT_RX_MAX];
	uint8_t what = (uint8_t)number(1);
	uint16_t n = 1 + what % 32, got, taken, from;
	bool wrap;

	if (ring.table.write)
		return;
	must(vhost_ring_done(&ring));
	take(n);
	got = vhost_ring_rx(&ring, &worker, 0, pkts, n);
	taken = ring.n_taken;
	must(got <= taken && taken <= n);
	memcpy(chains, ring.chains, taken * sizeof(chains[0]));
	for (uint16_t i = 0; i < got; i++) {
		struct rte_mbuf *m = pkts[i];
		const struct pkt_tail *tail = pkt_tail_of(m);

		must(m->pkt_len <= PKT_UNIT_MAX);
		must(m->pkt_len == m->data_len + (tail ? tail->len : 0) || m->nb_segs > 1);
		for (uint32_t k = 0; tail && k < tail->n; k++)
			must(inside(tail->pieces[k].at, tail->pieces[k].len));
		if ((what & 32) && pkt_tail_settle(m, worker.header_pool) == 0)
			must(rte_pktmbuf_read(m, 0, m->pkt_len, bytes) != NULL);
	}
	if ((what & 64) && got > 0 && pkts[0]->nb_segs > 1)
		must(!vhost_ring_done(&ring));
	rte_pktmbuf_free_bulk(pkts, got);
	from = ring.used_idx;
	wrap = ring.used_wrap;
	must(vhost_ring_done(&ring) && ring.n_taken == 0);
	check_used(from, wrap, chains, taken);
}

static void receive(void)
{
	static const uint8_t bytes[9000];
	struct rte_mbuf *pkts[8];
	enum pkt_drop why = PKT_DROP_NONE;
	uint32_t seed = 1;
	uint16_t n, got;

	if (!ring.table.write)
		return;
	for (n = 0; n < RTE_DIM(pkts); n++) {
		uint32_t len = 14 + (uint32_t)number(2) % 8900;

		pkts[n] = test_chain(worker.data_pool, bytes, len, 200, 2000, &seed);
		must(pkts[n] != NULL);
		if (len & 1)
			break;
	}
	n = RTE_MIN(n + 1u, RTE_DIM(pkts));
	got = vhost_ring_tx(&ring, pkts, n, &why);
	must(got == n || (got < n && why != PKT_DROP_NONE));
	must(ring.used_idx == ring.next && (!ring.packed || ring.used_wrap == ring.wrap));
	rte_pktmbuf_free_bulk(pkts, n);
}

/* A descriptor in the ring, or in a table anywhere. */
static void describe(bool in_table)
{
	uint64_t place = in_table ? number(2) : number(1) % ring.size * 16, addr = number(4);
	uint32_t len = (uint32_t)number(4), there = 16;
	uint16_t flags = (uint16_t)number(2), next = (uint16_t)number(2);
	struct vring_desc s = {.addr = addr, .len = len, .flags = flags, .next = next};
	struct vring_packed_desc p = {.addr = addr, .len = len, .flags = flags, .id = next};
	uint8_t *at = vhost_mem_at(&mem, place, &there);

	if (at != NULL)
		memcpy(at, ring.packed ? (void *)&p : (void *)&s, there);
}

/* Makes what stands at `head` available, as a guest would: behind the last one. */
static void make_available(void)
{
	uint16_t head = (uint16_t)number(2);
	struct vring_packed_desc *d;

	if (!ring.packed) {
		ring.avail->ring[ring.avail->idx & ring.mask] = head;
		ring.avail->idx++;
		return;
	}
	d = (struct vring_packed_desc *)(uintptr_t)ring.table.desc + head % ring.size;
	d->flags = (d->flags & 0x7f7f) | (ring.wrap == !(head & 0x100) ? 0x80 : 0x8000);
}

static void step(void)
{
	switch (number(1) % 10) {
	case 0:
		poke((uint32_t)number(3), (uint8_t)number(1));
		break;
	case 1:
		describe(false);
		break;
	case 2:
		describe(true);
		break;
	case 3:
		make_available();
		break;
	case 4:
		transmit();
		break;
	case 5:
		receive();
		break;
	case 6:
		take((uint16_t)(1 + number(2) % VHOST_TAKE_MAX));
		break;
	case 7:
		one_chain();
		break;
	case 8:
		vhost_ring_kicks(&ring, number(1) & 1);
		break;
	default:
		/* The guest resets its device. */
		atomic_store(&ring.fault, VHOST_OK);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	in = data;
	in_left = size;
	if (set_up()) {
		if (!ring.packed)
			ring.avail->idx = ring.next;
		for (int i = 0; i < STEPS && in_left > 0; i++)
			step();
		must(vhost_ring_done(&ring));
		must(rte_mbuf_ext_refcnt_read(&ring.owner) == 1);
	}
	while (n_allocated > 0)
		free(allocated[--n_allocated]);
	must(rte_mempool_avail_count(worker.data_pool) == DATA_MBUFS);
	must(rte_mempool_avail_count(worker.header_pool) == HEADER_MBUFS);
	return 0;
}
