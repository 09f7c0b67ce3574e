/* SPDX-License-Identifier: BSD-3-Clause */
#include "jumbo/probe/hops.h"

#include "base/clock.h"

#include <stdio.h>
#include <string.h>

enum {
	HOPS_MAX = 32,
	MUTE_MAX = 4, /* hops in a row that say nothing at all: looking further is no use */
};

/* What one hop said. */
struct hop {
	char small[PROBE_ADDRESS_MAX], large[PROBE_ADDRESS_MAX]; /* who; "": nobody */
	bool target;						 /* it is the target itself */
};

struct sweep {
	struct probe_sock *s;
	uint32_t small_size, large_size;
	unsigned int tries;
	uint64_t gap_ns, wait_ns;
};

static void take_event(const struct sweep *w, struct hop *hop, unsigned int hops,
		       const struct probe_event *ev)
{
	if (ev->echo.hops != hops)
		return;
	if (ev->answer) {
		hop->target = true;
		return;
	}
	if (ev->complaint.error != PROBE_ERR_EXPIRED)
		return;
	snprintf(ev->echo.size == w->small_size ? hop->small : hop->large, PROBE_ADDRESS_MAX, "%s",
		 ev->complaint.from);
}

static bool heard_all(const struct hop *hop)
{
	return (hop->target || hop->small[0]) && hop->large[0];
}

static int ask(const struct sweep *w, unsigned int hops, struct hop *hop)
{
	struct probe_event ev;
	int ret;

	memset(hop, 0, sizeof(*hop));
	for (unsigned int i = 0; i < w->tries && !heard_all(hop); i++) {
		bool last = i + 1 == w->tries;
		uint64_t until_ns;

		ret = hop->target || hop->small[0] ? 0 : probe_sock_echo(w->s, w->small_size, hops);
		if (ret == 0)
			ret = probe_sock_echo(w->s, w->large_size, hops);
		if (ret != 0)
			return ret;
		until_ns = clock_now_ns() + (last ? w->wait_ns : w->gap_ns);
		while (!heard_all(hop) && probe_sock_next(w->s, until_ns, &ev))
			take_event(w, hop, hops, &ev);
	}
	return 0;
}

int probe_hops_find(struct probe_sock *s, uint32_t small, uint32_t large, unsigned int tries,
		    uint64_t gap_ns, uint64_t wait_ns, struct probe_hops *h)
{
	const struct sweep w = {s, small, large, tries, gap_ns, wait_ns};
	unsigned int mute = 0;

	memset(h, 0, sizeof(*h));
	for (unsigned int k = 1; k <= HOPS_MAX && mute < MUTE_MAX; k++) {
		struct hop hop;
		int ret = ask(&w, k, &hop);

		if (ret != 0)
			return ret;
		if (hop.large[0]) { /* so what stopped before did so by chance */
			h->known = false;
			h->after = k;
			snprintf(h->after_address, sizeof(h->after_address), "%s", hop.large);
		} else if (!h->known && (hop.target || hop.small[0])) {
			h->known = true;
			h->before = k;
			h->before_target = hop.target;
			snprintf(h->before_address, sizeof(h->before_address), "%s", hop.small);
		}
		if (hop.target)
			break;
		mute = hop.small[0] || hop.large[0] ? 0 : mute + 1;
	}
	return 0;
}
