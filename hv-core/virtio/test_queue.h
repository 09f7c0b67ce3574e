/* SPDX-License-Identifier: BSD-3-Clause */
/* For tests only: a queue of ours and a driver that talks to it. */
#ifndef HV_CORE_VIRTIO_TEST_QUEUE_H
#define HV_CORE_VIRTIO_TEST_QUEUE_H

#include "hv-core/virtio/test_driver.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define BOTH (1ull << VIRTIO_RING_F_INDIRECT_DESC | 1ull << VIRTIO_RING_F_EVENT_IDX)
#define IOV  DRV_SIZE

struct rig {
	struct drv d;
	struct hv_vq q;
	struct iovec iov[IOV];
	struct hv_vq_chain c;
};

static inline void set_up(struct rig *r, unsigned int size, bool packed, uint64_t features)
{
	drv_init(&r->d, size, packed);
	assert_int_equal(hv_vq_init(&r->q, &r->d.mem, &r->d.vq,
				    features | (packed ? 1ull << VIRTIO_F_RING_PACKED : 0)),
			 0);
	r->c = (struct hv_vq_chain){.iov = r->iov, .iov_max = IOV};
}

static inline int setup(void **state)
{
	*state = calloc(1, sizeof(struct rig));
	return 0;
}

static inline int teardown(void **state)
{
	free(((struct rig *)*state)->d.bytes);
	free(*state);
	return 0;
}

static inline void must_be(const struct rig *r, const struct hv_vq_chain *c,
			   const struct drv_buf *b, unsigned int n)
{
	unsigned int out = 0;

	assert_int_equal(c->out_n + c->in_n, n);
	for (unsigned int i = 0; i < n; i++) {
		assert_ptr_equal(c->iov[i].iov_base, r->d.bytes + b[i].addr);
		assert_int_equal(c->iov[i].iov_len, b[i].len);
		out += !b[i].write;
	}
	assert_int_equal(c->out_n, out);
}

static const struct drv_buf one = {DRV_DATA, 64, false};

static inline void pass(struct rig *r, unsigned int n)
{
	unsigned int id;
	uint32_t len;

	while (n--) {
		drv_add(&r->d, &one, 1, false);
		assert_int_equal(hv_vq_pop(&r->q, &r->c), 1);
		hv_vq_push(&r->q, &r->c, 0);
		assert_true(drv_used(&r->d, &id, &len));
	}
}

#endif
