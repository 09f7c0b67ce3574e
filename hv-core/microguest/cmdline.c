/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/microguest/cmdline.h"

#include "hv-core/microguest/text.h"

#include <string.h>

enum { FCS = 4, FRAME_MIN = 64, FRAME_MOST = 9018, SECOND_US = 1000000 };

const char *const mg_role_names[] = {"sink", "generator", "both", "reflector", "ping"};

struct word {
	const char *at;
	size_t len;
};

static bool is(struct word w, const char *text)
{
	return strlen(text) == w.len && memcmp(w.at, text, w.len) == 0;
}

/* Cuts the part before the separator off; false at the end. */
static bool cut(struct word *rest, char separator, struct word *part)
{
	size_t n = 0;

	if (!rest->at)
		return false;
	while (n < rest->len && rest->at[n] != separator)
		n++;
	*part = (struct word){rest->at, n};
	if (n == rest->len)
		rest->at = NULL;
	else
		*rest = (struct word){rest->at + n + 1, rest->len - n - 1};
	return true;
}

/* A number with up to six decimal places, in units of 10^-places; k and m: thousands, millions. */
static bool number(struct word w, unsigned int places, uint64_t max, uint64_t *n)
{
	uint64_t v = 0, factor = 1;
	bool point = false, digit = false;
	size_t i = 0;

	for (; i < w.len; i++) {
		if (w.at[i] == '.' && !point && places) {
			point = true;
			continue;
		}
		if (w.at[i] < '0' || w.at[i] > '9')
			break;
		if (point && !places)
			return false;
		if (v > (UINT64_MAX - 9) / 10)
			return false;
		v = v * 10 + (uint64_t)(w.at[i] - '0');
		digit = true;
		places -= point;
	}
	if (i + 1 == w.len && (w.at[i] == 'k' || w.at[i] == 'm'))
		factor = w.at[i++] == 'k' ? 1000 : 1000000;
	for (; places; places--)
		factor *= 10;
	if (!digit || i != w.len || v > max / factor)
		return false;
	*n = v * factor;
	return true;
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool mac(struct word w, uint8_t to[6])
{
	if (w.len != 17)
		return false;
	for (int i = 0; i < 6; i++) {
		int high = hex(w.at[3 * i]), low = hex(w.at[3 * i + 1]);

		if (high < 0 || low < 0 || (i < 5 && w.at[3 * i + 2] != ':'))
			return false;
		to[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

static bool macs(struct word w, uint8_t to[MG_CARDS][6], unsigned int *n)
{
	struct word part;

	for (*n = 0; cut(&w, ',', &part); ++*n)
		if (*n == MG_CARDS || !mac(part, to[*n]))
			return false;
	return true;
}

static bool ipv4(struct word w, uint8_t to[4])
{
	struct word part;
	uint64_t n;
	int i;

	for (i = 0; cut(&w, '.', &part); i++) {
		if (i == 4 || part.len > 3 || !number(part, 0, 255, &n))
			return false;
		to[i] = (uint8_t)n;
	}
	return i == 4;
}

static bool addresses(struct word w, struct mg_conf *c)
{
	struct word part;

	for (c->addresses = 0; cut(&w, ',', &part); c->addresses++)
		if (c->addresses == MG_CARDS || !ipv4(part, c->address[c->addresses]))
			return false;
	return true;
}

static bool roles(struct word w, struct mg_conf *c)
{
	struct word part;

	for (c->roles = 0; cut(&w, ',', &part); c->roles++) {
		int r = MG_PING;

		while (r >= 0 && !is(part, mg_role_names[r]))
			r--;
		if (c->roles == MG_CARDS || r < 0)
			return false;
		c->role[c->roles] = (enum mg_role)r;
	}
	/* The last one holds for the cards behind it, too. */
	for (unsigned int i = c->roles; i < MG_CARDS; i++)
		c->role[i] = c->role[i - 1];
	return true;
}

static bool flag(struct word w, const char *yes, const char *no, bool *to)
{
	*to = is(w, yes);
	return *to || is(w, no);
}

static bool ranged(struct word w, uint64_t min, uint64_t max, uint32_t *to)
{
	uint64_t n;

	if (!number(w, 0, max, &n) || n < min)
		return false;
	*to = (uint32_t)n;
	return true;
}

/* Words and what they may be, for the message. */
enum key {
	ROLE,
	MAC,
	DST,
	ADDRESS,
	SIZE,
	FLOWS,
	MTU,
	TSO,
	COUNT,
	SECONDS,
	RATE,
	BURST,
	WINDOW,
	CHECK,
	SETTLE,
	WAIT,
	RING,
	BUFFER,
	RINGS,
	INORDER,
	EVENTIDX,
	MRG,
	CSUM,
	KEYS
};
static const struct {
	const char *name, *may_be;
} keys[KEYS] = {
	[ROLE] = {"role", "generator, sink, both, reflector or ping, one for each card"},
	[MAC] = {"mac", "addresses as 02:00:00:00:00:01, one for each card"},
	[DST] = {"dst", "addresses as 02:00:00:00:00:01, one for each card"},
	[ADDRESS] = {"address", "IPv4 addresses as 198.18.0.9, one for each card"},
	[SIZE] = {"size", "64 to 9018"},
	[FLOWS] = {"flows", "1 to 1000000"},
	[MTU] = {"mtu", "576 to 9000"},
	[TSO] = {"tso", "off or 64k"},
	[COUNT] = {"count", "a number of frames"},
	[SECONDS] = {"seconds", "0.001 to 1000000"},
	[RATE] = {"rate", "0 to 100m frames a second"},
	[BURST] = {"burst", "1 to 64"},
	[WINDOW] = {"window", "0 to 1000000 frames"},
	[CHECK] = {"check", "0 to 1000000"},
	[SETTLE] = {"settle", "0.001 to 1000 seconds"},
	[WAIT] = {"wait", "0.001 to 1000000 seconds"},
	[RING] = {"ring", "a power of two from 64 to 1024"},
	[BUFFER] = {"buffer", "1536 to 65536 bytes"},
	[RINGS] = {"rings", "split or packed"},
	[INORDER] = {"inorder", "on or off"},
	[EVENTIDX] = {"eventidx", "on or off"},
	[MRG] = {"mrg", "on or off"},
	[CSUM] = {"csum", "on or off"},
};

static bool set(enum key key, struct word w, struct mg_conf *c)
{
	uint32_t n;

	switch (key) {
	case ROLE:
		return roles(w, c);
	case MAC:
		return macs(w, c->mac, &c->macs);
	case DST:
		return macs(w, c->dst, &c->dsts);
	case ADDRESS:
		return addresses(w, c);
	case SIZE:
		if (!ranged(w, FRAME_MIN, FRAME_MOST, &n))
			return false;
		c->bytes = n - FCS;
		return true;
	case FLOWS:
		return ranged(w, 1, 1000000, &c->flows);
	case MTU:
		return ranged(w, 576, 9000, &c->mtu);
	case TSO:
		return flag(w, "64k", "off", &c->unit);
	case COUNT:
		return number(w, 0, UINT32_MAX, &c->count);
	case SECONDS:
		return number(w, 6, UINT64_C(1000000) * SECOND_US, &c->duration_us) &&
		       c->duration_us >= 1000;
	case RATE:
		return number(w, 0, 100000000, &c->rate);
	case BURST:
		return ranged(w, 1, 64, &c->burst);
	case WINDOW:
		return ranged(w, 0, 1000000, &c->window);
	case CHECK:
		return ranged(w, 0, 1000000, &c->check);
	case SETTLE:
		return number(w, 6, UINT64_C(1000) * SECOND_US, &c->settle_us) &&
		       c->settle_us >= 1000;
	case WAIT:
		return number(w, 6, UINT64_C(1000000) * SECOND_US, &c->wait_us) &&
		       c->wait_us >= 1000;
	case RING:
		return ranged(w, 64, 1024, &c->ring) && !(c->ring & (c->ring - 1));
	case BUFFER:
		return ranged(w, 1536, 65536, &c->buffer_bytes);
	case RINGS:
		return flag(w, "packed", "split", &c->packed);
	case INORDER:
		return flag(w, "on", "off", &c->in_order);
	case EVENTIDX:
		return flag(w, "on", "off", &c->event_idx);
	case MRG:
		return flag(w, "on", "off", &c->mergeable);
	case CSUM:
		return flag(w, "on", "off", &c->csum);
	case KEYS:
		break;
	}
	return false;
}

static bool wrong(char why[MG_WHY], struct word name, const char *what, const char *may_be)
{
	struct mg_text t;
	char copy[32];
	size_t n = name.len < sizeof(copy) - 1 ? name.len : sizeof(copy) - 1;

	memcpy(copy, name.at, n);
	copy[n] = 0;
	mg_text_init(&t, why, MG_WHY);
	mg_text_put(&t, copy);
	mg_text_put(&t, what);
	mg_text_put(&t, may_be);
	return false;
}

bool mg_cmdline(const char *line, struct mg_conf *c, char why[MG_WHY])
{
	struct word rest = {line, strlen(line)}, word, name;

	*c = (struct mg_conf){
		.bytes = 60,
		.flows = 1,
		.mtu = 1500,
		.burst = 32,
		.check = 64,
		.duration_us = SECOND_US,
		.settle_us = SECOND_US,
		.wait_us = 30 * SECOND_US,
		.ring = 1024,
		.buffer_bytes = 2048,
		.in_order = true,
		.event_idx = true,
		.mergeable = true,
	};
	while (cut(&rest, ' ', &word)) {
		int key = KEYS - 1;

		if (!word.len)
			continue;
		if (!cut(&word, '=', &name) || !word.at)
			return wrong(why, name, ": a word must be name=value", "");
		while (key >= 0 && !is(name, keys[key].name))
			key--;
		if (key < 0)
			return wrong(why, name, ": no such parameter",
				     "; docs/microguest.md lists them");
		if (!set((enum key)key, word, c))
			return wrong(why, name, " may be ", keys[key].may_be);
	}
	/* Others hear nothing but their own frames, and would leave who asks without an answer. */
	for (unsigned int i = 0; i < c->addresses; i++)
		if (c->role[i] != MG_REFLECTOR)
			return wrong(why, (struct word){"address", 7}, ": only a reflector has one",
				     "; give it role reflector");
	return true;
}
