/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/pair/cases.h"
#include "tests/pair/units.h"

#include "base/clock.h"

#include <string.h>

/* Every size, in one buffer, with room for virtio's header in front. */
static void each_size(uint32_t number, struct shape *s)
{
	s->bytes = FRAME_MIN + number % (FRAME_MAX - FRAME_MIN + 1u);
}

static void cut(uint32_t number, const uint16_t (*plans)[16], size_t n, struct shape *s)
{
	const uint16_t *plan = plans[number % n];

	s->bytes = FRAME_MIN + number * 37 % (FRAME_MAX - FRAME_MIN + 1u);
	while (s->n_cuts < 16 && plan[s->n_cuts] != 0) {
		s->cut[s->n_cuts] = plan[s->n_cuts];
		s->n_cuts++;
	}
}

/* Cuts where something begins or ends: single bytes, within and right behind the headers, what a
 * switch may copy with them, a page. Of each only as much as the frame has; at most seven segments,
 * so that the driver puts them into an indirect table where it may. Every third frame without room
 * for virtio's header, which then lies in a buffer of its own. */
static void chained(uint32_t number, struct shape *s)
{
	static const uint16_t plans[][16] = {
		{14},
		{1},
		{1, 1, 1, 1, 1, 1},
		{12, 2},
		{54, 1000},
		{64, 1, 64, 1},
		{128},
		{255, 1},
		{256},
		{257},
		{1000, 1000, 1000, 1000},
		{2036},
		{4095, 1, 1},
		{2048, 2048, 2048, 2048},
		{0},
	};

	cut(number, plans, RTE_DIM(plans), s);
	s->no_headroom = number % 3 == 0;
}

/* More segments than the driver puts into an indirect table: a descriptor each. Frames too short
 * for so many cuts go whole: DPDK 22.11's driver mistakes the descriptors' ids where both kinds
 * meet in a packed ring that is not in order. */
static void long_chained(uint32_t number, struct shape *s)
{
	static const uint16_t plans[][16] = {
		{1, 1, 1, 1, 1, 1, 1, 1},
		{3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53},
		{300, 300, 300, 300, 300, 300, 300, 300, 300, 300, 300, 300, 300, 300, 300},
		{14, 20, 20, 1448, 1448, 1448, 1448, 1448, 1448},
	};
	uint32_t bytes = 0;

	cut(number, plans, RTE_DIM(plans), s);
	for (unsigned int i = 0; i < s->n_cuts; i++)
		bytes += s->cut[i];
	if (s->bytes <= bytes)
		s->n_cuts = 0;
}

/* Small ones, ordinary ones, large ones. */
static void mixed(uint32_t number, struct shape *s)
{
	static const uint16_t sizes[] = {60, 60, 1514, 60, 590, 9014, 120, 1514, 60, 4000};

	s->bytes = sizes[number % RTE_DIM(sizes)];
	if (number % 4 == 0) {
		s->cut[0] = 50;
		s->n_cuts = 1;
	}
}

/* The second guest does not look while the first sends several rings full. All of it must be
 * taken off the first guest's hands, whole rows of it must lie in the second's ring, and after
 * that all is as before. */
static int stall(struct pair *p)
{
	struct guest *sender = &p->guest[0];
	uint64_t end_ns = pair_deadline_ns();
	unsigned int open;
	int ret;

	p->lossy = true;
	for (unsigned int i = 0; i < p->n_streams; i++)
		p->stream[i].base = p->stream[i].next + sender->opt.ring * 6u;
	do {
		open = 0;
		ret = pair_poll(p, sender);
		if (ret < 0)
			return ret;
		for (unsigned int i = 0; i < p->n_streams; i++) {
			struct stream *s = &p->stream[i];

			if (s->from != sender || s->next == s->base)
				continue;
			open++;
			if (pair_send(s, mixed, s->base - s->next) > 0)
				end_ns = pair_deadline_ns();
		}
		if (clock_now_ns() > end_ns)
			return err_set(&p->err, -ETIMEDOUT,
				       "the receiver stands still, and so does the sender: its "
				       "ring is not emptied");
	} while (open > 0);
	/* Now it looks, and finds what fitted; one more frame tells that this was all. */
	ret = pair_exchange(p, mixed, 1);
	p->lossy = false;
	return ret == 0 ? pair_exchange(p, mixed, 200) : ret;
}

/* Both send as fast as they can, and more than the rings hold. */
static int flood(struct pair *p)
{
	uint32_t window[PAIR_STREAMS] = {0};
	int ret;

	p->lossy = true;
	for (unsigned int i = 0; i < p->n_streams; i++) {
		window[i] = p->stream[i].window;
		p->stream[i].window = UINT32_MAX / 4;
	}
	ret = pair_exchange(p, mixed, 4000);
	for (unsigned int i = 0; i < p->n_streams; i++)
		p->stream[i].window = window[i];
	p->lossy = false;
	return ret == 0 ? pair_exchange(p, mixed, 200) : ret;
}

static int units(struct pair *p)
{
	static const uint16_t mss[] = {536, 1448, 8948};
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < RTE_DIM(mss); i++) {
		ret = units_large(p, 4, mss[i]);
		if (ret == 0)
			ret = units_large(p, 6, mss[i]);
	}
	return ret;
}

/* The switch may see its guests a little later than they see it. */
static int meet(struct pair *p)
{
	int ret;

	p->lossy = true;
	ret = pair_exchange(p, mixed, 1);
	p->lossy = false;
	return ret;
}

int case_run(struct pair *p, const char *name, const volatile sig_atomic_t *stop)
{
	int ret;

	if (strcmp(name, "endless") == 0)
		return pair_endless(p, mixed, stop);
	if (strcmp(name, "meet") == 0)
		ret = meet(p);
	else if (strcmp(name, "sizes") == 0)
		ret = pair_exchange(p, each_size, FRAME_MAX - FRAME_MIN + 1);
	else if (strcmp(name, "chains") == 0)
		ret = pair_exchange(p, chained, 3000);
	else if (strcmp(name, "long") == 0)
		ret = pair_exchange(p, long_chained, 3000);
	else if (strcmp(name, "stall") == 0)
		ret = stall(p);
	else if (strcmp(name, "flood") == 0)
		ret = flood(p);
	else if (strcmp(name, "checksums") == 0)
		ret = units_checksums(p, 4) ?: units_checksums(p, 6);
	else if (strcmp(name, "units") == 0)
		ret = units(p);
	else
		return err_set(
			&p->err, -EINVAL,
			"there is no case '%s'; there are meet, sizes, chains, long, stall, flood, "
			"checksums, units, endless",
			name);
	return ret;
}
