/* SPDX-License-Identifier: BSD-3-Clause */
/* What an engine made, byte for byte against frames made anew: with DPDK's checksums, and so with
 * nothing that is measured. */
#include "bench/engine/unit.h"

#include <rte_ip.h>
#include <rte_tcp.h>
#include <stdlib.h>
#include <string.h>

/* Where the frame's checksums stand is set to 0. */
static void without_sums(const struct unit *u, uint8_t *frame)
{
	if (u->family == 4)
		memset(frame + UNIT_L2 + 10, 0, 2);
	memset(frame + UNIT_L2 + u->l3_len + offsetof(struct rte_tcp_hdr, cksum), 0, 2);
}

/* In place of the frame's TCP checksum, the sum of the pseudo-header. */
static void open_sum(const struct unit *u, uint8_t *frame)
{
	uint8_t *l3 = frame + UNIT_L2, *l4 = l3 + u->l3_len;
	uint16_t sum = u->family == 4 ? rte_ipv4_phdr_cksum((struct rte_ipv4_hdr *)l3, 0)
				      : rte_ipv6_phdr_cksum((struct rte_ipv6_hdr *)l3, 0);

	memcpy(l4 + offsetof(struct rte_tcp_hdr, cksum), &sum, sizeof(sum));
}

enum sums { NONE, COMPLETE, OPEN };

/* m against the flow's frame of `len` payload bytes that is the i-th. */
static int check(const struct unit *u, const struct rte_mbuf *m, unsigned int flow, unsigned int i,
		 uint32_t from, uint32_t len, enum sums sums, struct err *e)
{
	uint32_t size = u->hdr_len + len, at = 0;
	uint8_t *want = malloc(2 * (size_t)size), *got;
	const uint8_t *bytes;
	const char *why;
	int ret = -EPROTO;

	if (!want)
		return err_set(e, -ENOMEM, "no memory");
	got = want + size;
	if (rte_mbuf_check(m, 1, &why) != 0) {
		err_set(e, ret, "frame %u is damaged: %s", i, why);
		goto free_want;
	}
	if (m->pkt_len != size) {
		err_set(e, ret, "frame %u has %u bytes and not %u", i, m->pkt_len, size);
		goto free_want;
	}
	unit_frame(u, flow, i, from, len, want);
	bytes = rte_pktmbuf_read(m, 0, size, got);
	if (bytes != got)
		memcpy(got, bytes, size);
	if (sums == OPEN)
		open_sum(u, want);
	if (sums == NONE) {
		without_sums(u, want);
		without_sums(u, got);
	}
	while (at < size && want[at] == got[at])
		at++;
	ret = at == size ? 0
			 : err_set(e, ret, "frame %u is wrong at byte %u: %02x and not %02x", i, at,
				   got[at], want[at]);
free_want:
	free(want);
	return ret;
}

int unit_check_segments(const struct unit *u, struct rte_mbuf **out, int n, bool sums,
			struct err *e)
{
	int ret = 0;

	if (n != u->n_segments)
		return err_set(e, -EPROTO, "%d frames and not %u", n, u->n_segments);
	for (int i = 0; i < n && ret == 0; i++)
		ret = check(u, out[i], 0, (unsigned int)i, (uint32_t)i * u->mss,
			    unit_segment_bytes(u, (unsigned int)i), sums ? COMPLETE : NONE, e);
	return ret;
}

int unit_check_whole(const struct unit *u, struct rte_mbuf **out, int n, bool sums, struct err *e)
{
	int ret = 0;

	if (n != (int)u->flows)
		return err_set(e, -EPROTO, "%u segments of %u flows became %d packets",
			       u->n_segments * u->flows, u->flows, n);
	for (int i = 0; i < n && ret == 0; i++)
		ret = check(u, out[i], (unsigned int)i, 0, 0, u->payload, sums ? OPEN : NONE, e);
	return ret;
}
