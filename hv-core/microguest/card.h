/* SPDX-License-Identifier: BSD-3-Clause */
/* A network card with its rings, its load, and what is known of what came. */
#ifndef HV_CORE_MICROGUEST_CARD_H
#define HV_CORE_MICROGUEST_CARD_H

#include "hv-core/microguest/cmdline.h"
#include "hv-core/microguest/frame.h"
#include "hv-core/microguest/hist.h"
#include "hv-core/microguest/virtio.h"
#include "hv-core/microguest/window.h"

enum { MG_BURST = 64, MG_DUE_SHIFT = 12 };

/* virtio 1.2, 5.1.6. */
struct mg_net_hdr {
	uint8_t flags, gso_type;
	uint16_t hdr_len, gso_size, csum_start, csum_offset, num_buffers;
};
enum { MG_HDR_NEEDS_CSUM = 1, MG_HDR_DATA_VALID = 2, MG_GSO_TCPV4 = 1 };

enum {
	MG_LINE = 64,
	/* A frame begins with a cache line: of one that is sent, only that line is written again,
	 * and the virtio header before it stays as it is. */
	MG_HDR_AT = MG_LINE - (int)sizeof(struct mg_net_hdr),
};

struct mg_counts {
	uint64_t offered, sent, received, bytes, stray, corrupt, other, reflected, answered,
		refused;
	uint64_t unit_bytes; /* payload of units and their pieces */
};

/* Who sends to this card, once it said hello. */
struct mg_peer {
	bool known;
	uint16_t run, stream;
};

struct mg_card {
	struct mg_virtio dev;
	struct mg_vq rx, tx;
	uint8_t mac[6], dst[6];
	enum mg_role role;
	unsigned int index;
	bool sends, reflects;
	uint8_t address[4]; /* IPv4, of a reflector that is a host, too */
	bool is_host;

	struct mg_image image, hello;
	uint32_t tx_bytes; /* of the largest frame a transmit buffer holds */
	uint8_t *stale;	   /* of transmit buffers, by id: it held something else meanwhile */
	uint32_t n_stale;
	uint32_t place, flow;  /* of the next frame */
	uint64_t due;	       /* of the next one, in 1/4096 cycles since the beginning */
	uint64_t period;       /* likewise; 0: no schedule */
	uint64_t late;	       /* cycles, the most */
	uint32_t flows, ready; /* how many there are, and were answered, */
	uint64_t *answered;    /* a bit each */

	struct mg_peer peer;
	struct mg_counts count;
	struct mg_window window;
	struct mg_hist latency; /* cycles; only of frames this guest sent itself */
	uint32_t looked;
	/* Cycles: when something came and went last, and the longest silence. */
	uint64_t last_rx, last_tx, gap;
	uint64_t given_up; /* frames that should have come back (ping) */
};

/* Makes the card ready to send and receive. number: which one. NULL, or what is wrong. */
const char *mg_card_open(struct mg_card *c, unsigned int fn, unsigned int number,
			 const struct mg_conf *conf);
/* Fills the transmit buffers, once it is known whom it sends to. run: the guest's number. */
const char *mg_card_prepare(struct mg_card *c, const struct mg_conf *conf, uint16_t run);

static inline struct mg_net_hdr *mg_card_hdr(const struct mg_vq *q, uint16_t id)
{
	return (struct mg_net_hdr *)(uintptr_t)q->addr[id];
}

static inline uint8_t *mg_card_frame(const struct mg_vq *q, uint16_t id)
{
	return (uint8_t *)(uintptr_t)(q->addr[id] + sizeof(struct mg_net_hdr));
}

/* The buffer for one small frame that is none of the load; NULL: no room. Then mg_vq_give(1). */
uint8_t *mg_card_small(struct mg_card *c);
/* Prepares such a buffer for the load again. */
void mg_card_again(struct mg_card *c, uint16_t id);

#endif
