/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/fast/wire_segment.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const char *const upload_names[] = {
#define X(sym, name, help) [CHIM_UPLOAD_##sym] = name,
	CHIM_UPLOADS(X)
#undef X
};

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
		uint32_t n = wire_number(w, wire_word(w, rest));
		const struct {
			const char *name;
			bool *flag;
			uint32_t *value;
		} names[] = {
			{"sack", &s->sack, NULL},
			{"ecn", &s->ecn, NULL},
			{"v6", &s->tuple.v6, NULL},
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
			s->ts_recent = WIRE_TS_REMOTE;
			s->ts_offset = WIRE_TS_LOCAL - (uint32_t)(w->now / NS_PER_MS);
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
	uint32_t ms = strcmp(linger, "-") == 0 ? UINT32_MAX : wire_number(w, linger);

	chim_engine_close(w->e, w->c, abort, ms, w->now);
	chim_engine_run(w->e, w->now);
}

static void counts(struct wire *w, const struct chim_tcp_traffic *t, char **rest)
{
	const struct {
		const char *name;
		uint64_t value;
	} members[] = {
		{"data_in", t->data_in},	   {"data_out", t->data_out},
		{"pushes_in", t->pushes_in},	   {"pushes_out", t->pushes_out},
		{"reordered_in", t->reordered_in}, {"reordered_out", t->reordered_out},
	};
	const char *name = wire_word(w, rest);

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		if (strcmp(members[i].name, name) != 0)
			continue;
		wire_differ(w, name, (uint32_t)members[i].value,
			    wire_number(w, wire_word(w, rest)));
		return;
	}
	wire_fail(w, "counter `%s`", name);
}

/* Lines that ask what is known. */
static bool asks(struct wire *w, const char *s, char **rest)
{
	struct chim_tcp_info i;

	chim_engine_info(w->e, w->c, &i, w->now);
	if (strcmp(s, "phase") == 0)
		named(w, s, i.phase, wire_word(w, rest));
	else if (strcmp(s, "ca") == 0)
		named(w, s, i.ca_state, wire_word(w, rest));
	else if (strcmp(s, "cwnd") == 0)
		wire_differ(w, s, w->c->cc.cwnd, wire_number(w, wire_word(w, rest)));
	else if (strcmp(s, "cwnd<") == 0 && w->c->cc.cwnd >= wire_number(w, wire_word(w, rest)))
		wire_fail(w, "cwnd is %u", w->c->cc.cwnd);
	else if (strcmp(s, "pipe") == 0)
		wire_differ(w, s, chim_tcp_pipe(w->c), wire_number(w, wire_word(w, rest)));
	else if (strcmp(s, "rto") == 0)
		wire_differ(w, s, i.rto_us / 1000, wire_number(w, wire_word(w, rest)));
	else if (strcmp(s, "retrans") == 0)
		wire_differ(w, s, (uint32_t)i.retrans, wire_number(w, wire_word(w, rest)));
	else if (strcmp(s, "counts") == 0)
		counts(w, &i.traffic, rest);
	else if (strcmp(s, "in") == 0)
		wire_differ(w, s, (uint32_t)w->shm->rcv_head, wire_number(w, wire_word(w, rest)));
	else if (strcmp(s, "freed") == 0)
		wire_differ(w, s, (uint32_t)w->shm->snd_tail, wire_number(w, wire_word(w, rest)));
	else if (strcmp(s, "unsent") == 0)
		wire_differ(w, s, (uint32_t)(w->shm->snd_head - w->shm->snd_sent),
			    wire_number(w, wire_word(w, rest)));
	else if (strcmp(s, "fin") == 0)
		wire_differ(w, s, w->shm->flued_flags & CHIM_FLUED_FIN, CHIM_FLUED_FIN);
	else if (strcmp(s, "closed") == 0)
		wire_differ(w, s, (uint32_t)w->closed, wire_number(w, wire_word(w, rest)));
	else if (strcmp(s, "upload") == 0)
		named(w, s, upload_names[w->upload], wire_word(w, rest));
	else if (strcmp(s, "open") == 0)
		wire_differ(w, s, w->closed == -1 && !w->upload, true);
	else if (strcmp(s, "wakes") == 0)
		wire_differ(w, s, w->wakes, wire_number(w, wire_word(w, rest)));
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
		wire_peer_sends(w, rest, !s[1]);
	else if (strcmp(s, ">") == 0)
		wire_engine_sent(w, rest);
	else if (s[0] == '+')
		pass(w, s + 1);
	else if (strcmp(s, "run") == 0)
		chim_engine_run(w->e, w->now);
	else if (strcmp(s, "none") == 0)
		wire_differ(w, "number of segments", w->n_sent - w->n_seen, 0);
	else if (strcmp(s, "skip") == 0)
		w->n_seen = w->n_sent;
	else if (strcmp(s, "write") == 0)
		wire_write(w, wire_number(w, wire_word(w, rest)));
	else if (strcmp(s, "read") == 0)
		wire_read(w, wire_number(w, wire_word(w, rest)));
	else if (strcmp(s, "wants") == 0)
		wants(w, wire_word(w, rest));
	else if (strcmp(s, "set") == 0)
		app_flag(w, wire_word(w, rest), true);
	else if (strcmp(s, "unset") == 0)
		app_flag(w, wire_word(w, rest), false);
	else if (strcmp(s, "close") == 0)
		closes(w, wire_word(w, rest), false);
	else if (strcmp(s, "abort") == 0)
		closes(w, "-", true);
	else if (strcmp(s, "mtu") == 0)
		chim_engine_set_mtu(w->e, w->c, (uint16_t)wire_number(w, wire_word(w, rest)),
				    w->now);
	else if (strcmp(s, "freeze") == 0)
		chim_engine_freeze(w->e, w->c, w->now);
	else if (strcmp(s, "thaw") == 0)
		chim_engine_thaw(w->e, w->c, w->now);
	else if (strcmp(s, "nobufs") == 0)
		w->nobufs = wire_number(w, wire_word(w, rest));
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
	wire_differ(w, "number of segments", w->n_sent - w->n_seen, 0);
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
