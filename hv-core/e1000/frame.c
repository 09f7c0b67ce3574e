/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames going out: checksum insertion (3.5.8 and 3.3.3), VLAN tags (9.2.2), padding. */
#include "hv-core/e1000/frame.h"

#include "hv-core/e1000/csum.h"

#include <string.h>

void hv_e1000_frame_head(struct hv_e1000_frame *f)
{
	unsigned int i = 1;

	f->head = 0;
	while (i <= f->n && f->head < E1000_HEAD) {
		struct iovec *v = &f->iov[i];
		size_t part = E1000_HEAD - f->head < v->iov_len ? E1000_HEAD - f->head : v->iov_len;

		memcpy(f->front + E1000_TAG + f->head, v->iov_base, part);
		f->head += (uint32_t)part;
		v->iov_base = (uint8_t *)v->iov_base + part;
		v->iov_len -= part;
		if (v->iov_len == 0)
			i++;
	}
	f->iov[0] = (struct iovec){f->front + E1000_TAG, f->head};
}

bool hv_e1000_frame_put(struct hv_e1000_card *c, uint8_t *front, uint32_t bytes, uint64_t last,
			struct iovec *iov, unsigned int n, struct virtio_net_hdr *hdr)
{
	static const uint8_t zeros[E1000_FRAME_MIN];
	uint16_t type = (uint16_t)E1000_REG(c, E1000_VET), tag = E1000_TX_SPECIAL(last);

	if (last & E1000_TX_VLE && E1000_REG(c, E1000_CTRL) & E1000_CTRL_VME) {
		memmove(front, front + E1000_TAG, 12);
		uint8_t *t = front + 12;
		t[0] = (uint8_t)(type >> 8);
		t[1] = (uint8_t)type;
		t[2] = (uint8_t)(tag >> 8);
		t[3] = (uint8_t)tag;
		iov[0].iov_base = front;
		iov[0].iov_len += E1000_TAG;
		bytes += E1000_TAG;
		if (hdr->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM)
			hdr->csum_start += E1000_TAG;
		if (hdr->gso_type)
			hdr->hdr_len += E1000_TAG;
	}
	if (bytes < E1000_FRAME_MIN && E1000_REG(c, E1000_TCTL) & E1000_TCTL_PSP)
		iov[++n] = (struct iovec){(void *)zeros, E1000_FRAME_MIN - bytes};
	return c->env.wire->send(c->env.wire_self, iov, n + 1, hdr);
}

/* The sum of [start, end] goes to `at`, where a part of it may be already; end 0: all the rest.
 * What does not lie within the frame is not done. */
static void insert(struct hv_e1000_frame *f, uint32_t start, uint32_t end, uint32_t at, bool udp)
{
	struct hv_e1000_sum s = {0};

	if (end == 0 || end >= f->bytes)
		end = f->bytes - 1;
	if (start > end || at + 2 > f->head)
		return;
	hv_e1000_sum_pieces(&s, f->iov, f->n + 1, start, end + 1);
	uint16_t sum = (uint16_t)~hv_e1000_sum_fold(&s);
	if (udp && sum == 0)
		sum = 0xffff; /* RFC 768: 0 would mean "none" */
	memcpy(f->front + E1000_TAG + at, &sum, 2);
}

/* As insert(), but left to the switch where it can: a TCP or UDP checksum up to the end. */
static void insert_l4(struct hv_e1000_card *c, struct hv_e1000_frame *f, uint32_t start,
		      uint32_t end, uint32_t at, bool udp, struct virtio_net_hdr *hdr)
{
	bool known = at == start + 16 || at == start + 6;

	if (c->env.wire->offloads(c->env.wire_self) & HV_LINK_CSUM && known && start >= 14 &&
	    at + 2 <= f->bytes && (end == 0 || end + 1 == f->bytes)) {
		hdr->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
		hdr->csum_start = (uint16_t)start;
		hdr->csum_offset = (uint16_t)(at - start);
		return;
	}
	insert(f, start, end, at, udp);
}

enum hv_e1000_sent hv_e1000_frame_send(struct hv_e1000_card *c, struct hv_e1000_frame *f)
{
	const struct hv_e1000_context *x = &c->context;
	struct virtio_net_hdr hdr = {0};
	uint8_t dst[6];

	if (f->bytes < 14 || f->bytes > E1000_FRAME_MAX)
		return E1000_SENT;
	hv_e1000_frame_head(f);
	memcpy(dst, f->front + E1000_TAG, 6);
	if (!(f->first & E1000_TX_DEXT)) {
		if (f->last & E1000_TX_IC)
			insert_l4(c, f, E1000_TX_CSS(f->last), 0, E1000_TX_CSO(f->last), false,
				  &hdr);
	} else {
		if (f->first & E1000_TX_IXSM)
			insert(f, x->ip_start, x->ip_end, x->ip_sum, false);
		if (f->first & E1000_TX_TXSM)
			insert_l4(c, f, x->l4_start, x->l4_end, x->l4_sum,
				  x->l4_sum == x->l4_start + 6, &hdr);
	}
	if (!hv_e1000_frame_put(c, f->front, f->bytes, f->last, f->iov, f->n, &hdr))
		return E1000_NO_ROOM;
	uint32_t size = f->bytes < E1000_FRAME_MIN ? E1000_FRAME_MIN : f->bytes;
	hv_e1000_count_tx(c, dst, size + E1000_FCS_BYTES, 1);
	return E1000_SENT;
}
