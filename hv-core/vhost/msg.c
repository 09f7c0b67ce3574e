/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/vhost/msg.h"

#include <string.h>

/* Payloads (vhost-user, "Message Specification"). */
struct state {
	uint32_t index, num;
};

struct addr {
	uint32_t index, flags;
	uint64_t desc, used, avail, log;
};
_Static_assert(sizeof(struct addr) == 40, "\"A vring address description\"");

struct region {
	uint64_t gpa, bytes, user, offset;
};

struct regions {
	uint32_t n, padding;
	struct region region[HV_VU_REGIONS];
};
_Static_assert(sizeof(struct regions) == 264, "\"Multiple Memory regions description\"");
_Static_assert(sizeof(struct regions) <= HV_VU_PAYLOAD, "fits");

struct log {
	uint64_t bytes, offset;
};

struct config {
	uint32_t offset, size, flags;
};
_Static_assert(sizeof(struct config) == 12, "\"Virtio device config space\"");

#define VRING_F_LOG 1u

static void put(struct hv_vu_msg *m, enum hv_vu_request r, const void *payload, uint32_t bytes)
{
	m->request = r;
	m->flags = HV_VU_VERSION;
	m->size = bytes;
	if (bytes > 0)
		memcpy(m->payload, payload, bytes);
}

void hv_vu_msg_empty(struct hv_vu_msg *m, enum hv_vu_request r)
{
	put(m, r, NULL, 0);
}

void hv_vu_msg_u64(struct hv_vu_msg *m, enum hv_vu_request r, uint64_t v)
{
	put(m, r, &v, sizeof(v));
}

void hv_vu_msg_state(struct hv_vu_msg *m, enum hv_vu_request r, uint32_t ring, uint32_t num)
{
	const struct state s = {.index = ring, .num = num};

	put(m, r, &s, sizeof(s));
}

void hv_vu_msg_addr(struct hv_vu_msg *m, uint32_t ring, const struct hv_vu_ring *v,
		    uint64_t log_gpa)
{
	const struct addr a = {
		.index = ring,
		.flags = log_gpa ? VRING_F_LOG : 0,
		.desc = (uintptr_t)v->desc,
		.used = (uintptr_t)v->device,
		.avail = (uintptr_t)v->driver,
		.log = log_gpa,
	};

	put(m, HV_VU_SET_VRING_ADDR, &a, sizeof(a));
}

void hv_vu_msg_regions(struct hv_vu_msg *m, const struct hv_vu_region *region, unsigned int n)
{
	struct regions t = {.n = n};

	for (unsigned int i = 0; i < n; i++)
		t.region[i] = (struct region){.gpa = region[i].gpa,
					      .bytes = region[i].bytes,
					      .user = (uintptr_t)region[i].host,
					      .offset = region[i].offset};
	put(m, HV_VU_SET_MEM_TABLE, &t,
	    (uint32_t)(offsetof(struct regions, region) + n * sizeof(t.region[0])));
}

void hv_vu_msg_log(struct hv_vu_msg *m, uint64_t bytes)
{
	const struct log l = {.bytes = bytes};

	put(m, HV_VU_SET_LOG_BASE, &l, sizeof(l));
}

void hv_vu_msg_record(struct hv_vu_msg *m, enum hv_vu_request r, const struct hv_vu_record *rec)
{
	/* The last four bytes are padding of the struct, and rte_vhost wants them, too. */
	put(m, r, rec, sizeof(*rec));
}
_Static_assert(sizeof(struct hv_vu_record) == 24, "\"Inflight description\"");

void hv_vu_msg_config(struct hv_vu_msg *m, uint32_t offset, uint32_t bytes)
{
	const struct config c = {.offset = offset, .size = bytes};

	/* The request has as much room after its header as the answer will fill. */
	put(m, HV_VU_GET_CONFIG, &c, sizeof(c));
	memset(m->payload + sizeof(c), 0, bytes);
	m->size += bytes;
}

int hv_vu_header_check(const struct hv_vu_msg *m, struct err *e)
{
	if ((m->flags & 0x3) != HV_VU_VERSION)
		return err_set(e, -EPROTO, "it speaks version %u of vhost-user", m->flags & 0x3);
	if (m->size > HV_VU_PAYLOAD)
		return err_set(e, -EPROTO, "it sent a message of %u bytes", m->size);
	return 0;
}

/* Is it the answer to r, of that size and with so many descriptors? */
static int is_reply(const struct hv_vu_msg *m, enum hv_vu_request r, uint32_t size,
		    unsigned int n_fds, unsigned int fds_wanted, struct err *e)
{
	if (!(m->flags & HV_VU_REPLY) || m->request != (uint32_t)r)
		return err_set(e, -EPROTO, "it sent message %u%s where the answer to %u was due",
			       m->request, m->flags & HV_VU_REPLY ? "" : " (no answer)", r);
	if (m->size != size)
		return err_set(e, -EPROTO, "its answer to %u has %u bytes instead of %u", r,
			       m->size, size);
	if (n_fds != fds_wanted)
		return err_set(e, -EPROTO, "its answer to %u came with %u descriptors", r, n_fds);
	return 0;
}

int hv_vu_reply_u64(const struct hv_vu_msg *m, enum hv_vu_request r, unsigned int n_fds,
		    uint64_t *v, struct err *e)
{
	int ret = is_reply(m, r, sizeof(*v), n_fds, 0, e);

	if (ret == 0)
		memcpy(v, m->payload, sizeof(*v));
	return ret;
}

int hv_vu_reply_state(const struct hv_vu_msg *m, enum hv_vu_request r, unsigned int n_fds,
		      uint32_t ring, uint32_t *num, struct err *e)
{
	struct state s;
	int ret = is_reply(m, r, sizeof(s), n_fds, 0, e);

	if (ret != 0)
		return ret;
	memcpy(&s, m->payload, sizeof(s));
	if (s.index != ring)
		return err_set(e, -EPROTO, "it spoke of ring %u where ring %u was asked for",
			       s.index, ring);
	*num = s.num;
	return 0;
}

int hv_vu_reply_ack(const struct hv_vu_msg *m, enum hv_vu_request r, unsigned int n_fds,
		    struct err *e)
{
	uint64_t v = 0;
	int ret = hv_vu_reply_u64(m, r, n_fds, &v, e);

	if (ret == 0 && v != 0)
		ret = err_set(e, -EREMOTEIO, "it refused message %u", r);
	return ret;
}

int hv_vu_reply_log(const struct hv_vu_msg *m, unsigned int n_fds, struct err *e)
{
	if (m->size == 0)
		return is_reply(m, HV_VU_SET_LOG_BASE, 0, n_fds, 0, e);
	return hv_vu_reply_ack(m, HV_VU_SET_LOG_BASE, n_fds, e);
}

int hv_vu_reply_record(const struct hv_vu_msg *m, unsigned int n_fds,
		       const struct hv_vu_record *asked, struct hv_vu_record *rec, struct err *e)
{
	int ret = is_reply(m, HV_VU_GET_INFLIGHT_FD, sizeof(*rec), n_fds, 1, e);

	if (ret != 0)
		return ret;
	memcpy(rec, m->payload, sizeof(*rec));
	if (rec->bytes == 0 || rec->bytes > 64u << 20 || rec->offset > INT64_MAX - rec->bytes ||
	    rec->queues != asked->queues || rec->queue_size != asked->queue_size)
		return err_set(e, -EPROTO, "its record of buffers in flight is not what was asked");
	return 0;
}

int hv_vu_reply_config(const struct hv_vu_msg *m, unsigned int n_fds, uint32_t offset, void *to,
		       uint32_t bytes, struct err *e)
{
	struct config c;
	int ret = is_reply(m, HV_VU_GET_CONFIG, (uint32_t)sizeof(c) + bytes, n_fds, 0, e);

	if (ret != 0)
		return ret;
	memcpy(&c, m->payload, sizeof(c));
	if (c.offset != offset || c.size != bytes)
		return err_set(e, -EPROTO, "its configuration is not the part asked for");
	memcpy(to, m->payload + sizeof(c), bytes);
	return 0;
}

int hv_vu_back_check(const struct hv_vu_msg *m, unsigned int n_fds, bool *supported, struct err *e)
{
	int ret = hv_vu_header_check(m, e);

	if (ret != 0)
		return ret;
	if (m->flags & HV_VU_REPLY)
		return err_set(e, -EPROTO, "it answered on its own channel what nobody asked");
	*supported = m->request == HV_VU_BACK_CONFIG_CHANGE && n_fds == 0;
	return 0;
}

void hv_vu_back_answer(struct hv_vu_msg *m, bool done)
{
	const uint64_t v = done ? 0 : 1;

	m->flags = HV_VU_VERSION | HV_VU_REPLY;
	m->size = sizeof(v);
	memcpy(m->payload, &v, sizeof(v));
}
