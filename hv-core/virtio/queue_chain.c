/* SPDX-License-Identifier: BSD-3-Clause */
/* From untrusted descriptors to buffers of this process. */
#include "hv-core/virtio/queue_impl.h"

#include <endian.h>

struct hv_vq_desc hv_vq_desc_split(const uint8_t *table, unsigned int n)
{
	struct vring_desc d;

	hv_vq_copy(&d, table + 16 * (size_t)n, sizeof(d));
	return (struct hv_vq_desc){.addr = le64toh(d.addr),
				   .len = le32toh(d.len),
				   .flags = le16toh(d.flags),
				   .next = le16toh(d.next)};
}

struct hv_vq_desc hv_vq_desc_packed(const uint8_t *table, unsigned int n)
{
	struct vring_packed_desc d;

	hv_vq_copy(&d, table + 16 * (size_t)n, sizeof(d));
	return (struct hv_vq_desc){.addr = le64toh(d.addr),
				   .len = le32toh(d.len),
				   .flags = le16toh(d.flags),
				   .id = le16toh(d.id)};
}

int hv_vq_add(struct hv_vq *q, struct hv_vq_chain *c, const struct hv_vq_desc *d)
{
	unsigned int n = c->out_n + c->in_n;
	bool write = d->flags & VRING_DESC_F_WRITE;
	void *p;

	if (!write && c->in_n)
		return hv_vq_break(q, "a chain has a buffer to read after one to write");
	if (d->len == 0)
		return 0;
	if (n == c->iov_max)
		return hv_vq_break(q, "a chain has more buffers than the device takes");
	p = hv_mem_at(q->mem, d->addr, d->len);
	if (!p)
		return hv_vq_break(q, "a buffer is not in guest memory");
	c->iov[n] = (struct iovec){p, d->len};
	if (write) {
		c->in_n++;
		c->in_bytes += d->len;
	} else {
		c->out_n++;
		c->out_bytes += d->len;
	}
	return 0;
}

/* Split: the table is chained by `next` from its first entry (2.7.5.3). Packed: every entry counts,
 * in order (2.8.7). A table is no longer than the queue. */
int hv_vq_add_indirect(struct hv_vq *q, struct hv_vq_chain *c, const struct hv_vq_desc *d)
{
	unsigned int n = d->len / 16, at = 0;
	const uint8_t *table;

	if (!q->indirect)
		return hv_vq_break(q, "an indirect descriptor, which the driver did not accept");
	if (d->flags & VRING_DESC_F_NEXT || d->len % 16 || n == 0 || n > q->size)
		return hv_vq_break(q,
				   "an indirect table has a wrong size, or a descriptor after it");
	table = hv_mem_at(q->mem, d->addr, d->len);
	if (!table)
		return hv_vq_break(q, "an indirect table is not in guest memory");
	for (unsigned int i = 0; i < n; i++) {
		struct hv_vq_desc t =
			q->packed ? hv_vq_desc_packed(table, i) : hv_vq_desc_split(table, at);
		int rc;

		if (t.flags & VRING_DESC_F_INDIRECT)
			return hv_vq_break(q, "an indirect table within another");
		rc = hv_vq_add(q, c, &t);
		if (rc)
			return rc;
		if (q->packed)
			continue;
		if (!(t.flags & VRING_DESC_F_NEXT))
			return 0;
		at = t.next;
		if (at >= n)
			return hv_vq_break(q, "a descriptor's next is outside its table");
	}
	return q->packed ? 0 : hv_vq_break(q, "a chain is a loop");
}
