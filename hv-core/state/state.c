/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/state/state.h"

#include <stdlib.h>
#include <string.h>

static uint8_t *grow(struct hv_out *o, size_t len)
{
	if (o->failed)
		return NULL;
	if (o->room - o->len < len) {
		size_t room = o->room ? o->room : 256;

		while (room - o->len < len)
			room *= 2;
		uint8_t *buf = realloc(o->buf, room);
		if (!buf) {
			o->failed = true;
			return NULL;
		}
		o->buf = buf;
		o->room = room;
	}
	o->len += len;
	return o->buf + o->len - len;
}

static void put(struct hv_out *o, uint64_t v, unsigned int len)
{
	uint8_t *p = grow(o, len);

	for (unsigned int i = 0; p && i < len; i++)
		p[i] = (uint8_t)(v >> (8 * i));
}

void hv_out_u8(struct hv_out *o, uint8_t v)
{
	put(o, v, 1);
}

void hv_out_u16(struct hv_out *o, uint16_t v)
{
	put(o, v, 2);
}

void hv_out_u32(struct hv_out *o, uint32_t v)
{
	put(o, v, 4);
}

void hv_out_u64(struct hv_out *o, uint64_t v)
{
	put(o, v, 8);
}

void hv_out_bytes(struct hv_out *o, const void *p, size_t len)
{
	uint8_t *to = grow(o, len);

	if (to && len)
		memcpy(to, p, len);
}

void hv_out_free(struct hv_out *o)
{
	free(o->buf);
	*o = (struct hv_out){0};
}

static const uint8_t *take(struct hv_in *in, size_t len)
{
	if (in->bad || in->left < len) {
		in->bad = true;
		return NULL;
	}
	in->p += len;
	in->left -= len;
	return in->p - len;
}

static uint64_t get(struct hv_in *in, unsigned int len)
{
	const uint8_t *p = take(in, len);
	uint64_t v = 0;

	for (unsigned int i = 0; p && i < len; i++)
		v |= (uint64_t)p[i] << (8 * i);
	return v;
}

uint8_t hv_in_u8(struct hv_in *in)
{
	return (uint8_t)get(in, 1);
}

uint16_t hv_in_u16(struct hv_in *in)
{
	return (uint16_t)get(in, 2);
}

uint32_t hv_in_u32(struct hv_in *in)
{
	return (uint32_t)get(in, 4);
}

uint64_t hv_in_u64(struct hv_in *in)
{
	return get(in, 8);
}

void hv_in_bytes(struct hv_in *in, void *p, size_t len)
{
	const uint8_t *from = take(in, len);

	if (from && len)
		memcpy(p, from, len);
	else
		memset(p, 0, len);
}

uint32_t hv_in_max(struct hv_in *in, uint32_t max)
{
	uint32_t v = hv_in_u32(in);

	if (v <= max)
		return v;
	in->bad = true;
	return 0;
}

int hv_in_end(const struct hv_in *in, const char *what, struct err *e)
{
	if (in->bad)
		return err_set(e, -EINVAL,
			       "the state of %s is too short or holds a value out of range", what);
	if (in->left)
		return err_set(e, -EINVAL,
			       "the state of %s is %zu bytes longer than this version knows", what,
			       in->left);
	return 0;
}
