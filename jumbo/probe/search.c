/* SPDX-License-Identifier: BSD-3-Clause */
#include "jumbo/probe/search.h"

#include <stdio.h>
#include <string.h>

/* MTUs that many paths have: RFC 791's least, RFC 8200's least, tunnels, PPPoE, Ethernet, FDDI,
 * POS, and Ethernet's jumbo frames. Ascending. */
static const uint32_t common[] = {576, 1280, 1400, 1420, 1450, 1492, 1500, 4352, 4470, 9000};
#define N_COMMON (sizeof(common) / sizeof(common[0]))

enum {
	TRIES_MIN = 3,
	TRIES_MAX = 24,
	ROUNDS = 2,	 /* of silence at the limit, before it is believed */
	BACK_ROUNDS = 3, /* of silence while looking for the way back's, before it is left open */
};

void probe_search_init(struct probe_search *s, uint32_t least, uint32_t most)
{
	memset(s, 0, sizeof(*s));
	s->least = least;
	s->most = most;
	s->tries = TRIES_MIN;
}

void probe_search_loss(struct probe_search *s, unsigned int sent, unsigned int answered)
{
	double lost = sent > answered ? (double)(sent - answered) / sent : 0, left = 1;

	for (s->tries = 0; s->tries < TRIES_MIN || left > 1e-4; s->tries++) {
		if (s->tries == TRIES_MAX)
			break;
		left *= lost;
	}
}

static struct probe_failed *find_failed(const struct probe_search *s, uint32_t size)
{
	for (unsigned int i = 0; i < s->n_failed; i++)
		if (s->failed[i].size == size)
			return (struct probe_failed *)&s->failed[i];
	return NULL;
}

static struct probe_failed *note_failed(struct probe_search *s, uint32_t size)
{
	struct probe_failed *f = find_failed(s, size);

	if (!f && s->n_failed < PROBE_FAILED_MAX) {
		f = &s->failed[s->n_failed++];
		f->size = size;
	}
	return f;
}

uint32_t probe_search_limit(const struct probe_search *s)
{
	uint32_t limit = s->most + 1;

	for (unsigned int i = 0; i < s->n_failed; i++)
		if (s->failed[i].size > s->carried && s->failed[i].size < limit)
			limit = s->failed[i].size;
	return limit;
}

static bool was_told(const struct probe_search *s, uint32_t mtu)
{
	for (unsigned int i = 0; i < s->n_told; i++)
		if (s->told[i].mtu == mtu)
			return true;
	return false;
}

static bool is_common(uint32_t size)
{
	for (unsigned int i = 0; i < N_COMMON; i++)
		if (common[i] == size)
			return true;
	return false;
}

/* The next size for the way there; 0: done. */
static uint32_t next_forward(const struct probe_search *s, unsigned int *tries)
{
	uint32_t limit = probe_search_limit(s), told = 0;
	const struct probe_failed *f = find_failed(s, limit);

	if (s->carried == s->most)
		return 0;
	if (limit > s->most)
		return s->most;
	if (limit == s->carried + 1) {
		if (f->told && f->told_mtu == s->carried)
			return 0;
		/* Who told it of a larger packet may be silent for a while: RFC 1812 4.3.2.8. */
		if (f->silent >= (was_told(s, s->carried) ? 1 : ROUNDS))
			return 0;
		*tries *= 2;
		return limit;
	}
	/* The largest told MTU that is not yet known to be right or wrong. */
	for (unsigned int i = 0; i < s->n_told; i++)
		if (s->told[i].mtu > s->carried && s->told[i].mtu < limit && s->told[i].mtu > told)
			told = s->told[i].mtu;
	if (told)
		return told;
	if (was_told(s, s->carried))
		return s->carried + 1;
	for (unsigned int i = 0; i < N_COMMON; i++)
		if (common[i] > s->carried && common[i] < limit)
			return common[i];
	return is_common(s->carried) ? s->carried + 1 : s->carried + (limit - s->carried) / 2;
}

/* The next size for the way back; 0: done. Only sizes that the way there carries are asked for. */
static uint32_t next_back(const struct probe_search *s)
{
	uint32_t whole = s->back_whole, split = s->back_split;

	if (split == 0 || split <= whole + 1 || s->back_cut || s->back_lost >= BACK_ROUNDS)
		return 0;
	/* Fragments are rounded down to 8 bytes of payload: the MTU is this or up to 7 more. */
	if (s->back_fragment > whole && s->back_fragment < split)
		return s->back_fragment;
	if (s->back_fragment + 8 > whole && s->back_fragment + 8 < split)
		return s->back_fragment + 8;
	return whole + (split - whole) / 2;
}

uint32_t probe_search_next(const struct probe_search *s, unsigned int *tries)
{
	uint32_t size;

	*tries = s->tries;
	if (s->carried == 0) {
		const struct probe_failed *f = find_failed(s, s->least);

		*tries *= 2;
		return f && f->silent > 0 ? 0 : s->least;
	}
	size = next_forward(s, tries);
	return size ? size : next_back(s);
}

void probe_search_answered(struct probe_search *s, uint32_t size, uint32_t reply, uint32_t fragment)
{
	struct probe_failed *f = find_failed(s, size);

	if (size > s->most) /* nobody asked */
		return;
	if (f) /* it was lost by chance, or came late, or the teller was wrong */
		*f = s->failed[--s->n_failed];
	if (size > s->carried)
		s->carried = size;
	if (reply < size)
		s->back_cut = true;
	if (fragment == 0 && reply > s->back_whole)
		s->back_whole = reply;
	if (fragment > s->back_fragment)
		s->back_fragment = fragment;
	if (fragment > 0 && (s->back_split == 0 || reply < s->back_split))
		s->back_split = reply;
	if (s->back_split <= s->back_whole) /* the way back changed meanwhile */
		s->back_split = 0;
}

void probe_search_told(struct probe_search *s, uint32_t size, uint32_t mtu, bool local,
		       const char *from)
{
	struct probe_failed *f = note_failed(s, size);
	struct probe_told *t = NULL;

	if (f) {
		f->told = true;
		f->told_mtu = mtu;
	}
	for (unsigned int i = 0; i < s->n_told; i++)
		if (s->told[i].mtu == mtu && strcmp(s->told[i].from, from) == 0)
			return;
	if (s->n_told == PROBE_TOLD_MAX)
		return;
	t = &s->told[s->n_told++];
	t->size = size;
	t->mtu = mtu;
	t->local = local;
	snprintf(t->from, sizeof(t->from), "%s", from);
}

void probe_search_silent(struct probe_search *s, uint32_t size)
{
	struct probe_failed *f;

	if (s->carried && size <= s->carried) {
		s->back_lost++;
		return;
	}
	f = note_failed(s, size);
	if (f)
		f->silent++;
}

bool probe_search_exact(const struct probe_search *s)
{
	return s->carried == s->most || probe_search_limit(s) == s->carried + 1;
}

bool probe_search_back(const struct probe_search *s, uint32_t *mtu)
{
	*mtu = s->back_whole;
	/* A largest fragment of that size went through, and so would a packet. */
	if (s->back_split && s->back_fragment > *mtu)
		*mtu = s->back_fragment;
	return s->back_split && s->back_split == s->back_whole + 1;
}

bool probe_search_vanishes(const struct probe_search *s)
{
	const struct probe_failed *f = find_failed(s, probe_search_limit(s));

	return s->carried && f && !f->told && !was_told(s, s->carried);
}

const struct probe_told *probe_search_teller(const struct probe_search *s)
{
	const struct probe_told *best = NULL;

	for (unsigned int i = 0; i < s->n_told; i++) {
		const struct probe_told *t = &s->told[i];

		if (t->mtu == s->carried)
			return t;
		if (!best || t->mtu < best->mtu)
			best = t;
	}
	return best;
}

enum probe_state probe_search_state(const struct probe_search *s)
{
	const struct probe_told *t = probe_search_teller(s);

	if (s->carried == 0)
		return PROBE_UNREACHABLE;
	if (s->carried == s->most)
		return s->back_whole == s->most ? PROBE_CLEAR : PROBE_SMALLER_BACK;
	if (t && t->mtu == s->carried)
		return PROBE_TOLD;
	/* Told a size that is carried all the same, or one that does not fit, or none. */
	if (t && (t->mtu < s->carried || !probe_search_vanishes(s)))
		return PROBE_TOLD_WRONG;
	return PROBE_BLACK_HOLE;
}
