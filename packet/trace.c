/* SPDX-License-Identifier: BSD-3-Clause */
#include "packet/trace.h"

#include "packet/stage.h"

#include <rte_errno.h>
#include <rte_mbuf_dyn.h>
#include <string.h>

static uint64_t flag;
static int id_offset;

int pkt_trace_init(void)
{
	static const struct rte_mbuf_dynflag dynflag = {.name = "flue_trace"};
	static const struct rte_mbuf_dynfield dynfield = {
		.name = "flue_trace_id", .size = sizeof(uint32_t), .align = __alignof__(uint32_t)};
	int bit = rte_mbuf_dynflag_register(&dynflag);

	id_offset = rte_mbuf_dynfield_register(&dynfield);
	if (bit < 0 || id_offset < 0)
		return -rte_errno;
	flag = UINT64_C(1) << bit;
	return 0;
}

static bool host_matches(const struct pkt_trace_filter *f, const uint8_t *l3, uint8_t version)
{
	unsigned int src = version == 4 ? 12 : 8, len = version == 4 ? 4 : 16;

	return f->host_len == len &&
	       (memcmp(l3 + src, f->host, len) == 0 || memcmp(l3 + src + len, f->host, len) == 0);
}

static bool matches(const struct pkt_trace_filter *f, const struct rte_mbuf *m,
		    const struct pkt_headers *h, uint16_t vlan)
{
	static const uint8_t any[6];
	const uint8_t *data = rte_pktmbuf_mtod(m, const uint8_t *);

	if (f->ether_type && f->ether_type != h->ether_type)
		return false;
	if (memcmp(f->mac, any, 6) != 0 && memcmp(f->mac, data, 6) != 0 &&
	    memcmp(f->mac, data + 6, 6) != 0)
		return false;
	if (f->vlan && f->vlan != vlan)
		return false;
	return !f->host_len || (h->l3_len && host_matches(f, data + h->l2_len, h->ip_version));
}

void pkt_trace_mark(struct pkt_burst *b, struct rte_mbuf *m, const struct pkt_headers *h,
		    uint16_t vlan)
{
	struct pkt_trace *t = b->w->trace;
	uint32_t id;

	if (!matches(&t->filter, m, h, vlan))
		return;
	id = atomic_fetch_add_explicit(t->packets, 1, memory_order_relaxed);
	if (id >= t->max_packets) /* another worker had the last one */
		return;
	m->ol_flags |= flag;
	*RTE_MBUF_DYNFIELD(m, id_offset, uint32_t *) = id + 1;
	b->traced = true;
}

static void record(struct pkt_worker *w, const struct rte_mbuf *m, uint16_t out, uint8_t stage,
		   uint8_t word, uint32_t a, uint32_t nb)
{
	struct pkt_trace *t = w->trace;
	uint32_t n = t ? atomic_load_explicit(&t->n, memory_order_relaxed) : 0;
	struct pkt_trace_step *s;

	if (!t || !(m->ol_flags & flag) || n == PKT_TRACE_STEPS)
		return;
	s = &t->steps[n];
	s->packet = *RTE_MBUF_DYNFIELD(m, id_offset, const uint32_t *);
	s->len = m->pkt_len;
	s->a = a;
	s->b = nb;
	s->in = m->port;
	s->out = out;
	s->vlan = m->vlan_tci & 0xfff;
	s->segsz = m->tso_segsz;
	s->stage = stage;
	s->word = word;
	s->data_len = RTE_MIN(m->data_len, PKT_TRACE_BYTES);
	memcpy(s->data, rte_pktmbuf_mtod(m, const uint8_t *), s->data_len);
	atomic_store_explicit(&t->n, n + 1, memory_order_release);
}

void pkt_trace_step(const struct pkt_stage *stage, const struct pkt_burst *b,
		    const struct rte_mbuf *m, uint8_t word, uint32_t a, uint32_t nb)
{
	record(b->w, m, b->port, stage->index, word, a, nb);
}

void pkt_trace_step_to(const struct pkt_stage *stage, struct pkt_worker *w,
		       const struct rte_mbuf *m, uint8_t word, uint16_t out)
{
	record(w, m, out, stage->index, word, 0, 0);
}

void pkt_trace_drop(struct pkt_worker *w, const struct rte_mbuf *m, uint16_t out, uint32_t reason)
{
	record(w, m, out, PKT_TRACE_DROP, PKT_TRACE_DROP, reason, 0);
}
