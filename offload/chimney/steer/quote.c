/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/steer/quote.h"

#include "offload/chimney/steer/flow_impl.h"
#include "packet/csum.h"
#include "packet/parse.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	ETHER = 14,
	IP4 = 20,
	IP6 = 40,
	ICMP = 8,
	PORTS_AND_SEQ = 8,
	TCP = 6,
	ICMP4 = 1,
	ICMP6 = 58
};

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)pkt_be16(p) << 16 | pkt_be16(p + 2);
}

/* Wrong for sure? Of one that is longer than these bytes nothing is said. */
static bool is_damaged(const uint8_t *l3, uint32_t len, bool v6, uint32_t icmp_len)
{
	uint32_t l3_len = v6 ? IP6 : IP4;
	uint64_t sum = v6 ? pkt_csum_pseudo(l3, 6, ICMP6, icmp_len) : 0;

	if (l3_len + icmp_len > len)
		return false;
	return pkt_csum_fold(sum + pkt_csum_bytes(l3 + l3_len, icmp_len)) != 0xffff;
}

static bool kind_of(const uint8_t *icmp, bool v6, struct flow_quote *q)
{
	uint32_t mtu = v6 ? be32(icmp + 4) : pkt_be16(icmp + 6);

	q->kind = FLOW_UNREACHABLE;
	if (v6 ? icmp[0] == 2 : icmp[0] == 3 && icmp[1] == 4) {
		q->kind = FLOW_TOO_BIG;
		q->mtu = (uint16_t)RTE_MIN(mtu, (uint32_t)UINT16_MAX);
		return true;
	}
	return icmp[0] == (v6 ? 1 : 3);
}

/* The quoted segment's source is where the flow leads to. */
static bool turn_round(const uint8_t *ip, bool v6, struct flow_key *key)
{
	const uint8_t *l4 = ip + (v6 ? IP6 : IP4);

	if (v6 ? ip[0] >> 4 != 6 || ip[6] != TCP
	       : ip[0] != 0x45 || ip[9] != TCP || (pkt_be16(ip + 6) & 0x1fff) != 0)
		return false;
	key->v6 = v6;
	memcpy(key->dst, ip + (v6 ? 8 : 12), v6 ? 16 : 4);
	memcpy(key->src, ip + (v6 ? 24 : 16), v6 ? 16 : 4);
	memcpy(&key->dport, l4, 2);
	memcpy(&key->sport, l4 + 2, 2);
	return true;
}

bool flow_quote_of(const uint8_t *data, uint32_t len, struct flow_quote *q)
{
	const uint8_t *l3 = data + ETHER, *icmp, *ip;
	uint32_t l3_len, icmp_len;
	bool v6;

	if (!flow_quote_maybe(data, len))
		return false;
	v6 = data[12] == 0x86;
	l3_len = v6 ? IP6 : IP4;
	/* A fragment, or what has options, is the kernel's alone. */
	if (v6 ? l3[0] >> 4 != 6 : l3[0] != 0x45 || (pkt_be16(l3 + 6) & 0x3fff) != 0)
		return false;
	if (len < ETHER + l3_len + ICMP + l3_len + PORTS_AND_SEQ)
		return false;
	icmp_len = v6 ? pkt_be16(l3 + 4) : pkt_be16(l3 + 2);
	if (!v6)
		icmp_len -= RTE_MIN(icmp_len, (uint32_t)IP4);
	if (icmp_len < ICMP + l3_len + PORTS_AND_SEQ)
		return false;
	*q = (struct flow_quote){0};
	icmp = l3 + l3_len;
	ip = icmp + ICMP;
	if (!kind_of(icmp, v6, q) || !turn_round(ip, v6, &q->key) ||
	    is_damaged(l3, len - ETHER, v6, icmp_len))
		return false;
	memcpy(q->key.dmac, data, 6);
	q->seq = be32(ip + l3_len + 4);
	return true;
}

int flow_table_note_quotes(struct flow_table *t, int fd)
{
	t->quotes = calloc(1, sizeof(*t->quotes));
	if (!t->quotes)
		return -ENOMEM;
	t->quotes->fd = fd;
	return 0;
}

void flow_quote_note(struct flow_quotes *all, const struct flow_quote *q)
{
	uint32_t at = atomic_fetch_add_explicit(&all->next, 1, memory_order_relaxed) % FLOW_QUOTES;
	uint8_t empty = FLOW_SLOT_EMPTY;
	const uint64_t one = 1;

	if (!atomic_compare_exchange_strong(&all->slot[at].state, &empty, FLOW_SLOT_TAKEN))
		return;
	all->slot[at].quote = *q;
	atomic_store(&all->slot[at].state, FLOW_SLOT_FULL);
	if (!atomic_exchange(&all->told, true) && write(all->fd, &one, sizeof(one)) < 0)
		return; /* full: main is on its way */
}

unsigned int flow_quotes_take(struct flow_table *t, struct flow_quote out[FLOW_QUOTES])
{
	struct flow_quotes *all = t->quotes;
	unsigned int n = 0;

	/* Before they are looked at: what comes behind is told of anew. */
	atomic_store(&all->told, false);
	for (unsigned int i = 0; i < FLOW_QUOTES; i++) {
		if (atomic_load(&all->slot[i].state) != FLOW_SLOT_FULL)
			continue;
		out[n++] = all->slot[i].quote;
		atomic_store(&all->slot[i].state, FLOW_SLOT_EMPTY);
	}
	return n;
}
