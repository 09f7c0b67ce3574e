/* SPDX-License-Identifier: BSD-3-Clause */
/* From meeting the other side to the last frame. */
#include "hv-core/microguest/run.h"

#include "hv-core/microguest/io.h"
#include "hv-core/microguest/report.h"

enum {
	HELLO_MS = 10,
	/* After a turn in which every ring was full and empty: looking again at once only takes the
	 * rings' lines from the device. */
	IDLE_PAUSES = 32,
};

static uint64_t cycles(const struct mg_guest *g, uint64_t us)
{
	return us * g->tsc_khz / 1000;
}

static bool any_sends(const struct mg_guest *g)
{
	bool any = false;

	for (unsigned int i = 0; i < g->cards; i++)
		any |= g->card[i].sends;
	return any;
}

static uint32_t receive_all(struct mg_guest *g)
{
	uint32_t n = 0;

	for (unsigned int i = 0; i < g->cards; i++)
		n += mg_receive(g, &g->card[i]);
	return n;
}

static void rest(uint32_t work)
{
	for (int i = 0; !work && i < IDLE_PAUSES; i++)
		mg_pause();
}

/* Each flow of each sender is answered once: then the switch knows all addresses, and the other
 * side is there. */
static const char *meet(struct mg_guest *g)
{
	uint64_t begin = mg_cycles(), round = begin, pause = cycles(g, HELLO_MS * 1000);
	uint32_t next[MG_CARDS] = {0};

	for (;;) {
		uint64_t now = mg_cycles();
		bool all = true;

		rest(receive_all(g));
		for (unsigned int i = 0; i < g->cards; i++) {
			struct mg_card *c = &g->card[i];

			if (!c->sends || c->ready == c->flows)
				continue;
			all = false;
			next[i] = mg_hello(c, next[i]);
		}
		if (all)
			return NULL;
		if (now - begin > cycles(g, g->conf.wait_us))
			return "nobody answered at the address this guest sends to";
		if (now - round > pause) {
			round = now;
			memset(next, 0, sizeof(next));
		}
	}
}

static bool done(const struct mg_guest *g, uint64_t now)
{
	if (now - g->start >= cycles(g, g->conf.duration_us))
		return true;
	if (!g->conf.count)
		return false;
	for (unsigned int i = 0; i < g->cards; i++)
		if (g->card[i].sends && g->card[i].count.offered < g->conf.count)
			return false;
	return true;
}

static void send_all(struct mg_guest *g)
{
	uint64_t began, now = mg_cycles();

	g->start = began = now;
	for (unsigned int i = 0; i < g->cards; i++)
		g->card[i].period =
			g->conf.rate ? (g->tsc_khz * 1000 << MG_DUE_SHIFT) / g->conf.rate : 0;
	while (!done(g, now)) {
		uint32_t work = receive_all(g);
		uint64_t end;

		for (unsigned int i = 0; i < g->cards; i++)
			if (g->card[i].sends)
				work += mg_send(g, &g->card[i], mg_cycles());
		rest(work);
		end = mg_cycles();
		g->busy += work ? end - now : 0;
		now = end;
	}
	g->sent_until = now;
	g->turns_cycles = now - began;
}

/* Was all that this guest's cards sent to each other received? Then there is nothing to wait for.
 */
static bool complete(const struct mg_guest *g)
{
	uint64_t sent = 0, received = 0;

	for (unsigned int i = 0; i < g->cards; i++) {
		const struct mg_card *c = &g->card[i];

		if (c->reflects || (c->peer.known && !mg_sender(g, c)))
			return false;
		sent += c->count.sent;
		received += mg_received(g, c);
	}
	return sent && received == sent;
}

static uint64_t latest(const struct mg_guest *g)
{
	uint64_t last = 0;

	for (unsigned int i = 0; i < g->cards; i++)
		last = g->card[i].last_rx > last ? g->card[i].last_rx : last;
	return last;
}

/* Did the device take everything that was sent? */
static bool all_taken(struct mg_guest *g)
{
	bool all = true;

	for (unsigned int i = 0; i < g->cards; i++) {
		struct mg_vq *q = &g->card[i].tx;

		all &= mg_vq_room(q, q->size) == q->size;
	}
	return all;
}

/* Until nothing has come for the settling time, after something has. While a switch that was held
 * up has frames of ours still to take, the time does not run. */
static const char *listen(struct mg_guest *g)
{
	uint64_t begin = mg_cycles(), held = begin, settle = cycles(g, g->conf.settle_us);
	bool sent = any_sends(g);

	for (;;) {
		uint64_t now, last;

		rest(receive_all(g));
		now = mg_cycles();
		last = latest(g);
		if (sent && complete(g))
			return NULL;
		if (!last && !sent && now - begin > cycles(g, g->conf.wait_us))
			return "no frame came for this guest";
		if (!last && !sent)
			continue;
		if (now - begin < cycles(g, g->conf.wait_us) && !all_taken(g))
			held = now;
		last = last > held ? last : held;
		if (now > last && now - last > settle)
			return NULL;
	}
}

const char *mg_run(struct mg_guest *g)
{
	const char *why = meet(g);

	g->start = g->sent_until = mg_cycles();
	if (why)
		return why;
	if (any_sends(g))
		send_all(g);
	why = listen(g);
	for (unsigned int i = 0; i < g->cards && !why; i++)
		if (mg_virtio_broken(&g->card[i].dev))
			why = "a network card is broken and wants to be reset";
	return why;
}
