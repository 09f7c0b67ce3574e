/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/machine/bus.h"

#include <stdlib.h>
#include <string.h>

struct range {
	uint64_t base, bytes;
	const struct hv_io_ops *ops;
	void *self;
	pthread_mutex_t *lock;
	const char *name;
};

struct hv_bus {
	pthread_rwlock_t lock; /* of the table, never held while a device is called */
	unsigned int n, room;
	struct range *range; /* by base, none overlaps another */
};

struct hv_bus *hv_bus_new(void)
{
	struct hv_bus *b = calloc(1, sizeof(*b));

	if (b)
		pthread_rwlock_init(&b->lock, NULL);
	return b;
}

void hv_bus_free(struct hv_bus *b)
{
	if (!b)
		return;
	pthread_rwlock_destroy(&b->lock);
	free(b->range);
	free(b);
}

/* How many ranges begin at or below the address. */
static unsigned int up_to(const struct hv_bus *b, uint64_t addr)
{
	unsigned int low = 0, high = b->n;

	while (low < high) {
		unsigned int mid = (low + high) / 2;

		if (b->range[mid].base <= addr)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static int insert(struct hv_bus *b, const struct range *r, struct err *e)
{
	unsigned int at = up_to(b, r->base);
	const struct range *other = NULL;

	if (at && r->base - b->range[at - 1].base < b->range[at - 1].bytes)
		other = &b->range[at - 1];
	else if (at < b->n && b->range[at].base - r->base < r->bytes)
		other = &b->range[at];
	if (other)
		return err_set(e, -EEXIST, "%s at %#llx would lie over %s at %#llx", r->name,
			       (unsigned long long)r->base, other->name,
			       (unsigned long long)other->base);
	if (b->n == b->room) {
		unsigned int room = b->room ? 2 * b->room : 16;
		struct range *grown = realloc(b->range, room * sizeof(*grown));

		if (!grown)
			return err_set(e, -ENOMEM, "out of memory");
		b->range = grown;
		b->room = room;
	}
	memmove(&b->range[at + 1], &b->range[at], (b->n - at) * sizeof(*b->range));
	b->range[at] = *r;
	b->n++;
	return 0;
}

int hv_bus_add(struct hv_bus *b, uint64_t base, uint64_t bytes, const struct hv_io_ops *ops,
	       void *self, pthread_mutex_t *lock, const char *name, struct err *e)
{
	const struct range r = {base, bytes, ops, self, lock, name};

	if (!bytes || base + (bytes - 1) < base)
		return err_set(e, -EINVAL, "%s: a range of %llu bytes at %#llx wraps", name,
			       (unsigned long long)bytes, (unsigned long long)base);
	pthread_rwlock_wrlock(&b->lock);
	int rc = insert(b, &r, e);
	pthread_rwlock_unlock(&b->lock);
	return rc;
}

void hv_bus_del(struct hv_bus *b, uint64_t base, void *self)
{
	pthread_rwlock_wrlock(&b->lock);
	unsigned int at = up_to(b, base);
	if (at && b->range[at - 1].base == base && b->range[at - 1].self == self) {
		memmove(&b->range[at - 1], &b->range[at], (b->n - at) * sizeof(*b->range));
		b->n--;
	}
	pthread_rwlock_unlock(&b->lock);
}

static bool find(struct hv_bus *b, uint64_t addr, unsigned int len, struct range *r)
{
	bool found = false;

	pthread_rwlock_rdlock(&b->lock);
	unsigned int at = up_to(b, addr);
	if (at) {
		*r = b->range[at - 1];
		found = addr - r->base < r->bytes && len <= r->bytes - (addr - r->base);
	}
	pthread_rwlock_unlock(&b->lock);
	return found;
}

bool hv_bus_read(struct hv_bus *b, uint64_t addr, unsigned int len, uint64_t *value)
{
	struct range r;

	*value = UINT64_MAX >> (64 - 8 * len);
	if (!find(b, addr, len, &r))
		return false;
	if (r.lock)
		pthread_mutex_lock(r.lock);
	*value &= r.ops->read(r.self, addr - r.base, len);
	if (r.lock)
		pthread_mutex_unlock(r.lock);
	return true;
}

bool hv_bus_write(struct hv_bus *b, uint64_t addr, unsigned int len, uint64_t value)
{
	struct range r;

	if (!find(b, addr, len, &r))
		return false;
	if (r.lock)
		pthread_mutex_lock(r.lock);
	r.ops->write(r.self, addr - r.base, len, value);
	if (r.lock)
		pthread_mutex_unlock(r.lock);
	return true;
}
