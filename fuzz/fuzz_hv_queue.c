/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A virtqueue whose whole memory is the input: byte 0 the form and features, byte 1 the size, the
 * rest what is in guest memory, from the descriptors on. What must hold: every buffer lies in the
 * memory there is, reads come before writes, and a broken ring stays broken. The device writes to
 * what it may write to, which may be the ring itself.
 */
#include "hv-core/virtio/queue.h"

#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>
#include <stdlib.h>
#include <string.h>

#define BYTES	 4096 /* in two regions, so that some buffers cross */
#define SIZES	 16
#define DRIVER	 256
#define DEVICE	 320
#define IOV_MAX_ 24

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool lies(const struct hv_mem *mem, const struct iovec *v)
{
	for (unsigned int i = 0; i < mem->n; i++) {
		const uint8_t *host = mem->region[i].host, *p = v->iov_base;

		if (p >= host && p + v->iov_len <= host + mem->region[i].bytes && v->iov_len)
			return true;
	}
	return false;
}

static void use(struct hv_vq *q, struct hv_vq_chain *c, const struct hv_mem *mem)
{
	uint64_t out = 0, in = 0;

	if (c->out_n + c->in_n > c->iov_max)
		abort();
	for (unsigned int i = 0; i < c->out_n + c->in_n; i++) {
		if (!lies(mem, &c->iov[i]))
			abort();
		*(i < c->out_n ? &out : &in) += c->iov[i].iov_len;
	}
	if (out != c->out_bytes || in != c->in_bytes)
		abort();
	for (unsigned int i = c->out_n; i < c->out_n + c->in_n; i++)
		memset(c->iov[i].iov_base, 0x81 + (int)i, c->iov[i].iov_len);
	hv_vq_push(q, c, (uint32_t)in);
}

static void run(struct hv_vq *q, const struct hv_mem *mem)
{
	struct iovec iov[IOV_MAX_], held_iov[IOV_MAX_];
	struct hv_vq_chain c = {.iov = iov, .iov_max = IOV_MAX_},
			   held = {.iov = held_iov, .iov_max = IOV_MAX_};
	bool holds = false;

	/* One chain is held back for a while, the others overtake it. */
	for (int n = 0; n < 64; n++) {
		struct hv_vq_chain *to = n % 8 == 1 && !holds ? &held : &c;
		int rc = hv_vq_pop(q, to);

		if ((rc == -EPROTO) != (q->broken != NULL))
			abort();
		if (rc < 0 && hv_vq_pop(q, to) != rc)
			abort();
		if (rc <= 0)
			break;
		if (to == &held)
			holds = true;
		else
			use(q, to, mem);
		if (holds && n % 8 == 5) {
			use(q, &held, mem);
			holds = false;
		}
		hv_vq_needs_call(q);
		if (n % 3)
			hv_vq_deaf(q);
		else
			hv_vq_listen(q);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hv_virtio_queue vq = {
		.size_max = SIZES, .desc = 0, .driver = DRIVER, .device = DEVICE};
	struct hv_mem mem = {.n = 2, .bytes = BYTES};
	uint64_t features;
	struct hv_vq q;

	if (size < 2)
		return 0;
	features = (uint64_t)(data[0] & 1) << VIRTIO_F_RING_PACKED |
		   (uint64_t)(data[0] >> 1 & 1) << VIRTIO_RING_F_EVENT_IDX |
		   (uint64_t)(data[0] >> 2 & 1) << VIRTIO_RING_F_INDIRECT_DESC;
	vq.size = 1 + data[1] % SIZES;
	if (!(data[0] & 1))
		vq.size = (uint16_t)(1u << vq.size % 5);
	/* Each region alone, so that a sanitizer sees the first byte beyond it. */
	for (unsigned int i = 0; i < 2; i++) {
		mem.region[i] = (struct hv_mem_region){.gpa = i * BYTES / 2,
						       .bytes = BYTES / 2,
						       .host = aligned_alloc(16, BYTES / 2)};
		if (!mem.region[i].host)
			abort();
		memset(mem.region[i].host, 0, BYTES / 2);
	}
	for (size_t i = 2; i < size && i - 2 < BYTES; i++)
		mem.region[(i - 2) / (BYTES / 2)].host[(i - 2) % (BYTES / 2)] = data[i];
	if (hv_vq_init(&q, &mem, &vq, features))
		abort();
	run(&q, &mem);
	free(mem.region[0].host);
	free(mem.region[1].host);
	return 0;
}
