/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/state/snap.h"

#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#define HEAD	    16
#define FRAME_HEAD  (HV_SNAP_ID + 4)
#define CONTENT_MAX (FRAME_HEAD + HV_SNAP_SECTION_MAX)
/* Guests wait while they are written: the quickest level that still finds runs. */
#define LEVEL 1

static const char magic[8] = {'f', 'l', 'u', 'e', '-', 'v', 'm', '\n'};

struct hv_snap_out {
	FILE *to;
	ZSTD_CCtx *zstd;
	uint8_t *content, *frame;
	size_t frame_room;
	uint32_t sections;
	struct err e;
};

static void put_u32(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (8 * i));
}

static uint32_t get_u32(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static void out_free(struct hv_snap_out *s)
{
	ZSTD_freeCCtx(s->zstd);
	free(s->content);
	free(s->frame);
	free(s);
}

static void write_all(struct hv_snap_out *s, const void *p, size_t len)
{
	if (!s->e.code && fwrite(p, 1, len, s->to) != len)
		err_set(&s->e, -errno, "cannot write the snapshot: %s", strerror(errno));
}

struct hv_snap_out *hv_snap_begin(FILE *to)
{
	struct hv_snap_out *s = calloc(1, sizeof(*s));
	uint8_t head[HEAD] = {0};

	if (!s)
		return NULL;
	s->to = to;
	s->zstd = ZSTD_createCCtx();
	s->frame_room = ZSTD_compressBound(CONTENT_MAX);
	s->content = malloc(CONTENT_MAX);
	s->frame = malloc(s->frame_room);
	if (!s->zstd || !s->content || !s->frame) {
		out_free(s);
		return NULL;
	}
	ZSTD_CCtx_setParameter(s->zstd, ZSTD_c_compressionLevel, LEVEL);
	ZSTD_CCtx_setParameter(s->zstd, ZSTD_c_checksumFlag, 1);
	memcpy(head, magic, sizeof(magic));
	put_u32(head + sizeof(magic), HV_SNAP_FORMAT);
	write_all(s, head, sizeof(head));
	return s;
}

void hv_snap_section(struct hv_snap_out *s, const char *id, uint32_t version, const void *payload,
		     size_t len)
{
	uint8_t size[4];

	if (s->e.code)
		return;
	if (len > HV_SNAP_SECTION_MAX || strlen(id) >= HV_SNAP_ID) {
		err_set(&s->e, -EMSGSIZE, "the state of %s is too large for a snapshot: %zu bytes",
			id, len);
		return;
	}
	memset(s->content, 0, FRAME_HEAD);
	memcpy(s->content, id, strlen(id));
	put_u32(s->content + HV_SNAP_ID, version);
	memcpy(s->content + FRAME_HEAD, payload, len);
	size_t n = ZSTD_compress2(s->zstd, s->frame, s->frame_room, s->content, FRAME_HEAD + len);
	if (ZSTD_isError(n)) {
		err_set(&s->e, -EIO, "cannot compress the state of %s: %s", id,
			ZSTD_getErrorName(n));
		return;
	}
	put_u32(size, (uint32_t)n);
	write_all(s, size, sizeof(size));
	write_all(s, s->frame, n);
	s->sections++;
}

int hv_snap_finish(struct hv_snap_out *s, struct err *e)
{
	uint8_t count[4];

	put_u32(count, s->sections);
	hv_snap_section(s, "end", 1, count, sizeof(count));
	if (!s->e.code && fflush(s->to))
		err_set(&s->e, -errno, "cannot write the snapshot: %s", strerror(errno));
	int rc = s->e.code ? err_set(e, s->e.code, "%s", s->e.text) : 0;
	out_free(s);
	return rc;
}

struct hv_snap_in {
	FILE *from;
	ZSTD_DCtx *zstd;
	uint8_t *content, *frame;
	uint32_t sections;
};

void hv_snap_close(struct hv_snap_in *s)
{
	if (!s)
		return;
	ZSTD_freeDCtx(s->zstd);
	free(s->content);
	free(s->frame);
	free(s);
}

int hv_snap_open(FILE *from, struct hv_snap_in **in, struct err *e)
{
	uint8_t head[HEAD];

	if (fread(head, 1, sizeof(head), from) != sizeof(head) ||
	    memcmp(head, magic, sizeof(magic)))
		return err_set(e, -EINVAL, "this is no snapshot of flue-vm");
	if (get_u32(head + 8) != HV_SNAP_FORMAT || get_u32(head + 12))
		return err_set(e, -ENOTSUP,
			       "the snapshot is of format %u; this flue-vm reads format %u",
			       get_u32(head + 8), HV_SNAP_FORMAT);
	struct hv_snap_in *s = calloc(1, sizeof(*s));
	if (!s)
		return err_set(e, -ENOMEM, "out of memory");
	s->from = from;
	s->zstd = ZSTD_createDCtx();
	s->content = malloc(CONTENT_MAX);
	s->frame = malloc(ZSTD_compressBound(CONTENT_MAX));
	if (!s->zstd || !s->content || !s->frame) {
		hv_snap_close(s);
		return err_set(e, -ENOMEM, "out of memory");
	}
	*in = s;
	return 0;
}

static int damaged(const struct hv_snap_in *s, const char *how, struct err *e)
{
	return err_set(e, -EINVAL, "the snapshot is damaged: section %u %s", s->sections + 1, how);
}

/* The last section, and nothing after it. */
static int check_end(struct hv_snap_in *s, const struct hv_snap_section *x, struct err *e)
{
	if (x->len != 4 || get_u32(x->payload) != s->sections)
		return damaged(s, "does not close the others", e);
	if (fgetc(s->from) != EOF)
		return err_set(e, -EINVAL, "the snapshot is damaged: something follows its end");
	return 0;
}

int hv_snap_next(struct hv_snap_in *s, struct hv_snap_section *x, struct err *e)
{
	uint8_t size[4];

	if (fread(size, 1, sizeof(size), s->from) != sizeof(size))
		return damaged(s, "is missing: the file was cut short", e);
	uint32_t n = get_u32(size);
	if (n > ZSTD_compressBound(CONTENT_MAX))
		return damaged(s, "is larger than any can be", e);
	if (fread(s->frame, 1, n, s->from) != n)
		return damaged(s, "was cut short", e);
	size_t len = ZSTD_decompressDCtx(s->zstd, s->content, CONTENT_MAX, s->frame, n);
	if (ZSTD_isError(len))
		return damaged(s, ZSTD_getErrorName(len), e);
	if (len < FRAME_HEAD || s->content[HV_SNAP_ID - 1])
		return damaged(s, "has no head", e);
	memcpy(x->id, s->content, HV_SNAP_ID);
	x->version = get_u32(s->content + HV_SNAP_ID);
	x->payload = s->content + FRAME_HEAD;
	x->len = len - FRAME_HEAD;
	if (!strcmp(x->id, "end"))
		return check_end(s, x, e);
	s->sections++;
	return 1;
}
