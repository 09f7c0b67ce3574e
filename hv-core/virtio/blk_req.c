/* SPDX-License-Identifier: BSD-3-Clause */
/* What a request asks (virtio 1.2, 5.2.6). The guest may have cut header, data and status into any
 * buffers (2.7.4.1), and may change the header meanwhile: it is copied once. */
#include "hv-core/virtio/blk_impl.h"

#include <linux/falloc.h>
#include <stdlib.h>
#include <string.h>

/* Takes len bytes off the front of the parts. */
static void take(struct iovec **part, unsigned int *n, void *to, size_t len)
{
	uint8_t *at = to;

	while (len && *n) {
		size_t here = (*part)->iov_len < len ? (*part)->iov_len : len;

		if (at) {
			memcpy(at, (*part)->iov_base, here);
			at += here;
		}
		(*part)->iov_base = (uint8_t *)(*part)->iov_base + here;
		(*part)->iov_len -= here;
		len -= here;
		if (!(*part)->iov_len) {
			(*part)++;
			(*n)--;
		}
	}
}

/* Takes the last byte off: the status. */
static uint8_t *take_status(struct iovec *part, unsigned int *n)
{
	while (*n && !part[*n - 1].iov_len)
		(*n)--;
	if (!*n)
		return NULL;
	struct iovec *last = &part[*n - 1];
	last->iov_len--;
	uint8_t *status = (uint8_t *)last->iov_base + last->iov_len;
	if (!last->iov_len)
		(*n)--;
	return status;
}

static bool in_disk(const struct hv_blk *b, uint64_t sector, uint64_t bytes)
{
	return bytes % SECTOR == 0 && sector <= b->sectors && bytes / SECTOR <= b->sectors - sector;
}

/* O_DIRECT wants memory and lengths in blocks; what is not goes through a buffer that is. */
static int make_bounce(struct hv_blk *b, struct blk_req *r)
{
	bool aligned = true;

	for (unsigned int i = 0; i < r->parts; i++)
		aligned = aligned && (uintptr_t)r->data[i].iov_base % b->block == 0 &&
			  r->data[i].iov_len % b->block == 0;
	if (!b->direct || aligned)
		return 0;
	if (r->offset % b->block || r->bytes % b->block)
		return VIRTIO_BLK_S_IOERR;
	size_t unit = b->block > 4096 ? b->block : 4096;

	r->bounce = aligned_alloc(unit, (r->bytes + unit - 1) / unit * unit);
	if (!r->bounce)
		return VIRTIO_BLK_S_IOERR;
	if (r->type == VIRTIO_BLK_T_OUT) {
		unsigned int n = r->parts;
		struct iovec *part = r->data;

		take(&part, &n, r->bounce, r->bytes);
	}
	r->bounced = (struct iovec){r->bounce, r->bytes};
	return 0;
}

static int parse_data(struct hv_blk *b, struct blk_req *r, uint64_t sector, struct iovec *part,
		      unsigned int n, uint64_t bytes)
{
	if (!bytes || bytes > BLK_DATA_MAX || !in_disk(b, sector, bytes))
		return VIRTIO_BLK_S_IOERR;
	r->data = part;
	r->parts = n;
	r->bytes = r->left = bytes;
	r->offset = sector * SECTOR;
	return make_bounce(b, r);
}

/* 5.2.6.2: one range; the guest was told so. */
static int parse_range(struct hv_blk *b, struct blk_req *r, struct iovec *part, unsigned int n,
		       uint64_t bytes)
{
	struct virtio_blk_discard_write_zeroes range = {0};
	bool zero = r->type == VIRTIO_BLK_T_WRITE_ZEROES;

	if (bytes != sizeof(range))
		return VIRTIO_BLK_S_IOERR;
	take(&part, &n, &range, sizeof(range));
	/* For a discard, all flags are reserved; for zeros, `unmap` is a permission. */
	if (range.flags & ~(zero ? VIRTIO_BLK_WRITE_ZEROES_FLAG_UNMAP : 0u))
		return VIRTIO_BLK_S_UNSUPP;
	r->bytes = (uint64_t)range.num_sectors * SECTOR;
	if (!r->bytes || !in_disk(b, range.sector, r->bytes))
		return VIRTIO_BLK_S_IOERR;
	r->offset = range.sector * SECTOR;
	r->fallocate_mode = FALLOC_FL_KEEP_SIZE |
			    (zero && !range.flags ? FALLOC_FL_ZERO_RANGE : FALLOC_FL_PUNCH_HOLE);
	return 0;
}

int blk_parse(struct hv_blk *b, struct blk_req *r)
{
	struct hv_vq_chain *c = &r->chain;
	struct iovec *out = c->iov, *in = c->iov + c->out_n;
	unsigned int out_n = c->out_n, in_n = c->in_n;
	struct virtio_blk_outhdr head = {0};

	r->bounce = NULL;
	r->sync = false;
	r->left = r->bytes = 0;
	if (c->out_bytes < sizeof(head) || !c->in_bytes)
		return -EPROTO;
	take(&out, &out_n, &head, sizeof(head));
	r->status = take_status(in, &in_n);
	r->type = head.type;
	uint64_t out_bytes = c->out_bytes - sizeof(head), in_bytes = c->in_bytes - 1;
	bool writes = head.type == VIRTIO_BLK_T_OUT || head.type == VIRTIO_BLK_T_DISCARD ||
		      head.type == VIRTIO_BLK_T_WRITE_ZEROES;

	if (writes && b->readonly)
		return VIRTIO_BLK_S_IOERR;
	switch (head.type) {
	case VIRTIO_BLK_T_IN:
		return parse_data(b, r, head.sector, in, in_n, in_bytes);
	case VIRTIO_BLK_T_OUT:
		return parse_data(b, r, head.sector, out, out_n, out_bytes);
	case VIRTIO_BLK_T_FLUSH:
		return 0;
	case VIRTIO_BLK_T_GET_ID:
		r->data = in;
		r->parts = in_n;
		r->bytes = in_bytes < sizeof(b->serial) ? in_bytes : sizeof(b->serial);
		return 0;
	case VIRTIO_BLK_T_DISCARD:
	case VIRTIO_BLK_T_WRITE_ZEROES:
		return parse_range(b, r, out, out_n, out_bytes);
	default:
		return VIRTIO_BLK_S_UNSUPP;
	}
}
