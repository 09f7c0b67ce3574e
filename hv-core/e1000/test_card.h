/* SPDX-License-Identifier: BSD-3-Clause */
/* A card with a guest's memory, an interrupt line, a clock and a cable that a test holds in its
 * hands, and the few words a driver says to it. */
#ifndef HV_CORE_E1000_TEST_CARD_H
#define HV_CORE_E1000_TEST_CARD_H

#include "hv-core/e1000/card.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TEST_MEM    (1u << 20)
#define TEST_FRAMES 2048
#define TEST_TX	    0x10000u /* rings, and where buffers begin */
#define TEST_RX	    0x20000u
#define TEST_BUF    0x40000u

static const uint8_t test_mac[6] = {0x52, 0x54, 0x00, 0x12, 0x34, 0x56};

struct test_frame {
	struct virtio_net_hdr hdr;
	uint32_t bytes;
	uint8_t *data;
};

struct test_card {
	struct hv_e1000_card c;
	struct hv_mem mem;
	uint8_t *ram;
	struct test_frame sent[TEST_FRAMES], waiting[TEST_FRAMES];
	unsigned int sent_n, waiting_n, waiting_at;
	unsigned int room; /* frames the wire takes */
	unsigned int offloads;
	bool master, line;
	unsigned int raised, wakes;
	uint64_t now_ns, alarm_ns;
};

static inline bool test_send(void *self, const struct iovec *iov, unsigned int n,
			     const struct virtio_net_hdr *hdr)
{
	struct test_card *t = self;

	if (t->room == 0 || t->sent_n == TEST_FRAMES)
		return false;
	struct test_frame *f = &t->sent[t->sent_n++];
	t->room--;
	f->hdr = *hdr;
	f->bytes = 0;
	for (unsigned int i = 0; i < n; i++)
		f->bytes += (uint32_t)iov[i].iov_len;
	f->data = malloc(f->bytes ? f->bytes : 1);
	for (unsigned int i = 0, at = 0; i < n; at += (unsigned int)iov[i].iov_len, i++)
		memcpy(f->data + at, iov[i].iov_base, iov[i].iov_len);
	return true;
}

/* In pieces of 300 bytes, so that borders lie everywhere. */
static inline bool test_peek(void *self, struct hv_link_frame *f)
{
	const struct test_card *t = self;

	if (t->waiting_at == t->waiting_n)
		return false;
	const struct test_frame *w = &t->waiting[t->waiting_at];
	uint32_t piece = w->bytes > 3000 ? 2048 : 300;
	memset(f, 0, sizeof(*f));
	f->hdr = w->hdr;
	f->bytes = w->bytes;
	for (uint32_t at = 0; at < w->bytes; at += piece)
		f->iov[f->n++] =
			(struct iovec){w->data + at, w->bytes - at < piece ? w->bytes - at : piece};
	return true;
}

static inline void test_drop(void *self)
{
	((struct test_card *)self)->waiting_at++;
}

static inline unsigned int test_offloads(void *self)
{
	return ((struct test_card *)self)->offloads;
}

static inline bool test_master(void *self)
{
	return ((struct test_card *)self)->master;
}

static inline void test_line(void *self, bool on)
{
	struct test_card *t = self;

	t->line = on;
	t->raised += on;
}

static inline void test_wake(void *self)
{
	((struct test_card *)self)->wakes++;
}

static inline void test_alarm(void *self, uint64_t at_ns)
{
	((struct test_card *)self)->alarm_ns = at_ns;
}

static inline uint64_t test_now(void *self)
{
	return ((struct test_card *)self)->now_ns;
}

static inline void test_card_init(struct test_card *t)
{
	static const struct hv_e1000_wire_ops wire = {test_send, test_peek, test_drop,
						      test_offloads};
	struct hv_e1000_env env = {.mem = &t->mem,
				   .wire = &wire,
				   .wire_self = t,
				   .self = t,
				   .master = test_master,
				   .line = test_line,
				   .wake = test_wake,
				   .alarm = test_alarm,
				   .now_ns = test_now};

	memset(t, 0, sizeof(*t));
	t->ram = calloc(1, TEST_MEM);
	t->mem = (struct hv_mem){.fd = -1, .bytes = TEST_MEM, .page_bytes = 4096, .n = 1};
	t->mem.region[0] = (struct hv_mem_region){0, TEST_MEM, 0, t->ram};
	t->master = true;
	t->room = TEST_FRAMES;
	hv_e1000_card_init(&t->c, &env, test_mac);
	hv_e1000_set_cable(&t->c, true);
}

static inline void test_forget(struct test_card *t)
{
	for (unsigned int i = 0; i < t->sent_n; i++)
		free(t->sent[i].data);
	for (unsigned int i = 0; i < t->waiting_n; i++)
		free(t->waiting[i].data);
	t->sent_n = t->waiting_n = t->waiting_at = 0;
}

static inline void test_card_free(struct test_card *t)
{
	test_forget(t);
	free(t->ram);
}

static inline uint32_t rd(struct test_card *t, uint32_t reg)
{
	return (uint32_t)hv_e1000_mem_read(&t->c, reg, 4);
}

static inline void wr(struct test_card *t, uint32_t reg, uint32_t v)
{
	hv_e1000_mem_write(&t->c, reg, 4, v);
}

static inline uint64_t *test_u64(struct test_card *t, uint64_t gpa)
{
	return (uint64_t *)(void *)(t->ram + gpa);
}

static inline void put_desc(struct test_card *t, uint32_t ring, uint32_t i, uint64_t low,
			    uint64_t high)
{
	test_u64(t, ring + 16 * i)[0] = low;
	test_u64(t, ring + 16 * i)[1] = high;
}

static inline uint64_t desc_high(struct test_card *t, uint32_t ring, uint32_t i)
{
	return test_u64(t, ring + 16 * i)[1];
}

/* As e1000_configure_tx() and _rx() do. */
static inline void start_tx(struct test_card *t, uint32_t descriptors)
{
	wr(t, E1000_TDLEN, descriptors * 16);
	wr(t, E1000_TDBAH, 0);
	wr(t, E1000_TDBAL, TEST_TX);
	wr(t, E1000_TDT, 0);
	wr(t, E1000_TDH, 0);
	wr(t, E1000_TCTL, E1000_TCTL_EN | E1000_TCTL_PSP);
}

static inline void start_rx(struct test_card *t, uint32_t descriptors, uint32_t size, uint32_t rctl)
{
	wr(t, E1000_RDLEN, descriptors * 16);
	wr(t, E1000_RDBAH, 0);
	wr(t, E1000_RDBAL, TEST_RX);
	wr(t, E1000_RDT, 0);
	wr(t, E1000_RDH, 0);
	for (uint32_t i = 0; i < descriptors; i++)
		put_desc(t, TEST_RX, i, TEST_BUF + (uint64_t)i * size, 0);
	wr(t, E1000_RCTL, E1000_RCTL_EN | E1000_RCTL_BAM | rctl);
}

/* What the card's thread does. */
static inline void run(struct test_card *t)
{
	for (bool more = true; more;) {
		more = hv_e1000_tx_step(&t->c);
		more |= hv_e1000_rx_step(&t->c);
	}
	hv_e1000_raise_gathered(&t->c);
}

static inline struct test_frame *arrive(struct test_card *t, const void *data, uint32_t bytes)
{
	struct test_frame *f = &t->waiting[t->waiting_n++];

	memset(&f->hdr, 0, sizeof(f->hdr));
	f->bytes = bytes;
	f->data = malloc(bytes ? bytes : 1);
	memcpy(f->data, data, bytes);
	return f;
}

/* The plainest checksum there is: 16 bits at a time, big-endian. */
static inline uint16_t plain_sum(const uint8_t *p, size_t len, uint32_t sum)
{
	for (size_t i = 0; i < len; i++)
		sum += i & 1 ? p[i] : (uint32_t)p[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

static inline uint16_t be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline void to_be16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* Ethernet, IPv4 and TCP headers (54 bytes) with payload of a counting pattern. As the Linux stack
 * has them before offloads: no IP length or sum where unit, the pseudo-header's sum in TCP's
 * field. */
static inline uint32_t make_tcp4(uint8_t *f, uint32_t payload, bool unit)
{
	static const uint8_t head[54] = {0x02, 0,    0,	   0,	 0,    1,    0x52, 0x54, 0,
					 0x12, 0x34, 0x56, 8,	 0, /* Ethernet */
					 0x45, 0,    0,	   0,	 0x12, 0x34, 0x40, 0,	 64,
					 6,    0,    0,	   10,	 0,    0,    1,	   10,	 0,
					 0,    2,    0x30, 0x39, 0,    80,   0x01, 0x02, 0x03,
					 0x04, 0,    0,	   0,	 9,    0x50, 0x19, 0x20, 0,
					 0,    0,    0,	   0}; /* FIN, PSH, ACK */
	uint8_t proto[2] = {0, 6};

	memcpy(f, head, sizeof(head));
	for (uint32_t i = 0; i < payload; i++)
		f[54 + i] = (uint8_t)(i * 7 + i / 251);
	uint16_t sum = plain_sum(f + 26, 8, plain_sum(proto, 2, unit ? 0 : 20 + payload));
	to_be16(f + 50, sum);
	if (!unit) {
		to_be16(f + 16, 40 + payload);
		to_be16(f + 24, (uint16_t)~plain_sum(f + 14, 20, 0));
	}
	return 54 + payload;
}

/* Are the lengths and both checksums of this frame right? */
static inline bool tcp4_holds(const uint8_t *f, uint32_t bytes)
{
	uint8_t tail[4] = {0, 6, 0, 0};

	if (be16(f + 16) != bytes - 14)
		return false;
	to_be16(tail + 2, bytes - 34);
	return plain_sum(f + 14, 20, 0) == 0xffff &&
	       plain_sum(f + 34, bytes - 34, plain_sum(tail, 4, plain_sum(f + 26, 8, 0))) == 0xffff;
}

#endif
