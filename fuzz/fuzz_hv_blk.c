/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the disk reads out of a request. Input: a byte of the disk (1 read-only, 2 direct), the
 * number of buffers read and of those written, a length of each (two bytes), then what is in the
 * buffers. What must hold: no byte outside them is touched, and what is to be carried out lies
 * within the disk and within the buffers.
 */
#include "hv-core/virtio/blk_impl.h"

#include <stdlib.h>
#include <string.h>

#define SECTORS 64u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t byte(const uint8_t **data, size_t *size)
{
	if (!*size)
		return 0;
	--*size;
	return *(*data)++;
}

static void must_be_sound(const struct hv_blk *b, const struct blk_req *r, uint64_t in,
			  uint64_t out)
{
	uint64_t sum = 0;
	bool moves = r->type == VIRTIO_BLK_T_IN || r->type == VIRTIO_BLK_T_OUT;

	if (r->type == VIRTIO_BLK_T_FLUSH)
		return;
	if (r->type != VIRTIO_BLK_T_GET_ID &&
	    (r->offset > SECTORS * SECTOR || r->bytes > SECTORS * SECTOR - r->offset || !r->bytes))
		abort();
	if (b->readonly && r->type != VIRTIO_BLK_T_IN && r->type != VIRTIO_BLK_T_GET_ID)
		abort();
	if (!moves)
		return;
	/* A write was copied already, and its buffers used up by that. */
	if (r->bounce && r->type == VIRTIO_BLK_T_OUT)
		sum = r->bounced.iov_len;
	for (unsigned int i = 0; i < r->parts; i++)
		sum += r->data[i].iov_len;
	if (sum != r->bytes || r->left != sum || sum > (r->type == VIRTIO_BLK_T_IN ? in : out))
		abort();
	if (r->bounce && (!b->direct || r->bounced.iov_len != sum))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct blk_req r;
	uint8_t flags = byte(&data, &size);
	struct hv_blk b = {.block = flags & 4 ? 4096 : 512,
			   .sectors = SECTORS,
			   .readonly = flags & 1,
			   .direct = flags & 2,
			   .serial = "fuzz"};
	struct hv_vq_chain *c = &r.chain;
	uint8_t *buf[BLK_PARTS];

	c->iov = r.part;
	c->out_n = byte(&data, &size) % 8;
	c->in_n = byte(&data, &size) % 8;
	c->out_bytes = c->in_bytes = 0;
	for (unsigned int i = 0; i < c->out_n + c->in_n; i++) {
		size_t len = (size_t)byte(&data, &size) << 8 | byte(&data, &size);

		/* A queue gives no empty ones. */
		len = len ? len : 1;
		buf[i] = malloc(len);
		memset(buf[i], 0, len);
		r.part[i] = (struct iovec){buf[i], len};
		*(i < c->out_n ? &c->out_bytes : &c->in_bytes) += len;
	}
	for (unsigned int i = 0; i < c->out_n + c->in_n; i++) {
		size_t n = r.part[i].iov_len < size ? r.part[i].iov_len : size;

		if (i < c->out_n && n) {
			memcpy(buf[i], data, n);
			data += n;
			size -= n;
		}
	}
	uint64_t in = c->in_bytes, out = c->out_bytes;
	unsigned int n = c->out_n + c->in_n;
	int rc = blk_parse(&b, &r);

	if (rc == 0)
		must_be_sound(&b, &r, in, out);
	if (rc >= 0)
		*r.status = (uint8_t)rc;
	if (rc < 0 && out >= sizeof(struct virtio_blk_outhdr) && in)
		abort();
	/* A direct read comes back into the buffers. */
	for (unsigned int i = 0; rc == 0 && r.type == VIRTIO_BLK_T_IN && i < r.parts; i++)
		memset(r.data[i].iov_base, 1, r.data[i].iov_len);
	free(r.bounce);
	r.bounce = NULL;
	for (unsigned int i = 0; i < n; i++)
		free(buf[i]);
	return 0;
}
