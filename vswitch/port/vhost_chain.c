/* SPDX-License-Identifier: BSD-3-Clause */
#include "vswitch/port/vhost_chain.h"

#include <string.h>

/* A descriptor of either kind of ring. */
struct desc {
	uint64_t addr;
	uint32_t len;
	uint16_t flags;
	uint16_t next; /* split: the next one; packed: the buffer's id */
};

_Static_assert(sizeof(struct vring_desc) == 16, "virtio 1.2, 2.7.5");
_Static_assert(sizeof(struct vring_packed_desc) == 16, "virtio 1.2, 2.8.13");

const char *vhost_fault_text(enum vhost_fault fault)
{
	static const char *const texts[] = {
#define X(sym, text) [VHOST_FAULT_##sym] = text,
		VHOST_FAULTS(X)
#undef X
	};

	return fault < RTE_DIM(texts) ? texts[fault] : NULL;
}

/* An indirect table may lie at any address. */
typedef struct vring_desc split_desc __attribute__((aligned(1)));
typedef struct vring_packed_desc packed_desc __attribute__((aligned(1)));

/* Each field is read once. */
static struct desc read_split(const void *table, uint32_t i)
{
	const volatile split_desc *d = (const split_desc *)table + i;

	return (struct desc){.addr = d->addr, .len = d->len, .flags = d->flags, .next = d->next};
}

static struct desc read_packed(const void *table, uint32_t i)
{
	const volatile packed_desc *d = (const packed_desc *)table + i;

	return (struct desc){.addr = d->addr, .len = d->len, .flags = d->flags, .next = d->id};
}

/* Appends what the descriptor points to, in as many pieces as regions and lengths make of it. */
static enum vhost_fault append(const struct vhost_table *t, const struct desc *d,
			       struct vhost_pieces *pieces, struct vhost_chain *c)
{
	uint64_t gpa = d->addr;
	uint32_t left = d->len;

	if (((d->flags & VRING_DESC_F_WRITE) != 0) != t->write)
		return t->write ? VHOST_FAULT_READ : VHOST_FAULT_WRITE;
	while (left > 0) {
		uint32_t n = RTE_MIN(left, 65535u);
		uint8_t *at = vhost_mem_at(t->mem, gpa, &n);

		if (!at)
			return VHOST_FAULT_ADDRESS;
		if (pieces->n == VHOST_PIECES)
			return VHOST_NO_ROOM;
		pieces->of[pieces->n++] = (struct pkt_piece){.at = at, .len = n};
		c->n++;
		c->len = c->len + n < c->len ? UINT32_MAX : c->len + n;
		gpa += n;
		left -= n;
	}
	return VHOST_OK;
}

/* An indirect table must lie in one piece: a descriptor across two regions is nothing a guest has.
 */
static enum vhost_fault table_at(const struct vhost_table *t, const struct desc *d,
				 const uint8_t **table, uint32_t *n)
{
	uint32_t len = d->len;

	if (!t->indirect)
		return VHOST_FAULT_INDIRECT;
	if (len == 0 || len % sizeof(struct vring_desc) != 0)
		return VHOST_FAULT_TABLE;
	if (len / sizeof(struct vring_desc) > VHOST_CHAIN_MAX)
		return VHOST_FAULT_LENGTH;
	*table = vhost_mem_at(t->mem, d->addr, &len);
	if (!*table || len != d->len)
		return VHOST_FAULT_ADDRESS;
	*n = len / sizeof(struct vring_desc);
	return VHOST_OK;
}

static enum vhost_fault indirect_split(const struct vhost_table *t, const struct desc *at,
				       struct vhost_pieces *pieces, struct vhost_chain *c)
{
	const uint8_t *table;
	uint32_t n, i = 0;
	enum vhost_fault fault = table_at(t, at, &table, &n);

	if (fault)
		return fault;
	for (uint32_t seen = 0; seen < n; seen++) {
		struct desc d = read_split(table, i);

		if (d.flags & VRING_DESC_F_INDIRECT)
			return VHOST_FAULT_NESTED;
		fault = append(t, &d, pieces, c);
		if (fault || !(d.flags & VRING_DESC_F_NEXT))
			return fault;
		if (d.next >= n)
			return VHOST_FAULT_NEXT;
		i = d.next;
	}
	return VHOST_FAULT_LOOP;
}

/* In a packed ring the whole table is the chain, in its order (virtio 1.2, 2.8.7). */
static enum vhost_fault indirect_packed(const struct vhost_table *t, const struct desc *at,
					struct vhost_pieces *pieces, struct vhost_chain *c)
{
	const uint8_t *table;
	uint32_t n = 0;
	enum vhost_fault fault = table_at(t, at, &table, &n);

	for (uint32_t i = 0; i < n && !fault; i++) {
		struct desc d = read_packed(table, i);

		if (d.flags & VRING_DESC_F_INDIRECT)
			return VHOST_FAULT_NESTED;
		/* DPDK's virtio driver says of all of them that they are to be written. To read
		 * from such a buffer does no harm. */
		if (!t->write)
			d.flags &= (uint16_t)~VRING_DESC_F_WRITE;
		fault = append(t, &d, pieces, c);
	}
	return fault;
}

static enum vhost_fault walk_split(const struct vhost_table *t, uint16_t head,
				   struct vhost_pieces *pieces, struct vhost_chain *c)
{
	uint16_t i = head;

	if (head >= t->size)
		return VHOST_FAULT_HEAD;
	for (uint32_t seen = 0; seen < t->size; seen++) {
		struct desc d = read_split(t->desc, i);
		enum vhost_fault fault;

		if (seen == VHOST_CHAIN_MAX)
			return VHOST_FAULT_LENGTH;
		if (d.flags & VRING_DESC_F_INDIRECT)
			return d.flags & VRING_DESC_F_NEXT ? VHOST_FAULT_NESTED
							   : indirect_split(t, &d, pieces, c);
		fault = append(t, &d, pieces, c);
		if (fault || !(d.flags & VRING_DESC_F_NEXT))
			return fault;
		if (d.next >= t->size)
			return VHOST_FAULT_NEXT;
		i = d.next;
	}
	return VHOST_FAULT_LOOP;
}

static enum vhost_fault walk_packed(const struct vhost_table *t, uint16_t at,
				    struct vhost_pieces *pieces, struct vhost_chain *c)
{
	for (uint32_t seen = 0; seen < t->size; seen++) {
		struct desc d = read_packed(t->desc, at);
		enum vhost_fault fault;

		if (seen == VHOST_CHAIN_MAX)
			return VHOST_FAULT_LENGTH;
		c->slots++;
		c->id = d.next;
		if (d.flags & VRING_DESC_F_INDIRECT)
			return d.flags & VRING_DESC_F_NEXT ? VHOST_FAULT_NESTED
							   : indirect_packed(t, &d, pieces, c);
		fault = append(t, &d, pieces, c);
		if (fault || !(d.flags & VRING_DESC_F_NEXT))
			return fault;
		at = at + 1 == t->size ? 0 : at + 1;
	}
	return VHOST_FAULT_LOOP;
}

enum vhost_fault vhost_chain_split(const struct vhost_table *t, uint16_t head,
				   struct vhost_pieces *pieces, struct vhost_chain *c)
{
	uint32_t n = pieces->n;
	enum vhost_fault fault;

	*c = (struct vhost_chain){.piece = n, .id = head, .slots = 1};
	fault = walk_split(t, head, pieces, c);
	if (fault)
		pieces->n = n;
	return fault;
}

enum vhost_fault vhost_chain_packed(const struct vhost_table *t, uint16_t at,
				    struct vhost_pieces *pieces, struct vhost_chain *c)
{
	uint32_t n = pieces->n;
	enum vhost_fault fault;

	*c = (struct vhost_chain){.piece = n};
	fault = walk_packed(t, at, pieces, c);
	if (!fault && c->id >= t->size)
		fault = VHOST_FAULT_HEAD;
	if (fault)
		pieces->n = n;
	return fault;
}
