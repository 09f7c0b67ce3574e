/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/fast/opts.h"

#include <errno.h>
#include <string.h>
#include <arpa/inet.h>

enum { END = 0, NOP = 1, SACK = 5, TIMESTAMPS = 8, TS_LEN = 10, SACK_BLOCK = 8 };

static uint32_t get32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return ntohl(v);
}

static void put32(uint8_t *p, uint32_t v)
{
	v = htonl(v);
	memcpy(p, &v, sizeof(v));
}

static int read_sack(const uint8_t *p, uint32_t len, struct chim_opts *out)
{
	uint32_t n = (len - 2) / SACK_BLOCK;

	if (len != 2 + n * SACK_BLOCK || n == 0 || n > CHIM_OPTS_SACKS)
		return -EBADMSG;
	for (uint32_t i = 0; i < n; i++) {
		out->sack[i].start = get32(p + 2 + i * SACK_BLOCK);
		out->sack[i].end = get32(p + 6 + i * SACK_BLOCK);
	}
	out->n_sack = (uint8_t)n;
	return 0;
}

static int read_ts(const uint8_t *p, uint32_t len, struct chim_opts *out)
{
	if (len != TS_LEN)
		return -EBADMSG;
	out->tsval = get32(p + 2);
	out->tsecr = get32(p + 6);
	out->has_ts = true;
	return 0;
}

int chim_opts_parse(const uint8_t *opts, uint32_t len, struct chim_opts *out)
{
	uint32_t at = 0;

	out->has_ts = false;
	out->n_sack = 0;
	while (at < len && opts[at] != END) {
		uint32_t n;
		int ret = 0;

		if (opts[at] == NOP) {
			at++;
			continue;
		}
		n = len - at > 1 ? opts[at + 1] : 0;
		if (n < 2 || n > len - at)
			return -EBADMSG;
		if (opts[at] == TIMESTAMPS)
			ret = read_ts(opts + at, n, out);
		else if (opts[at] == SACK)
			ret = read_sack(opts + at, n, out);
		if (ret != 0)
			return ret;
		at += n;
	}
	return 0;
}

uint32_t chim_opts_build(const struct chim_opts *o, uint8_t out[CHIM_OPTS_BYTES])
{
	uint32_t at = 0, n = o->n_sack, room;

	if (o->has_ts) {
		memcpy(out, (uint8_t[]){NOP, NOP, TIMESTAMPS, TS_LEN}, 4);
		put32(out + 4, o->tsval);
		put32(out + 8, o->tsecr);
		at = CHIM_OPTS_TS_BYTES;
	}
	room = (CHIM_OPTS_BYTES - at - 4) / SACK_BLOCK;
	if (n > room)
		n = room;
	if (n == 0)
		return at;
	memcpy(out + at, (uint8_t[]){NOP, NOP, SACK, (uint8_t)(2 + n * SACK_BLOCK)}, 4);
	at += 4;
	for (uint32_t i = 0; i < n; i++, at += SACK_BLOCK) {
		put32(out + at, o->sack[i].start);
		put32(out + at + 4, o->sack[i].end);
	}
	return at;
}
