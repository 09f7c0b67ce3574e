/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/microguest/card.h"

enum {
	RX_QUEUE = 0,
	TX_QUEUE = 1,
	UNIT_BYTES = 65550, /* 5.1.6.3.1: what a buffer must hold where units come in one */
	UNIT_RING = 256,
	FRAME_ROOM = 9018, /* what a reflector can take */
	UDP_CSUM_AT = 6,
	TCP_CSUM_AT = 16,
	L4_AT = 34,
	FIXED = 2, /* bytes of an address that a flow's number does not change */
};

/* What is asked for must be there; what only helps is taken where it is offered. */
static const char *choose(const struct mg_conf *conf, uint64_t offered, uint64_t *features)
{
	uint64_t must = MG_F(MG_F_VERSION_1), may = MG_F(MG_F_MAC);

	if (conf->packed)
		must |= MG_F(MG_F_RING_PACKED);
	if (conf->csum || conf->unit) {
		must |= MG_F(MG_F_CSUM);
		may |= MG_F(MG_F_GUEST_CSUM);
	}
	if (conf->unit) {
		must |= MG_F(MG_F_HOST_TSO4);
		may |= MG_F(MG_F_GUEST_TSO4);
	}
	may |= conf->mergeable ? MG_F(MG_F_MRG_RXBUF) : 0;
	may |= conf->event_idx ? MG_F(MG_F_EVENT_IDX) : 0;
	may |= conf->in_order ? MG_F(MG_F_IN_ORDER) : 0;
	if (must & ~offered) {
		if (must & ~offered & MG_F(MG_F_RING_PACKED))
			return "the network card offers no packed rings; rings=split does without";
		if (must & ~offered & MG_F(MG_F_VERSION_1))
			return "the network card is older than virtio 1.0";
		return "the network card offers no checksum or TSO offload; tso=off csum=off does "
		       "without";
	}
	*features = must | (may & offered);
	return NULL;
}

/* Gives each of the ring's buffers a place. An odd number of cache lines spreads them. */
static bool buffers(struct mg_vq *q, uint32_t bytes)
{
	uint32_t lines = (MG_LINE + bytes + MG_LINE - 1) / MG_LINE | 1;
	uint8_t *at = mg_memory((size_t)q->size * lines * MG_LINE, MG_LINE);

	for (uint32_t i = 0; at && i < q->size; i++) {
		q->addr[i] = (uintptr_t)at + (uint64_t)i * lines * MG_LINE + MG_HDR_AT;
		q->len[i] = (uint32_t)sizeof(struct mg_net_hdr) + bytes;
	}
	return at != NULL;
}

static const char *queues(struct mg_card *c, const struct mg_conf *conf)
{
	uint32_t tx_ring = conf->unit && conf->ring > UNIT_RING ? UNIT_RING : conf->ring;
	uint32_t tx_bytes = conf->unit ? UNIT_BYTES : c->reflects ? FRAME_ROOM : conf->bytes;
	uint32_t rx_ring = conf->ring, rx_bytes = conf->buffer_bytes;
	const char *why;

	if (!(c->dev.features & MG_F(MG_F_MRG_RXBUF))) {
		uint32_t whole = c->dev.features & MG_F(MG_F_GUEST_TSO4) ? UNIT_BYTES : conf->bytes;

		rx_bytes = rx_bytes > whole ? rx_bytes : whole;
	}
	/* As much as a longer ring of smaller ones holds. */
	if (rx_bytes > UNIT_BYTES / 2 && rx_ring > UNIT_RING)
		rx_ring = UNIT_RING;
	c->rx.flags = MG_DESC_WRITE;
	why = mg_virtio_queue(&c->dev, &c->rx, RX_QUEUE, rx_ring);
	if (!why)
		why = mg_virtio_queue(&c->dev, &c->tx, TX_QUEUE, tx_ring);
	if (why)
		return why;
	c->tx_bytes = tx_bytes;
	c->stale = mg_memory(c->tx.size, MG_LINE);
	if (!buffers(&c->rx, rx_bytes) || !buffers(&c->tx, tx_bytes) || !c->stale)
		return "no memory for buffers; --memory gives more, ring=256 needs less";
	mg_vq_init(&c->rx);
	mg_vq_init(&c->tx);
	return NULL;
}

static bool given(const uint8_t mac[6])
{
	static const uint8_t none[6];

	return memcmp(mac, none, 6) != 0;
}

const char *mg_card_open(struct mg_card *c, unsigned int fn, unsigned int number,
			 const struct mg_conf *conf)
{
	const char *why = mg_virtio_open(&c->dev, fn);
	uint64_t features;

	c->index = number;
	c->role = conf->role[number];
	c->sends = c->role == MG_GENERATOR || c->role == MG_BOTH || c->role == MG_PING;
	c->reflects = c->role == MG_REFLECTOR;
	c->is_host = c->reflects && number < conf->addresses;
	if (c->is_host)
		memcpy(c->address, conf->address[number], sizeof(c->address));
	c->flows = conf->flows;
	if (!why)
		why = choose(conf, c->dev.offered, &features);
	if (!why)
		why = mg_virtio_agree(&c->dev, features);
	if (!why)
		why = queues(c, conf);
	if (!why)
		why = mg_virtio_start(&c->dev);
	if (why)
		return why;
	if (given(conf->mac[number]))
		memcpy(c->mac, conf->mac[number], 6);
	else if (features & MG_F(MG_F_MAC))
		for (int i = 0; i < 6; i++)
			c->mac[i] = c->dev.config[i];
	else
		return "the network card has no address; mac= gives it one";
	mg_vq_give(&c->rx, mg_vq_room(&c->rx, c->rx.size));
	return NULL;
}

/* The frame's unchanging part and its virtio header, which says what is left to the device. */
static void prepare(struct mg_card *c, uint16_t id)
{
	uint8_t *frame = mg_card_frame(&c->tx, id);
	struct mg_net_hdr hdr = {0};

	if (c->image.partial) {
		hdr.flags = MG_HDR_NEEDS_CSUM;
		hdr.csum_start = L4_AT;
		hdr.csum_offset = c->image.mss ? TCP_CSUM_AT : UDP_CSUM_AT;
	}
	if (c->image.mss) {
		hdr.gso_type = MG_GSO_TCPV4;
		hdr.gso_size = c->image.mss;
		hdr.hdr_len = MG_UNIT_HEAD;
	}
	*mg_card_hdr(&c->tx, id) = hdr;
	mg_frame_prepare(&c->image, frame);
	mg_vq_set_len(&c->tx, id, (uint32_t)sizeof(hdr) + c->image.bytes);
}

const char *mg_card_prepare(struct mg_card *c, const struct mg_conf *conf, uint16_t run)
{
	struct mg_ends ends = {.src = c->mac,
			       .dst = c->dst,
			       .src_host = (uint8_t)(1 + c->index),
			       .dst_host = (uint8_t)(101 + c->index)};

	if (!c->sends)
		return NULL;
	if (!given(c->dst))
		return "dst= must name the address a card sends to";
	if (c->flows > 1 && memcmp(c->mac, c->dst, FIXED) == 0)
		return "with flows=, the addresses must differ in their first two bytes: the "
		       "flow's number changes the others";
	c->answered = mg_memory((c->flows + 63) / 64 * sizeof(*c->answered), MG_LINE);
	if (!c->answered)
		return "no memory for so many flows; --memory gives more";
	mg_image_frame(&c->hello, &ends, MG_FRAME_HEAD, run, (uint16_t)c->index, false);
	if (conf->unit)
		mg_image_unit(&c->image, &ends, conf->mtu, run, (uint16_t)c->index);
	else
		mg_image_frame(&c->image, &ends, conf->bytes, run, (uint16_t)c->index, conf->csum);
	for (uint32_t i = 0; i < c->tx.size; i++)
		prepare(c, (uint16_t)i);
	return NULL;
}

void mg_card_again(struct mg_card *c, uint16_t id)
{
	c->stale[id] = 0;
	c->n_stale--;
	prepare(c, id);
}

uint8_t *mg_card_small(struct mg_card *c)
{
	uint16_t id;

	if (!mg_vq_room(&c->tx, 1))
		return NULL;
	id = mg_vq_next(&c->tx, 0);
	c->n_stale += !c->stale[id];
	c->stale[id] = 1;
	*mg_card_hdr(&c->tx, id) = (struct mg_net_hdr){0};
	mg_vq_set_len(&c->tx, id, (uint32_t)sizeof(struct mg_net_hdr) + MG_FRAME_HEAD);
	return mg_card_frame(&c->tx, id);
}
