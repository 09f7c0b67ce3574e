/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/fast/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { TS_LOCAL = 5000, TS_REMOTE = 70000 }; /* what 0 stands for in scripts */

static const char *const upload_names[] = {
#define X(sym, name, help) [CHIM_UPLOAD_##sym] = name,
	CHIM_UPLOADS(X)
#undef X
};

/* A segment as a line describes it. */
struct described {
	struct chim_seg seg;
	struct chim_opts opts;
	bool any_flags, has_ack, has_win, has_sack, has_ts, no_ts, has_ecn, has_segsz, has_segs;
	uint32_t segsz;
};

static char *word(struct wire *w, char **rest)
{
	char *s = strtok_r(NULL, " ", rest);

	if (!s)
		wire_fail(w, "a word is missing");
	return s;
}

static uint32_t number(struct wire *w, const char *s)
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
		d->opts.sack[d->opts.n_sack++] =
			(struct chim_sack){base + number(w, range), base + number(w, dash + 1)};
	}
}

/* from, to: numbers of byte 0 of who sends it and who gets it. */
static void describe(struct wire *w, char **rest, bool ours, struct described *d)
{
	uint32_t from = ours ? w->local : w->remote, to = ours ? w->remote : w->local;
	char *s = word(w, rest), *colon;

	*d = (struct described){.seg = {.wnd = 65535, .segs = 1, .ack = to}};
	d->any_flags = strcmp(s, "-") == 0;
	d->seg.flags = d->any_flags ? 0 : flags(w, s);
	s = word(w, rest);
	colon = strchr(s, ':');
	if (colon)
		*colon = '\0';
	d->seg.seq = number(w, s);
	d->seg.len = colon ? number(w, colon + 1) - d->seg.seq : 0;
	d->seg.seq += from;
	while ((s = strtok_r(NULL, " ", rest))) {
		if (strcmp(s, "ack") == 0) {
			d->has_ack = true;
			d->seg.ack = to + number(w, word(w, rest));
		} else if (strcmp(s, "win") == 0) {
			d->has_win = true;
			d->seg.wnd = (uint16_t)number(w, word(w, rest));
		} else if (strcmp(s, "sack") == 0) {
			sacks(w, d, word(w, rest), to);
		} else if (strcmp(s, "ts") == 0) {
			d->has_ts = true;
			d->opts.has_ts = true;
			d->opts.tsval = number(w, word(w, rest)) + (ours ? TS_LOCAL : TS_REMOTE);
			d->opts.tsecr = number(w, word(w, rest)) + (ours ? TS_REMOTE : TS_LOCAL);
		} else if (strcmp(s, "nots") == 0) {
			d->no_ts = true;
		} else if (strcmp(s, "ce") == 0 || strcmp(s, "ect") == 0 ||
			   strcmp(s, "notect") == 0) {
			d->has_ecn = true;
			d->seg.tos = s[0] == 'c' ? CHIM_ECN_CE : s[0] == 'e' ? CHIM_ECN_ECT0 : 0;
		} else if (strcmp(s, "segs") == 0) {
			d->seg.segs = (uint16_t)number(w, word(w, rest));
		} else if (strcmp(s, "segsz") == 0) {
			d->has_segsz = true;
			d->segsz = number(w, word(w, rest));
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

static void peer_sends(struct wire *w, char **rest, bool round)
{
	uint8_t opts[CHIM_OPTS_BYTES];
	struct described d;

	describe(w, rest, false, &d);
	if (w->state.timestamps && !d.has_ts && !d.no_ts) {
		d.opts.has_ts = true;
		d.opts.tsval = TS_REMOTE + script_ms(w);
		d.opts.tsecr = TS_LOCAL + script_ms(w);
	}
	d.seg.opts = opts;
	d.seg.opts_len = (uint16_t)chim_opts_build(&d.opts, opts);
	wire_input(w, &d.seg);
	if (round)
		chim_engine_run(w->e, w->now);
}

static void differ(struct wire *w, const char *what, uint32_t is, uint32_t want)
{
	if (is != want)
		wire_fail(w, "%s is %d, not %d", what, (int)is, (int)want);
}

static void engine_sent(struct wire *w, char **rest)
{
	struct described d;
	const struct wire_sent *s;

	describe(w, rest, true, &d);
	if (w->n_seen == w->n_sent)
		wire_fail(w, "nothing was sent");
	s = &w->sent[w->n_seen++];
	differ(w, "seq", s->seg.seq - w->local, d.seg.seq - w->local);
	differ(w, "length", s->seg.len, d.seg.len);
	if (!d.any_flags)
		differ(w, "flags", s->seg.flags, d.seg.flags);
	if (d.has_ack)
		differ(w, "ack", s->seg.ack - w->remote, d.seg.ack - w->remote);
	if (d.has_win)
		differ(w, "win", s->seg.wnd, d.seg.wnd);
	if (d.has_ecn)
		differ(w, "ECN", s->seg.tos & 3, d.seg.tos);
	if (d.has_segsz)
		differ(w, "segsz", s->segsz, d.segsz);
	if (d.has_ts) {
		differ(w, "TSval", s->opts.tsval - TS_LOCAL, d.opts.tsval - TS_LOCAL);
		differ(w, "TSecr", s->opts.tsecr - TS_REMOTE, d.opts.tsecr - TS_REMOTE);
	}
	if (d.no_ts)
		differ(w, "timestamps", s->opts.has_ts, false);
	if (!d.has_sack)
		return;
	differ(w, "blocks", s->opts.n_sack, d.opts.n_sack);
	for (uint8_t i = 0; i < d.opts.n_sack; i++) {
		differ(w, "block", s->opts.sack[i].start - w->remote,
		       d.opts.sack[i].start - w->remote);
		differ(w, "block's end", s->opts.sack[i].end - w->remote,
		       d.opts.sack[i].end - w->remote);
	}
}

static void pass(struct wire *w, const char *s)
{
	char *end;
	long n = strtol(s, &end, 10);

	if (strcmp(end, "us") == 0) {
		w->now += (uint64_t)n * 1000;
		chim_engine_run(w->e, w->now);
		return;
	}
	for (; n > 0; n--) {
		w->now += NS_PER_MS;
		chim_engine_run(w->e, w->now);
	}
}

static void conf(struct wire *w, char **rest)
{
	struct chim_tcp_state *s = &w->state;
	char *name;

	while ((name = strtok_r(NULL, " ", rest))) {
		uint32_t n = number(w, word(w, rest));
		const struct {
			const char *name;
			bool *flag;
			uint32_t *value;
		} names[] = {
			{"sack", &s->sack, NULL},
			{"ecn", &s->ecn, NULL},
			{"nodelay", &s->nodelay, NULL},
			{"cork", &s->cork, NULL},
			{"keepalive", &s->keepalive, NULL},
			{"tso", &w->tso, NULL},
			{"quick", &w->quick, NULL},
			{"cwnd", NULL, &s->cwnd},
			{"ssthresh", NULL, &s->ssthresh},
			{"srtt", NULL, &s->srtt_us},
			{"rttvar", NULL, &s->rttvar_us},
			{"min_rtt", NULL, &s->min_rtt_us},
			{"snd_wnd", NULL, &s->snd_wnd},
			{"rcv_wnd", NULL, &s->rcv_wnd},
			{"max_window", NULL, &s->max_window},
			{"keep_idle", NULL, &s->keep_idle_s},
			{"keep_intvl", NULL, &s->keep_intvl_s},
			{"keep_cnt", NULL, &s->keep_cnt},
			{"user_timeout", NULL, &s->user_timeout_ms},
			{"lowat", NULL, &s->notsent_lowat},
			{"snd_len", NULL, &s->snd_len},
			{"unsent", NULL, &s->unsent_len},
			{"rcv_size", NULL, &w->rcv_size},
			{"snd_size", NULL, &w->snd_size},
			{"time_wait", NULL, &w->time_wait_ms},
		};
		size_t i;

		if (strcmp(name, "ts") == 0 && n) {
			/* A full segment is still of 1000 bytes. */
			s->timestamps = true;
			s->mss = 1012;
			s->ts_recent = TS_REMOTE;
			s->ts_offset = TS_LOCAL - (uint32_t)(w->now / NS_PER_MS);
			continue;
		}
		if (strcmp(name, "wscale") == 0) {
			s->wscale = true;
			s->snd_wscale = s->rcv_wscale = (uint8_t)n;
			continue;
		}
		if (strcmp(name, "mtu") == 0) {
			s->path.mtu = (uint16_t)n;
			continue;
		}
		if (strcmp(name, "unacked_in") == 0) {
			s->rcv_wup -= n; /* received and not acknowledged */
			continue;
		}
		for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
			if (strcmp(names[i].name, name) == 0)
				break;
		if (i == sizeof(names) / sizeof(names[0]))
			wire_fail(w, "`%s` is not understood", name);
		if (names[i].flag)
			*names[i].flag = n;
		else
			*names[i].value = n;
	}
}

static void app_flag(struct wire *w, const char *name, bool on)
{
	static const char *const names[] = {"wait_in", "wait_out", "shut_wr",  "shut_rd",
					    "nodelay", "cork",	   "quickack", "keepalive"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i], name) == 0) {
			if (on)
				w->shm->app_flags |= 1u << i;
			else
				w->shm->app_flags &= ~(1u << i);
			chim_engine_rung(w->e, w->c, w->now);
			chim_engine_run(w->e, w->now);
			return;
		}
	wire_fail(w, "flag `%s`", name);
}

static void wants(struct wire *w, const char *what)
{
	w->shm->app_flags &= ~(uint32_t)(CHIM_APP_WAIT_IN | CHIM_APP_WAIT_OUT);
	if (strcmp(what, "in") == 0)
		w->shm->app_flags |= CHIM_APP_WAIT_IN;
	if (strcmp(what, "out") == 0)
		w->shm->app_flags |= CHIM_APP_WAIT_OUT;
}

static void named(struct wire *w, const char *what, const char *is, const char *want)
{
	if (strcmp(is ? is : "-", want) != 0)
		wire_fail(w, "%s is %s, not %s", what, is ? is : "-", want);
}

static void closes(struct wire *w, const char *linger, bool abort)
{
	uint32_t ms = strcmp(linger, "-") == 0 ? UINT32_MAX : number(w, linger);

	chim_engine_close(w->e, w->c, abort, ms, w->now);
	chim_engine_run(w->e, w->now);
}

/* Lines that ask what is known. */
static bool asks(struct wire *w, const char *s, char **rest)
{
	struct chim_tcp_info i;

	chim_engine_info(w->e, w->c, &i, w->now);
	if (strcmp(s, "phase") == 0)
		named(w, s, i.phase, word(w, rest));
	else if (strcmp(s, "ca") == 0)
		named(w, s, i.ca_state, word(w, rest));
	else if (strcmp(s, "cwnd") == 0)
		differ(w, s, w->c->cc.cwnd, number(w, word(w, rest)));
	else if (strcmp(s, "cwnd<") == 0 && w->c->cc.cwnd >= number(w, word(w, rest)))
		wire_fail(w, "cwnd is %u", w->c->cc.cwnd);
	else if (strcmp(s, "pipe") == 0)
		differ(w, s, chim_tcp_pipe(w->c), number(w, word(w, rest)));
	else if (strcmp(s, "rto") == 0)
		differ(w, s, i.rto_us / 1000, number(w, word(w, rest)));
	else if (strcmp(s, "retrans") == 0)
		differ(w, s, (uint32_t)i.retrans, number(w, word(w, rest)));
	else if (strcmp(s, "in") == 0)
		differ(w, s, (uint32_t)w->shm->rcv_head, number(w, word(w, rest)));
	else if (strcmp(s, "freed") == 0)
		differ(w, s, (uint32_t)w->shm->snd_tail, number(w, word(w, rest)));
	else if (strcmp(s, "unsent") == 0)
		differ(w, s, (uint32_t)(w->shm->snd_head - w->shm->snd_sent),
		       number(w, word(w, rest)));
	else if (strcmp(s, "fin") == 0)
		differ(w, s, w->shm->flued_flags & CHIM_FLUED_FIN, CHIM_FLUED_FIN);
	else if (strcmp(s, "closed") == 0)
		differ(w, s, (uint32_t)w->closed, number(w, word(w, rest)));
	else if (strcmp(s, "upload") == 0)
		named(w, s, upload_names[w->upload], word(w, rest));
	else if (strcmp(s, "open") == 0)
		differ(w, s, w->closed == -1 && !w->upload, true);
	else if (strcmp(s, "wakes") == 0)
		differ(w, s, w->wakes, number(w, word(w, rest)));
	else
		return strcmp(s, "cwnd<") == 0;
	if (strcmp(s, "wakes") == 0)
		w->wakes = 0;
	return true;
}

/* Lines that do something. */
static void acts(struct wire *w, const char *s, char **rest)
{
	if (strcmp(s, "<") == 0 || strcmp(s, "<<") == 0)
		peer_sends(w, rest, !s[1]);
	else if (strcmp(s, ">") == 0)
		engine_sent(w, rest);
	else if (s[0] == '+')
		pass(w, s + 1);
	else if (strcmp(s, "run") == 0)
		chim_engine_run(w->e, w->now);
	else if (strcmp(s, "none") == 0)
		differ(w, "number of segments", w->n_sent - w->n_seen, 0);
	else if (strcmp(s, "skip") == 0)
		w->n_seen = w->n_sent;
	else if (strcmp(s, "write") == 0)
		wire_write(w, number(w, word(w, rest)));
	else if (strcmp(s, "read") == 0)
		wire_read(w, number(w, word(w, rest)));
	else if (strcmp(s, "wants") == 0)
		wants(w, word(w, rest));
	else if (strcmp(s, "set") == 0)
		app_flag(w, word(w, rest), true);
	else if (strcmp(s, "unset") == 0)
		app_flag(w, word(w, rest), false);
	else if (strcmp(s, "close") == 0)
		closes(w, word(w, rest), false);
	else if (strcmp(s, "abort") == 0)
		closes(w, "-", true);
	else if (strcmp(s, "mtu") == 0)
		chim_engine_set_mtu(w->e, w->c, (uint16_t)number(w, word(w, rest)), w->now);
	else if (strcmp(s, "nobufs") == 0)
		w->nobufs = number(w, word(w, rest));
	else
		wire_fail(w, "`%s` is not understood", s);
}

static void play_line(struct wire *w, const char *line)
{
	char copy[256], *rest = NULL, *s;

	if (strlen(line) >= sizeof(copy))
		wire_fail(w, "the line is too long");
	strcpy(copy, line);
	s = strtok_r(copy, " ", &rest);
	if (!s || s[0] == '#')
		return;
	if (strcmp(s, "conf") == 0) {
		conf(w, &rest);
		return;
	}
	if (!w->c)
		wire_begin(w);
	if (!asks(w, s, &rest))
		acts(w, s, &rest);
	if (w->n_sent > WIRE_KEPT / 2 && w->n_seen == w->n_sent)
		w->n_sent = w->n_seen = 0;
}

void wire_lines(struct wire *w, const char *script)
{
	char *all = strdup(script), *rest = all, *line;

	w->number = 0;
	while ((line = strsep(&rest, "\n"))) {
		w->number++;
		w->line = line;
		play_line(w, line);
	}
	w->line = "the end";
	differ(w, "number of segments", w->n_sent - w->n_seen, 0);
	free(all);
}

void wire_play(const char *script)
{
	static const uint32_t firsts[][2] = {
		{1, 1}, {0xfffffc00, 0xffffff00}, {0x7ffffe00, 0x7fffff00}, {0xffffffff, 0}};
	static struct wire w;

	for (size_t i = 0; i < sizeof(firsts) / sizeof(firsts[0]); i++) {
		wire_init(&w, firsts[i][0], firsts[i][1]);
		wire_lines(&w, script);
		wire_end(&w);
	}
}
