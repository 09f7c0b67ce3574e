/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where a ring stands whose back end was killed. The guest runs on meanwhile.
 *
 * Split (virtio 1.2, 2.7): back ends for networks give buffers back in the order in which they were
 * made available, so what was not given back is what the available ring has from the used index on.
 *
 * Packed (2.8): nothing in the ring is a counter; each slot has two bits, AVAIL and USED. The
 * driver writes slots in a circle and inverts AVAIL in each round, so the slots' AVAIL bits tell
 * where it writes next: there the oldest slot is, and from there on they are ordered by age. A slot
 * whose two bits are equal was given back ("done"). As buffers are given back in order, the place
 * looked for is behind the last done slot. Two things remain open:
 *
 * - A buffer of several slots is marked done in its first; those behind it look as if they were
 * still available. Behind the last done slot, such a rest has the same buffer id. But the driver
 * may have used that id again already, for the very next buffer.
 * - A back end publishes a batch by writing its first slot last. Killed before that, it leaves
 * slots that are done behind one that is not: the driver waits for that one.
 *
 * Both are answered in the same way: the slot in question is marked done here, with no bytes
 * written. When it was a buffer, the driver gets it back, and what was in it is lost, as a frame
 * may be. When it was a rest, the driver does not look at it: it counts how many slots a buffer has
 * by itself. Either way the ring goes on behind it. A slot changes only if it is still as it was
 * seen, because the driver may be writing a new round there.
 */
#include "hv-core/vhost/front.h"

#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>
#include <stdlib.h>
#include <unistd.h>

#define AVAIL (1u << VRING_PACKED_DESC_F_AVAIL)
#define USED  (1u << VRING_PACKED_DESC_F_USED)
#define TRIES 16

/* The second half of a descriptor, read and changed as one. */
union slot {
	uint64_t word;
	struct {
		uint32_t len;
		uint16_t id, flags;
	};
};
_Static_assert(sizeof(union slot) == 8 && sizeof(struct vring_packed_desc) == 16, "2.8.13");

struct scan {
	uint8_t *desc;
	unsigned int size;
	unsigned int oldest; /* where the driver writes next */
	union slot *slot;    /* as they were seen */
};

static uint64_t *word_of(const struct scan *s, unsigned int i)
{
	return (uint64_t *)(void *)(s->desc + i * sizeof(struct vring_packed_desc) + 8);
}

/* The k-th by age. */
static unsigned int place(const struct scan *s, unsigned int k)
{
	return (s->oldest + k) % s->size;
}

static const union slot *aged(const struct scan *s, unsigned int k)
{
	return &s->slot[place(s, k)];
}

static bool is_avail(uint16_t flags)
{
	return flags & AVAIL;
}

static bool is_done(const union slot *d)
{
	return is_avail(d->flags) == !!(d->flags & USED);
}

/* Reads all slots, twice alike: then the driver wrote none of them meanwhile. */
static bool look(struct scan *s)
{
	for (unsigned int i = 0; i < s->size; i++)
		s->slot[i].word = __atomic_load_n(word_of(s, i), __ATOMIC_ACQUIRE);
	for (unsigned int i = 0; i < s->size; i++)
		if (s->slot[i].word != __atomic_load_n(word_of(s, i), __ATOMIC_ACQUIRE))
			return false;
	return true;
}

/* Where AVAIL changes; it may change once only, else the driver is in the middle of a buffer. */
static bool find_oldest(struct scan *s)
{
	bool first = is_avail(s->slot[0].flags);
	unsigned int i = 1;

	while (i < s->size && is_avail(s->slot[i].flags) == first)
		i++;
	s->oldest = i % s->size;
	while (i < s->size && is_avail(s->slot[i].flags) != first)
		i++;
	return i == s->size;
}

/* How many slots the buffer has that begins at age k, up to `end`; 0: none that makes sense. */
static unsigned int buffer_slots(const struct scan *s, unsigned int k, unsigned int end)
{
	for (unsigned int n = 1; k + n <= end; n++) {
		const union slot *d = aged(s, k + n - 1);

		if (is_done(d))
			return 0;
		if (!(d->flags & VRING_DESC_F_NEXT))
			return n;
	}
	return 0;
}

/* Marks it done. False: the driver changed it. */
static bool give_back(const struct scan *s, unsigned int k, unsigned int slots)
{
	union slot was = *aged(s, k), now = {.id = aged(s, k + slots - 1)->id};

	now.flags = (uint16_t)((was.flags & VRING_DESC_F_WRITE) |
			       (is_avail(was.flags) ? AVAIL | USED : 0));
	now.len = was.flags & VRING_DESC_F_WRITE ? 0 : was.len;
	return __atomic_compare_exchange_n(word_of(s, place(s, k)), &was.word, now.word, false,
					   __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

static int base_at(const struct scan *s, unsigned int k, struct hv_vu_ring *ring)
{
	unsigned int at = place(s, k);
	bool wrap = is_avail(s->slot[at].flags);

	/* All is done: the driver's next slot, which still shows the round before. */
	if (k == s->size)
		wrap = !wrap;
	ring->packed_base = (at | (wrap ? 0x8000u : 0)) * 0x10001u;
	return 0;
}

/* 0, -EAGAIN, -ENOTRECOVERABLE. */
static int settle(struct scan *s, struct hv_vu_ring *ring)
{
	unsigned int end = 0, k = 0, n;

	if (!look(s) || !find_oldest(s))
		return -EAGAIN;
	for (unsigned int i = 0; i < s->size; i++)
		if (is_done(aged(s, i)))
			end = i + 1; /* behind the last that is done */
	while (k < end) {
		if (is_done(aged(s, k))) {
			k++;
			continue;
		}
		n = buffer_slots(s, k, end);
		if (n == 0)
			return -ENOTRECOVERABLE;
		if (!give_back(s, k, n))
			return -EAGAIN;
		k += n;
	}
	if (end == s->size)
		return base_at(s, end, ring);
	n = buffer_slots(s, end, s->size);
	if (n == 0)
		return -ENOTRECOVERABLE;
	if (end > 0 && aged(s, end + n - 1)->id != aged(s, end - 1)->id)
		return base_at(s, end, ring);
	if (!give_back(s, end, n))
		return -EAGAIN;
	return base_at(s, end + n, ring);
}

static int recover_packed(struct hv_vu_ring *ring, struct err *e)
{
	struct scan s = {.desc = ring->desc, .size = ring->size};
	int ret = -EAGAIN;

	s.slot = calloc(s.size, sizeof(*s.slot));
	if (!s.slot)
		return err_set(e, -ENOMEM, "out of memory");
	for (int i = 0; i < TRIES && ret == -EAGAIN; i++)
		ret = settle(&s, ring);
	free(s.slot);
	if (ret == -EAGAIN)
		return err_set(e, ret, "the driver keeps changing the ring");
	if (ret != 0)
		return err_set(e, ret,
			       "the packed ring does not say how far the back end was; the driver "
			       "must begin anew");
	return 0;
}

int hv_vu_recover(uint64_t features, struct hv_vu_ring *ring, struct err *e)
{
	const uint64_t one = 1;
	int ret = 0;

	if (features & 1ull << VIRTIO_F_RING_PACKED) {
		ret = recover_packed(ring, e);
	} else {
		struct vring_used *used = ring->device;

		ring->base = __atomic_load_n(&used->idx, __ATOMIC_ACQUIRE);
	}
	/* What was given back last was perhaps not told. */
	if (ret == 0 && ring->call_fd >= 0 && write(ring->call_fd, &one, sizeof(one)) < 0)
		return 0; /* full: the driver is interrupted already */
	return ret;
}
