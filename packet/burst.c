/* SPDX-License-Identifier: BSD-3-Clause */
#include "packet/burst.h"

#include "packet/ref.h"
#include "packet/tail.h"
#include "packet/trace.h"

#include <errno.h>
#include <rte_errno.h>
#include <rte_mbuf_dyn.h>
#include <string.h>

int pkt_flags_reserve(void)
{
	static const struct rte_mbuf_dynflag fixed_id = {.name = "flue_fixed_id"};

	return rte_mbuf_dynflag_register_bitnum(&fixed_id, rte_bsf64(PKT_FIXED_ID)) < 0 ? -rte_errno
											: 0;
}

void pkt_drop(struct pkt_worker *w, struct rte_mbuf *m, uint16_t port, enum pkt_drop reason)
{
	pkt_count(w->counters[port].drop[reason], 1);
	if (unlikely(w->trace != NULL))
		pkt_trace_drop(w, m, port, reason);
	rte_pktmbuf_free(m);
}

/* Appends references to all bytes of m from `from` on. 0 or -ENOMEM. */
static int ref_rest(struct rte_mempool *pool, struct rte_mbuf *head, struct rte_mbuf *m,
		    uint32_t from)
{
	struct pkt_place p = pkt_place_at(m, from);
	struct rte_mbuf *tail = head;

	while (p.seg != NULL) {
		struct rte_mbuf *ref;

		if (head->nb_segs == RTE_MBUF_MAX_NB_SEGS)
			return -ENOMEM;
		ref = rte_pktmbuf_alloc(pool);
		if (ref == NULL)
			return -ENOMEM;
		pkt_ref_append(head, tail, ref, &p, UINT32_MAX);
		tail = ref;
	}
	return 0;
}

struct rte_mbuf *pkt_own_headers(struct pkt_worker *w, struct rte_mbuf *m, uint16_t len)
{
	struct rte_mbuf *own;
	const void *bytes;
	char *to;

	/* A frame may be shorter than the headers the caller would like to see. */
	if (len > m->pkt_len)
		len = m->pkt_len;
	if (!pkt_is_shared(m) && len <= m->data_len)
		return m;
	if (pkt_tail_settle(m, w->header_pool) < 0)
		goto free_m;

	own = rte_pktmbuf_alloc(w->header_pool);
	if (own == NULL)
		goto free_m;
	to = rte_pktmbuf_append(own, len);
	if (to == NULL)
		goto free_own;
	bytes = rte_pktmbuf_read(m, 0, len, to);
	if (bytes == NULL)
		goto free_own;
	if (bytes != to)
		memcpy(to, bytes, len);
	pkt_copy_meta(own, m);
	if (ref_rest(w->header_pool, own, m, len) < 0)
		goto free_own;
	rte_pktmbuf_free(m);
	return own;

free_own:
	rte_pktmbuf_free(own);
free_m:
	rte_pktmbuf_free(m);
	return NULL;
}

struct rte_mbuf *pkt_keep(struct pkt_worker *w, struct rte_mbuf *m)
{
	bool own = rte_mbuf_refcnt_read(m) == 1;
	struct rte_mbuf *copy;

	if (pkt_tail_settle(m, w->header_pool) != 0)
		return NULL;
	for (const struct rte_mbuf *s = m; s; s = s->next)
		own &= RTE_MBUF_DIRECT(s);
	if (likely(own))
		return m;
	copy = rte_pktmbuf_copy(m, w->data_pool, 0, UINT32_MAX);
	if (copy)
		rte_pktmbuf_free(m);
	return copy;
}
