/* SPDX-License-Identifier: BSD-3-Clause */
#include "packet/tail.h"

#include <rte_errno.h>
#include <errno.h>

int pkt_tail_init(void)
{
	static const struct rte_mbuf_dynflag flag = {.name = "flue_tail"};
	static const struct rte_mbuf_dynfield field = {
		.name = "flue_tail_at", .size = sizeof(void *), .align = __alignof__(void *)};

	if (rte_mbuf_dynflag_register_bitnum(&flag, PKT_TAIL_BIT) < 0)
		return -rte_errno;
	if (rte_mbuf_dynfield_register_offset(&field, PKT_TAIL_OFFSET) < 0)
		return -rte_errno;
	return 0;
}

int pkt_tail_settle_slow(struct rte_mbuf *m, struct rte_mempool *pool)
{
	const struct pkt_tail *tail = pkt_tail_of(m);
	uint16_t holders = rte_mbuf_refcnt_read(m);
	struct rte_mbuf *first = NULL, *last = NULL;

	if (m->nb_segs + tail->n > RTE_MBUF_MAX_NB_SEGS)
		return -ENOMEM;
	for (uint32_t i = 0; i < tail->n; i++) {
		const struct pkt_piece *p = &tail->pieces[i];
		struct rte_mbuf *seg = rte_pktmbuf_alloc(pool);

		if (seg == NULL)
			goto free_segs;
		rte_pktmbuf_attach_extbuf(seg, p->at, RTE_BAD_IOVA, (uint16_t)p->len, tail->owner);
		rte_mbuf_ext_refcnt_update(tail->owner, 1);
		seg->data_len = (uint16_t)p->len;
		if (first == NULL)
			first = seg;
		else
			last->next = seg;
		last = seg;
	}
	/* Each holder of a packet frees all of its segments once. */
	for (struct rte_mbuf *seg = first; seg != NULL && holders > 1; seg = seg->next)
		rte_mbuf_refcnt_set(seg, holders);
	rte_pktmbuf_lastseg(m)->next = first;
	m->nb_segs += (uint16_t)tail->n;
	m->ol_flags &= ~PKT_F_TAIL;
	return 0;

free_segs:
	rte_pktmbuf_free(first);
	return -ENOMEM;
}
