/* SPDX-License-Identifier: BSD-3-Clause */
#include "jumbo/probe/probe.h"

#include "base/clock.h"
#include "jumbo/probe/find.h"
#include "jumbo/probe/hops.h"
#include "jumbo/probe/sock.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MS UINT64_C(1000000)

struct probe {
	struct probe_io io;
	struct probe_sock s;
	struct probe_search search;
	struct probe_result r;
	uint32_t max_bytes;
	uint64_t timeout_ns;
	uint64_t took_ns, varies_ns; /* answers: mean and mean deviation, RFC 6298 2; 0: none yet */
};

/* Between two echoes of a size: long enough for an answer, as one makes the next needless. */
static uint64_t gap_ns(const struct probe *p)
{
	uint64_t ns = p->took_ns ? p->took_ns + 2 * p->varies_ns + 10 * MS : 50 * MS;

	return ns < p->timeout_ns ? ns : p->timeout_ns;
}

/* For the answer to the last one. Machines that are busy answer late; what comes later still
 * counts, but the search will have gone on meanwhile. */
static uint64_t wait_ns(const struct probe *p)
{
	uint64_t ns = p->took_ns ? p->took_ns + 4 * p->varies_ns + 200 * MS : p->timeout_ns;

	return ns < p->timeout_ns ? ns : p->timeout_ns;
}

static void note_time(struct probe *p, uint64_t ns)
{
	uint64_t off = ns > p->took_ns ? ns - p->took_ns : p->took_ns - ns;

	if (p->took_ns == 0) {
		p->took_ns = ns;
		p->varies_ns = ns / 2;
		return;
	}
	p->varies_ns = (p->varies_ns * 3 + off) / 4;
	p->took_ns = (p->took_ns * 7 + ns) / 8;
}

static void note_denial(struct probe *p, const struct probe_complaint *c)
{
	if (c->error == PROBE_ERR_DENIED)
		snprintf(p->r.reason, sizeof(p->r.reason), "%.64s says: %s",
			 c->from[0] ? c->from : "this host", strerror(c->code));
}

/* Tells the search, and says whether it was about that size. */
static bool take_event(struct probe *p, struct probe_search *s, const struct probe_event *ev,
		       uint32_t size)
{
	if (ev->answer) {
		p->r.answers++;
		note_time(p, ev->took_ns);
		probe_search_answered(s, ev->echo.size, ev->reply, ev->fragment);
	} else if (ev->complaint.error == PROBE_ERR_TOO_BIG) {
		probe_search_told(s, ev->echo.size, ev->complaint.mtu, ev->complaint.local,
				  ev->complaint.from);
	} else {
		note_denial(p, &ev->complaint);
		return false;
	}
	return ev->echo.size == size;
}

static int io_echo(struct probe_io *io, uint32_t size)
{
	struct probe *p = (struct probe *)io;

	p->r.sent++;
	return probe_sock_echo(&p->s, size, 0);
}

static unsigned int io_wait(struct probe_io *io, struct probe_search *s, uint32_t size, bool last)
{
	struct probe *p = (struct probe *)io;
	uint64_t until_ns = clock_now_ns() + (last ? wait_ns(p) : gap_ns(p));
	unsigned int answers = 0;
	struct probe_event ev;

	while (probe_sock_next(&p->s, until_ns, &ev)) {
		bool mine = take_event(p, s, &ev, size);

		answers += mine && ev.answer;
		if (mine) /* what is there already is taken too, but not waited for */
			until_ns = 0;
	}
	return answers;
}

int probe_open(const struct probe_config *config, struct probe **out, struct err *e)
{
	struct probe *p = calloc(1, sizeof(*p));
	int ret;

	if (!p)
		return err_set(e, -ENOMEM, "no memory for a probe");
	ret = probe_sock_open(config, &p->s, e);
	if (ret != 0) {
		free(p);
		return ret;
	}
	p->io = (struct probe_io){.echo = io_echo, .wait = io_wait};
	p->max_bytes = config->max_bytes;
	p->timeout_ns = (config->timeout_ms ? config->timeout_ms : PROBE_TIMEOUT_MS) * MS;
	*out = p;
	return 0;
}

void probe_close(struct probe *p)
{
	if (!p)
		return;
	probe_sock_close(&p->s);
	free(p);
}

/* An error of sending that says the target cannot be reached, rather than that probes cannot be. */
static bool is_unreachable(int ret)
{
	return ret == -ENETUNREACH || ret == -EHOSTUNREACH || ret == -EADDRNOTAVAIL ||
	       ret == -EINVAL || ret == -EACCES;
}

static int no_echo(struct probe *p, int ret, struct err *e)
{
	if (is_unreachable(ret)) {
		/* The last two are what blackhole and prohibit routes give (ip-route(8)). */
		snprintf(p->r.reason, sizeof(p->r.reason), "no route: %s",
			 ret == -EINVAL || ret == -EACCES
				 ? "the one there is discards, or this is no address of one host"
				 : strerror(-ret));
		return 0;
	}
	if (ret == -EPERM)
		return err_set(e, ret,
			       "this host's packet filter forbids echoes; let ICMP echo requests "
			       "out");
	return err_set(e, ret, "echoes cannot be sent: %s", strerror(-ret));
}

static void fill(struct probe *p)
{
	const struct probe_search *s = &p->search;
	const struct probe_told *t = probe_search_teller(s);
	struct probe_result *r = &p->r;
	uint32_t limit = probe_search_limit(s);

	r->state = probe_search_state(s);
	r->forward = s->carried;
	r->forward_exact = probe_search_exact(s);
	r->fails = s->carried && limit <= s->most ? limit : 0;
	r->black_hole = probe_search_vanishes(s);
	r->backward_exact = probe_search_back(s, &r->backward);
	r->cut = s->back_cut;
	memcpy(r->told, s->told, sizeof(r->told));
	r->n_told = s->n_told;
	r->teller = t && r->fails ? (int)(t - s->told) : -1;
	if (r->state != PROBE_UNREACHABLE)
		r->reason[0] = '\0';
}

static int search(struct probe *p, struct err *e)
{
	uint32_t least = p->s.family == AF_INET ? PROBE_LEAST4 : PROBE_LEAST6;
	struct probe_result *r = &p->r;
	int ret;

	r->interface_mtu = probe_sock_interface_mtu(&p->s);
	if (r->interface_mtu > PROBE_LARGEST)
		r->interface_mtu = PROBE_LARGEST;
	r->asked = r->interface_mtu;
	if (p->max_bytes && p->max_bytes < r->asked)
		r->asked = p->max_bytes;
	if (r->asked < least)
		r->asked = least;
	probe_search_init(&p->search, least, r->asked);
	ret = probe_find(&p->io, &p->search);
	return ret == 0 ? 0 : no_echo(p, ret, e);
}

int probe_run(struct probe *p, struct err *e)
{
	struct probe_result *r = &p->r;
	int ret;

	memset(r, 0, sizeof(*r));
	r->family = p->s.family;
	r->cached_mtu = p->s.cached_mtu;
	ret = search(p, e);
	if (ret != 0)
		return ret;
	fill(p);
	/* Whoever told the truth told where it is. */
	if (r->fails && r->state != PROBE_TOLD) {
		uint32_t before = p->s.number;

		ret = probe_hops_find(&p->s, r->forward < 576 ? p->search.least : 576, r->fails,
				      p->search.tries, gap_ns(p), wait_ns(p), &r->hops);
		r->sent += p->s.number - before;
	}
	return ret == 0 ? 0 : no_echo(p, ret, e);
}

const struct probe_result *probe_result_of(const struct probe *p)
{
	return &p->r;
}

int probe_burst(struct probe *p, uint32_t size, unsigned int count)
{
	struct probe_event ev;
	uint64_t until_ns;
	int ret = 0;

	for (unsigned int i = 0; i < count && ret == 0; i++)
		ret = probe_sock_echo(&p->s, size, 0);
	until_ns = clock_now_ns() + wait_ns(p);
	while (ret == 0 && probe_sock_next(&p->s, until_ns, &ev))
		;
	return ret;
}

bool probe_carries(const struct probe_result *r)
{
	return r->state == PROBE_CLEAR;
}
