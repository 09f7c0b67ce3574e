/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Timing in chunks of one burst: the units are made ready, then the clock runs while the engine
 * works and what it made is freed (the life of mbufs is part of what an engine costs). What the
 * median chunk took is what counts: an interrupt spoils a chunk, and not the figure.
 */
#include "bench/engine/ops.h"

#include <rte_cycles.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNKS_MAX = 1 << 18 };

static const double warm_up_seconds = 0.05;

struct bench {
	const struct engine_ops *ops;
	struct unit *unit;
	unsigned int burst;
	uint16_t n_in; /* mbufs of a unit that goes in */
	int n_out;     /* packets that must come out of it */
	struct rte_mbuf *in[ENGINE_BURST_MAX][UNIT_SEGMENTS_MAX];
	struct rte_mbuf *out[ENGINE_BURST_MAX][UNIT_SEGMENTS_MAX];
};

static int prepare(struct bench *b, struct err *e)
{
	for (unsigned int i = 0; i < b->burst; i++) {
		bool made;

		if (b->ops->kind == ENGINE_SPLIT)
			made = (b->in[i][0] = unit_whole(b->unit)) != NULL;
		else
			made = unit_segments(b->unit, b->in[i]) == 0;
		if (made)
			continue;
		while (i-- > 0)
			rte_pktmbuf_free_bulk(b->in[i], b->n_in);
		return err_set(e, -ENOMEM, "too few packet buffers: some were lost");
	}
	return 0;
}

/* One chunk; its time in cycles. */
static int chunk(struct bench *b, uint64_t *cycles, struct err *e)
{
	int ret = prepare(b, e), odd = 0, made[ENGINE_BURST_MAX];
	uint64_t began;

	if (ret != 0)
		return ret;
	began = rte_rdtsc_precise();
	for (unsigned int i = 0; i < b->burst; i++)
		made[i] = b->ops->run(b->in[i], b->n_in, b->out[i], UNIT_SEGMENTS_MAX);
	for (unsigned int i = 0; i < b->burst; i++) {
		if (made[i] > 0)
			rte_pktmbuf_free_bulk(b->out[i], (unsigned int)made[i]);
		odd = made[i] == b->n_out ? odd : made[i];
	}
	*cycles = rte_rdtsc_precise() - began;
	for (unsigned int i = 0; i < b->burst; i++)
		if (made[i] < 0)
			rte_pktmbuf_free_bulk(b->in[i], b->n_in);
	if (odd < 0)
		return err_set(e, odd, "the engine fails: %s", strerror(-odd));
	if (odd > 0)
		return err_set(e, -EPROTO, "%d packets and not %d", odd, b->n_out);
	return 0;
}

/* A unit through the engine; is what comes out right? */
static int verify(struct bench *b, struct err *e)
{
	unsigned int burst = b->burst;
	int ret, made;

	b->burst = 1;
	ret = prepare(b, e);
	b->burst = burst;
	if (ret != 0)
		return ret;
	made = b->ops->run(b->in[0], b->n_in, b->out[0], UNIT_SEGMENTS_MAX);
	if (made < 0) {
		rte_pktmbuf_free_bulk(b->in[0], b->n_in);
		return err_set(e, made, "the engine fails: %s", strerror(-made));
	}
	ret = (b->ops->kind == ENGINE_SPLIT ? unit_check_segments : unit_check_whole)(
		b->unit, b->out[0], made, b->ops->checksums, e);
	rte_pktmbuf_free_bulk(b->out[0], (unsigned int)made);
	return ret;
}

static int ascending(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static int repeat(struct bench *b, double seconds, uint64_t *cycles, size_t *n, struct err *e)
{
	uint64_t end = rte_rdtsc() + (uint64_t)(seconds * (double)rte_get_tsc_hz());
	int ret;

	*n = 0;
	do {
		ret = chunk(b, &cycles[*n], e);
	} while (ret == 0 && ++*n < CHUNKS_MAX && rte_rdtsc() < end);
	return ret;
}

int engine_time(const struct engine_ops *ops, struct unit *u, const struct engine_case *c,
		struct engine_result *r, struct err *e)
{
	static struct bench b;
	bool split = ops->kind == ENGINE_SPLIT;
	uint64_t *cycles = malloc(CHUNKS_MAX * sizeof(*cycles));
	double segments = (double)c->burst * u->flows * u->n_segments;
	size_t n;
	int ret;

	if (!cycles)
		return err_set(e, -ENOMEM, "no memory");
	b.ops = ops;
	b.unit = u;
	b.burst = c->burst;
	b.n_in = split ? 1 : u->flows * u->n_segments;
	b.n_out = split ? u->n_segments : (int)u->flows;
	ret = verify(&b, e);
	if (ret == 0)
		ret = repeat(&b, warm_up_seconds, cycles, &n, e);
	if (ret == 0)
		ret = repeat(&b, c->seconds, cycles, &n, e);
	/* Also afterwards: nothing that was timed has damaged the unit. */
	if (ret == 0)
		ret = verify(&b, e);
	if (ret == 0) {
		qsort(cycles, n, sizeof(*cycles), ascending);
		r->cycles_per_segment = (double)cycles[n / 2] / segments;
		r->ns_per_segment = r->cycles_per_segment * 1e9 / (double)rte_get_tsc_hz();
		r->chunks = n;
		r->segments = n * c->burst * u->flows * u->n_segments;
		r->checksums = ops->checksums;
	}
	free(cycles);
	return ret;
}
