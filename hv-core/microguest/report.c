/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/microguest/report.h"

enum { VERSION = 1, OCTAVES = 48 };

static uint64_t ns(const struct mg_guest *g, uint64_t cycles)
{
	/* In two steps: a day's cycles times a million do not fit. */
	return cycles / g->tsc_khz * 1000000 + cycles % g->tsc_khz * 1000000 / g->tsc_khz;
}

const struct mg_card *mg_sender(const struct mg_guest *g, const struct mg_card *c)
{
	if (!c->peer.known || c->peer.run != g->run || c->peer.stream >= g->cards)
		return NULL;
	return &g->card[c->peer.stream];
}

uint64_t mg_received(const struct mg_guest *g, const struct mg_card *c)
{
	const struct mg_card *from = mg_sender(g, c);
	uint32_t unit;

	if (!g->conf.unit || c->reflects)
		return c->count.received;
	/* Without a sender of its own a sink goes by what itself would send. */
	unit = from && from->image.mss ? mg_unit_payload(&from->image) : mg_unit_bytes(g->conf.mtu);
	return c->count.unit_bytes / unit;
}

static void latency(struct mg_text *t, const struct mg_guest *g, const struct mg_hist *h)
{
	static const struct {
		const char *name;
		unsigned int per_myriad;
	} shown[] = {{"p50_ns", 5000}, {"p90_ns", 9000}, {"p99_ns", 9900}, {"p999_ns", 9990}};
	uint64_t octave[OCTAVES] = {0};

	mg_json_open(t, "latency", '{');
	mg_json_number(t, "count", h->count);
	mg_json_number(t, "min_ns", ns(g, h->min));
	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++)
		mg_json_number(t, shown[i].name, ns(g, mg_hist_percentile(h, shown[i].per_myriad)));
	mg_json_number(t, "max_ns", ns(g, h->max));
	/* By powers of two: an entry holds what lies below it and not below the one before. */
	for (unsigned int i = 0; i < MG_HIST_BUCKETS; i++) {
		uint64_t v = h->bucket[i] ? ns(g, mg_hist_floor(i)) : 0;
		unsigned int at = v ? 64 - (unsigned int)__builtin_clzll(v) : 0;

		octave[at < OCTAVES ? at : OCTAVES - 1] += h->bucket[i];
	}
	mg_json_open(t, "below_ns", '[');
	for (unsigned int i = 0; i < OCTAVES; i++) {
		if (!octave[i])
			continue;
		mg_json_open(t, NULL, '[');
		mg_json_number(t, NULL, UINT64_C(1) << i);
		mg_json_number(t, NULL, octave[i]);
		mg_json_close(t, ']');
	}
	mg_json_close(t, ']');
	mg_json_close(t, '}');
}

static void card(struct mg_text *t, const struct mg_guest *g, const struct mg_card *c)
{
	const struct mg_card *from = mg_sender(g, c);
	uint64_t received = mg_received(g, c), unique = received - c->window.duplicated;

	mg_json_open(t, NULL, '{');
	mg_json_mac(t, "mac", c->mac);
	mg_json_string(t, "role", mg_role_names[c->role]);
	mg_json_string(t, "rings", c->rx.packed ? "packed" : "split");
	mg_json_number(t, "ring", c->rx.size);
	mg_json_hex(t, "features", c->dev.features);
	mg_json_number(t, "offered", c->count.offered);
	mg_json_number(t, "sent", c->count.sent);
	mg_json_number(t, "refused", c->count.refused);
	mg_json_number(t, "frame_bytes", c->image.bytes);
	mg_json_number(t, "late_ns", ns(g, c->late));
	mg_json_number(t, "received", received);
	mg_json_number(t, "bytes", c->count.bytes);
	/* Of what was sent, or as far as places tell. */
	if (from)
		mg_json_number(t, "lost",
			       from->count.sent > unique ? from->count.sent - unique : 0);
	mg_json_number(t, "missing", c->window.next > unique ? c->window.next - unique : 0);
	mg_json_number(t, "duplicated", c->window.duplicated);
	mg_json_number(t, "reordered", c->window.reordered);
	mg_json_number(t, "corrupt", c->count.corrupt);
	mg_json_number(t, "stray", c->count.stray);
	mg_json_number(t, "other", c->count.other);
	mg_json_number(t, "reflected", c->count.reflected);
	mg_json_number(t, "answered", c->count.answered);
	mg_json_number(t, "gap_ns", ns(g, c->gap));
	if (c->latency.count)
		latency(t, g, &c->latency);
	mg_json_close(t, '}');
}

void mg_report(struct mg_text *t, const struct mg_guest *g)
{
	mg_json_open(t, NULL, '{');
	mg_json_number(t, "microguest", VERSION);
	mg_json_number(t, "tsc_khz", g->tsc_khz);
	mg_json_number(t, "sending_ns", ns(g, g->sent_until - g->start));
	mg_json_number(t, "busy_permille",
		       g->turns_cycles ? g->busy / (g->turns_cycles / 1000 + 1) : 0);
	mg_json_open(t, "cards", '[');
	for (unsigned int i = 0; i < g->cards; i++)
		card(t, g, &g->card[i]);
	mg_json_close(t, ']');
	mg_json_close(t, '}');
}

void mg_report_error(struct mg_text *t, const char *why)
{
	mg_json_open(t, NULL, '{');
	mg_json_number(t, "microguest", VERSION);
	mg_json_string(t, "error", why);
	mg_json_close(t, '}');
}
