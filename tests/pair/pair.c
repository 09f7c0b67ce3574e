/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/pair/pair.h"
#include "tests/pair/units.h"

#include "base/clock.h"

#include <rte_mbuf.h>
#include <string.h>

enum { PATIENCE_S = 30, LOST_MS = 200 };

uint64_t pair_deadline_ns(void)
{
	return clock_now_ns() + PATIENCE_S * UINT64_C(1000000000);
}

/* Half of the ring in the largest frames, shared by all that send there: the switch may put all
 * streams into one ring, and the driver refills a ring late. */
static uint32_t window(const struct guest *to)
{
	uint32_t buffers = to->opt.mergeable ? (FRAME_MAX + 12u) / to->opt.room + 1 : 1;
	uint32_t frames = to->opt.ring / 2u / buffers / to->opt.queues;

	return RTE_MAX(frames, 1u);
}

void pair_init(struct pair *p)
{
	for (unsigned int way = 0; way < 2; way++)
		for (uint16_t q = 0; q < p->guest[way].opt.queues; q++) {
			struct stream *s = &p->stream[p->n_streams];

			*s = (struct stream){.number = (uint8_t)p->n_streams++,
					     .from = &p->guest[way],
					     .to = &p->guest[!way],
					     .queue = q,
					     .window = window(&p->guest[!way])};
		}
}

struct rte_mbuf *pair_chain(struct rte_mempool *pool, const uint8_t *flat, const struct shape *s)
{
	struct rte_mbuf *chain = NULL;
	uint32_t at = 0;
	unsigned int i = 0;

	while (at < s->bytes) {
		struct rte_mbuf *m = rte_pktmbuf_alloc(pool);
		uint32_t n = s->bytes - at;

		if (!m || (chain && rte_pktmbuf_chain(chain, m) != 0)) {
			rte_pktmbuf_free(m);
			rte_pktmbuf_free(chain);
			return NULL;
		}
		if (s->no_headroom)
			m->data_off = 0;
		if (i < s->n_cuts)
			n = RTE_MIN(n, (uint32_t)s->cut[i++]);
		n = RTE_MIN(n, (uint32_t)rte_pktmbuf_tailroom(m));
		memcpy(rte_pktmbuf_mtod(m, void *), flat + at, n);
		m->data_len = (uint16_t)n;
		at += n;
		if (!chain)
			chain = m;
		chain->pkt_len = at;
	}
	return chain;
}

static int wrong(struct pair *p, const struct stream *s, const char *what, int64_t value)
{
	return err_set(&p->err, -EBADMSG,
		       "stream %u (%s, queue %u): %s (%" PRId64 "); %u frames expected so far",
		       s->number, s->from == p->guest ? "first to second" : "second to first",
		       s->queue, what, value, s->expected);
}

static int number(struct pair *p, struct stream *s, uint32_t seq)
{
	int32_t ahead = (int32_t)(seq - s->expected);

	if (ahead != 0 && !p->lossy)
		return wrong(p, s, ahead > 0 ? "frames are missing" : "a frame comes again", ahead);
	/* Nothing of one ring may overtake: what comes again is what the switch had not marked as
	 * taken when it was killed, and begins a new row. */
	if (ahead < 0)
		s->again++;
	else
		s->missing += (uint32_t)ahead;
	s->streak = ahead == 0 ? s->streak + 1 : 0;
	s->expected = seq + 1;
	s->received++;
	return 0;
}

static int look(struct pair *p, const struct guest *g, const struct rte_mbuf *m)
{
	static uint8_t flat[UINT16_MAX];
	struct frame_id id;
	struct stream *s;
	int64_t at;

	if (frame_read(m, &id) != 0)
		return units_look(p, g, m);
	if (id.stream >= p->n_streams)
		return err_set(&p->err, -EBADMSG, "a frame of stream %u, which is none", id.stream);
	s = &p->stream[id.stream];
	if (s->to != g)
		return wrong(p, s, "its frame came to its own sender", id.seq);
	frame_write(flat, g->mac, s->from->mac, &id);
	at = frame_differs(m, flat, id.bytes);
	if (at >= 0)
		return err_set(&p->err, -EBADMSG,
			       "stream %u: frame %u of %u bytes (%u came, in %u buffers) differs "
			       "at byte %" PRId64,
			       s->number, id.seq, id.bytes, m->pkt_len, m->nb_segs, at);
	return number(p, s, id.seq);
}

int pair_poll(struct pair *p, struct guest *g)
{
	struct rte_mbuf *m[PAIR_BURST];
	int got = 0, ret = 0;

	for (uint16_t q = 0; q < g->opt.queues; q++) {
		uint16_t n = rte_eth_rx_burst(g->port, q, m, PAIR_BURST);

		for (uint16_t i = 0; i < n && ret == 0; i++)
			ret = look(p, g, m[i]);
		rte_pktmbuf_free_bulk(m, n);
		got += n;
	}
	return ret == 0 ? got : ret;
}

uint32_t pair_send(struct stream *s, shape_fn shape, uint32_t most)
{
	static uint8_t flat[UINT16_MAX];
	struct rte_mbuf *m[PAIR_BURST];
	uint16_t n = 0, sent;

	for (; n < RTE_MIN(most, (uint32_t)PAIR_BURST); n++) {
		struct frame_id id = {.stream = s->number, .seq = s->next + n};
		struct shape how = {0};

		shape(id.seq, &how);
		id.bytes = (uint16_t)how.bytes;
		frame_write(flat, s->to->mac, s->from->mac, &id);
		m[n] = pair_chain(s->from->tx, flat, &how);
		if (!m[n])
			break;
	}
	sent = rte_eth_tx_burst(s->from->port, s->queue, m, n);
	/* The same bytes are made again when there is room. */
	rte_pktmbuf_free_bulk(m + sent, n - sent);
	s->next += sent;
	s->sent += sent;
	return sent;
}

static uint32_t room(const struct stream *s)
{
	uint32_t oldest = (int32_t)(s->base - s->expected) > 0 ? s->base : s->expected;
	uint32_t on_its_way = s->next - oldest;

	return on_its_way < s->window ? s->window - on_its_way : 0;
}

static int poll_both(struct pair *p)
{
	int a = pair_poll(p, &p->guest[0]), b = a < 0 ? a : pair_poll(p, &p->guest[1]);

	return b < 0 ? b : a + b;
}

int pair_exchange(struct pair *p, shape_fn shape, uint32_t count)
{
	uint64_t end_ns = pair_deadline_ns(), quiet_ns = 0;
	uint64_t left[PAIR_STREAMS];
	unsigned int open;

	for (unsigned int i = 0; i < p->n_streams; i++)
		left[i] = count;
	do {
		int got = poll_both(p);

		if (got < 0)
			return got;
		open = 0;
		for (unsigned int i = 0; i < p->n_streams; i++) {
			struct stream *s = &p->stream[i];
			uint64_t most = RTE_MIN(left[i], (uint64_t)room(s));

			if (most > 0)
				left[i] -= pair_send(s, shape, (uint32_t)most);
			open += left[i] > 0 || s->expected != s->next;
		}
		if (got > 0) {
			end_ns = pair_deadline_ns();
			quiet_ns = 0;
			continue;
		}
		if (clock_now_ns() > end_ns)
			return err_set(&p->err, -ETIMEDOUT,
				       "nothing comes for %d s, and %u streams wait", PATIENCE_S,
				       open);
		if (!p->lossy)
			continue;
		/* What was lost does not come. One more frame tells that all before it is through.
		 */
		if (quiet_ns == 0)
			quiet_ns = clock_now_ns() + LOST_MS * UINT64_C(1000000);
		else if (clock_now_ns() > quiet_ns) {
			for (unsigned int i = 0; i < p->n_streams; i++) {
				struct stream *s = &p->stream[i];

				s->base = s->next;
				left[i] += s->expected != s->next && left[i] == 0;
			}
			quiet_ns = 0;
		}
	} while (open > 0);
	return 0;
}

int pair_endless(struct pair *p, shape_fn shape, const volatile sig_atomic_t *stop)
{
	struct {
		uint64_t ns;
		uint32_t expected;
	} quiet[PAIR_STREAMS] = {0};

	p->lossy = true;
	while (!*stop) {
		uint64_t now = clock_now_ns();
		int got = poll_both(p);

		if (got < 0)
			return got;
		for (unsigned int i = 0; i < p->n_streams; i++) {
			struct stream *s = &p->stream[i];

			/* The others may go on while all that is on its way here was lost. */
			if (s->expected != quiet[i].expected || quiet[i].ns == 0) {
				quiet[i].expected = s->expected;
				quiet[i].ns = now + LOST_MS * UINT64_C(1000000);
			} else if (now > quiet[i].ns) {
				s->base = s->next;
				quiet[i].ns = 0;
			}
			pair_send(s, shape, room(s));
		}
	}
	return 0;
}
