/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/fast/wire_segment.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* A segment as a line describes it. */
struct described {
	struct chim_seg seg;
	struct chim_opts opts;
	bool any_flags, has_ack, has_win, has_sack, has_ts, no_ts, has_ecn, has_segsz, has_segs;
	uint32_t segsz;
};

char *wire_word(struct wire *w, char **rest)
{
	char *s = strtok_r(NULL, " ", rest);

	if (!s)
		wire_fail(w, "a word is missing");
	return s;
}

uint32_t wire_number(struct wire *w, const char *s)
{
	char *end;
	long long n = strtoll(s, &end, 0);

	if (end == s || *end)
		wire_fail(w, "`%s` is no number", s);
	return (uint32_t)n;
}

static uint8_t flags(struct wire *w, const char *s)
{
	static const char letters[] = "FSRP.UEW";
	uint8_t f = 0;

	for (; *s; s++) {
		const char *at = strchr(letters, *s);

		if (!at)
			wire_fail(w, "flag `%c`", *s);
		f |= (uint8_t)(1 << (at - letters));
	}
	return f;
}

static void sacks(struct wire *w, struct described *d, char *s, uint32_t base)
{
	char *rest = NULL, *range;

	d->has_sack = true;
	if (strcmp(s, "-") == 0)
		return;
	for (range = strtok_r(s, ",", &rest); range; range = strtok_r(NULL, ",", &rest)) {
		char *dash = strchr(range, '-');

		if (!dash || d->opts.n_sack == CHIM_OPTS_SACKS)
			wire_fail(w, "SACK block `%s`", range);
		*dash = '\0';
		d->opts.sack[d->opts.n_sack++] = (struct chim_sack){
			base + wire_number(w, range), base + wire_number(w, dash + 1)};
	}
}

/* from, to: numbers of byte 0 of who sends it and who gets it. */
static void describe(struct wire *w, char **rest, bool ours, struct described *d)
{
	uint32_t from = ours ? w->local : w->remote, to = ours ? w->remote : w->local;
	char *s = wire_word(w, rest), *colon;

	*d = (struct described){.seg = {.wnd = 65535, .segs = 1, .ack = to}};
	d->any_flags = strcmp(s, "-") == 0;
	d->seg.flags = d->any_flags ? 0 : flags(w, s);
	s = wire_word(w, rest);
	colon = strchr(s, ':');
	if (colon)
		*colon = '\0';
	d->seg.seq = wire_number(w, s);
	d->seg.len = colon ? wire_number(w, colon + 1) - d->seg.seq : 0;
	d->seg.seq += from;
	while ((s = strtok_r(NULL, " ", rest))) {
		if (strcmp(s, "ack") == 0) {
			d->has_ack = true;
			d->seg.ack = to + wire_number(w, wire_word(w, rest));
		} else if (strcmp(s, "win") == 0) {
			d->has_win = true;
			d->seg.wnd = (uint16_t)wire_number(w, wire_word(w, rest));
		} else if (strcmp(s, "sack") == 0) {
			sacks(w, d, wire_word(w, rest), to);
		} else if (strcmp(s, "ts") == 0) {
			d->has_ts = true;
			d->opts.has_ts = true;
			d->opts.tsval = wire_number(w, wire_word(w, rest)) +
					(ours ? WIRE_TS_LOCAL : WIRE_TS_REMOTE);
			d->opts.tsecr = wire_number(w, wire_word(w, rest)) +
					(ours ? WIRE_TS_REMOTE : WIRE_TS_LOCAL);
		} else if (strcmp(s, "nots") == 0) {
			d->no_ts = true;
		} else if (strcmp(s, "ce") == 0 || strcmp(s, "ect") == 0 ||
			   strcmp(s, "notect") == 0) {
			d->has_ecn = true;
			d->seg.tos = s[0] == 'c' ? CHIM_ECN_CE : s[0] == 'e' ? CHIM_ECN_ECT0 : 0;
		} else if (strcmp(s, "segs") == 0) {
			d->seg.segs = (uint16_t)wire_number(w, wire_word(w, rest));
		} else if (strcmp(s, "segsz") == 0) {
			d->has_segsz = true;
			d->segsz = wire_number(w, wire_word(w, rest));
		} else {
			wire_fail(w, "`%s` is not understood", s);
		}
	}
}

/* Milliseconds of the script's clock: 0 when it began. */
static uint32_t script_ms(const struct wire *w)
{
	return (uint32_t)((w->now - 3 * NS_PER_S) / NS_PER_MS);
}

void wire_peer_sends(struct wire *w, char **rest, bool round)
{
	uint8_t opts[CHIM_OPTS_BYTES];
	struct described d;

	describe(w, rest, false, &d);
	if (w->state.timestamps && !d.has_ts && !d.no_ts) {
		d.opts.has_ts = true;
		d.opts.tsval = WIRE_TS_REMOTE + script_ms(w);
		d.opts.tsecr = WIRE_TS_LOCAL + script_ms(w);
	}
	d.seg.opts = opts;
	d.seg.opts_len = (uint16_t)chim_opts_build(&d.opts, opts);
	wire_input(w, &d.seg);
	if (round)
		chim_engine_run(w->e, w->now);
}

void wire_differ(struct wire *w, const char *what, uint32_t is, uint32_t want)
{
	if (is != want)
		wire_fail(w, "%s is %d, not %d", what, (int)is, (int)want);
}

void wire_engine_sent(struct wire *w, char **rest)
{
	struct described d;
	const struct wire_sent *s;

	describe(w, rest, true, &d);
	if (w->n_seen == w->n_sent)
		wire_fail(w, "nothing was sent");
	s = &w->sent[w->n_seen++];
	wire_differ(w, "seq", s->seg.seq - w->local, d.seg.seq - w->local);
	wire_differ(w, "length", s->seg.len, d.seg.len);
	if (!d.any_flags)
		wire_differ(w, "flags", s->seg.flags, d.seg.flags);
	if (d.has_ack)
		wire_differ(w, "ack", s->seg.ack - w->remote, d.seg.ack - w->remote);
	if (d.has_win)
		wire_differ(w, "win", s->seg.wnd, d.seg.wnd);
	if (d.has_ecn)
		wire_differ(w, "ECN", s->seg.tos & 3, d.seg.tos);
	if (d.has_segsz)
		wire_differ(w, "segsz", s->segsz, d.segsz);
	if (d.has_ts) {
		wire_differ(w, "TSval", s->opts.tsval - WIRE_TS_LOCAL,
			    d.opts.tsval - WIRE_TS_LOCAL);
		wire_differ(w, "TSecr", s->opts.tsecr - WIRE_TS_REMOTE,
			    d.opts.tsecr - WIRE_TS_REMOTE);
	}
	if (d.no_ts)
		wire_differ(w, "timestamps", s->opts.has_ts, false);
	if (!d.has_sack)
		return;
	wire_differ(w, "blocks", s->opts.n_sack, d.opts.n_sack);
	for (uint8_t i = 0; i < d.opts.n_sack; i++) {
		wire_differ(w, "block", s->opts.sack[i].start - w->remote,
			    d.opts.sack[i].start - w->remote);
		wire_differ(w, "block's end", s->opts.sack[i].end - w->remote,
			    d.opts.sack[i].end - w->remote);
	}
}
