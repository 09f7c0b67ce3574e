/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/chim/link.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

enum { FIN_PSH = 0x09, CWR = 0x80 };

void link_init(struct link *l, const struct link_conf *conf, uint64_t seed)
{
	*l = (struct link){.conf = *conf, .rng = {seed}};
}

void link_free(struct link *l)
{
	for (uint32_t i = 0; i < l->n; i++)
		free(l->heap[i]);
	free(l->heap);
	free(l->out);
	*l = (struct link){.conf = l->conf};
}

static struct packet *packet_new(uint32_t len)
{
	struct packet *p = calloc(1, sizeof(*p) + len);

	if (!p)
		abort();
	p->len = len;
	return p;
}

static bool before(const struct packet *a, const struct packet *b)
{
	return a->due != b->due ? a->due < b->due : a->order < b->order;
}

static void swap(struct packet **a, struct packet **b)
{
	struct packet *t = *a;

	*a = *b;
	*b = t;
}

static void push(struct link *l, struct packet *p)
{
	if (l->n == l->room) {
		l->room = l->room ? 2 * l->room : 64;
		l->heap = realloc(l->heap, l->room * sizeof(*l->heap));
		if (!l->heap)
			abort();
	}
	p->order = l->order++;
	l->heap[l->n] = p;
	for (uint32_t i = l->n++; i > 0 && before(l->heap[i], l->heap[(i - 1) / 2]);
	     i = (i - 1) / 2)
		swap(&l->heap[i], &l->heap[(i - 1) / 2]);
}

static struct packet *pop(struct link *l)
{
	struct packet *p = l->heap[0];
	uint32_t i = 0;

	l->heap[0] = l->heap[--l->n];
	for (;;) {
		uint32_t least = i;

		for (uint32_t k = 2 * i + 1; k <= 2 * i + 2; k++)
			if (k < l->n && before(l->heap[k], l->heap[least]))
				least = k;
		if (least == i)
			return p;
		swap(&l->heap[i], &l->heap[least]);
		i = least;
	}
}

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* After the IP header was changed. */
static void sum_v4(uint8_t *ip)
{
	uint32_t sum = 0;

	put16(ip + 10, 0);
	for (int i = 0; i < 20; i += 2)
		sum += get16(ip + i);
	sum = (sum & 0xffff) + (sum >> 16);
	put16(ip + 10, ~(sum + (sum >> 16)));
}

uint32_t packet_count(const struct packet *p)
{
	uint32_t payload = p->len - p->l3_len - p->l4_len;

	return p->segsz ? (payload + p->segsz - 1) / p->segsz : 1;
}

/* The i-th frame of a unit. */
static struct packet *frame_of(const struct packet *p, uint32_t i)
{
	uint32_t headers = p->l3_len + p->l4_len, from = i * p->segsz, seq;
	uint32_t rest = p->len - headers - from, n = rest < p->segsz ? rest : p->segsz;
	struct packet *f = packet_new(headers + n);
	uint8_t *tcp = f->bytes + p->l3_len;

	f->l3_len = p->l3_len;
	f->l4_len = p->l4_len;
	memcpy(f->bytes, p->bytes, headers);
	memcpy(f->bytes + headers, p->bytes + headers + from, n);
	memcpy(&seq, tcp + 4, 4);
	seq = htonl(ntohl(seq) + from);
	memcpy(tcp + 4, &seq, 4);
	if (n < rest)
		tcp[13] &= (uint8_t)~FIN_PSH;
	if (i > 0)
		tcp[13] &= (uint8_t)~CWR;
	if (p->l3_len == 40) {
		put16(f->bytes + 4, f->len - 40);
	} else {
		put16(f->bytes + 2, f->len);
		put16(f->bytes + 4, get16(p->bytes + 4) + i);
		sum_v4(f->bytes);
	}
	return f;
}

void packet_frames(const struct packet *p, void (*frame)(void *ctx, struct packet *f), void *ctx)
{
	for (uint32_t i = 0; i < packet_count(p); i++) {
		struct packet *f = p->segsz ? frame_of(p, i) : packet_new(p->len);

		if (!p->segsz) {
			f->l3_len = p->l3_len;
			f->l4_len = p->l4_len;
			memcpy(f->bytes, p->bytes, p->len);
		}
		f->due = p->due;
		frame(ctx, f);
	}
}

static void mark(struct packet *p)
{
	uint32_t shift = p->l3_len == 40 ? 4 : 0;

	if ((p->bytes[1] >> shift & 3) == 0)
		return;
	p->bytes[1] |= (uint8_t)(3 << shift);
	if (shift == 0)
		sum_v4(p->bytes);
}

/* On its way, with what happens there. p->due: when it was sent. */
static void go(void *ctx, struct packet *p)
{
	struct link *l = ctx;
	const struct link_conf *c = &l->conf;

	l->packets += packet_count(p);
	if (rng_ppm(&l->rng, c->loss_ppm)) {
		l->lost += packet_count(p);
		free(p);
		return;
	}
	if (rng_ppm(&l->rng, c->mark_ppm))
		mark(p);
	if (rng_ppm(&l->rng, c->dup_ppm)) {
		struct packet *twin = packet_new(p->len);

		memcpy(twin, p, sizeof(*p) + p->len);
		twin->due += c->delay_ns + rng_below(&l->rng, c->late_ns);
		push(l, twin);
	}
	p->due += c->delay_ns + rng_below(&l->rng, c->jitter_ns);
	if (rng_ppm(&l->rng, c->late_ppm))
		p->due += rng_below(&l->rng, c->late_ns);
	push(l, p);
}

void link_put(struct link *l, const struct iovec *iov, uint32_t n, uint8_t l3_len, uint8_t l4_len,
	      uint16_t segsz, uint64_t now)
{
	struct packet *p;
	uint32_t len = 0;

	for (uint32_t i = 0; i < n; i++)
		len += (uint32_t)iov[i].iov_len;
	p = packet_new(len);
	p->due = now;
	p->segsz = segsz;
	p->l3_len = l3_len;
	p->l4_len = l4_len;
	len = 0;
	for (uint32_t i = 0; i < n; i++) {
		memcpy(p->bytes + len, iov[i].iov_base, iov[i].iov_len);
		len += (uint32_t)iov[i].iov_len;
	}
	if (segsz == 0 || rng_ppm(&l->rng, l->conf.whole_ppm)) {
		go(l, p);
		return;
	}
	packet_frames(p, go, l);
	free(p);
}

const struct packet *link_get(struct link *l, uint64_t now)
{
	free(l->out);
	l->out = l->n > 0 && l->heap[0]->due <= now ? pop(l) : NULL;
	return l->out;
}

uint64_t link_next(const struct link *l)
{
	return l->n > 0 ? l->heap[0]->due : UINT64_MAX;
}
