/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * hv_vu_frames: two network cards without a guest. Each is memory, a receive ring and a transmit
 * ring that a driver in this process works, and the front end that hands them to a switch. What
 * one sends, the other must get, byte by byte; the switch may be killed at any time.
 *
 *	hv_vu_frames [-p] [-l] SOCKET SOCKET
 *		-p: packed rings; -l: listens, does not connect
 *
 * Writes a line whenever something changed: "received A B lost-connection N". SIGTERM: sends no
 * more, stops the rings, looks whether they stand where they must, and ends with 0.
 */
#include "hv-core/vhost/front.h"
#include "hv-core/vhost/sock.h"
#include "hv-core/vhost/test_driver.h"

#include "base/log.h"

#include <linux/virtio_config.h>
#include <linux/virtio_net.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
	SIZE = 256,
	BUFFER = 2048,
	HEAD = sizeof(struct virtio_net_hdr_mrg_rxbuf),
	MEMORY = 8 << 20,
	RING_BYTES = 64 << 10,
	DATA_AT = 2 * RING_BYTES,
	ETHER = 14,
	SHORTEST = 60,
	LONGEST = 1514,
};
#define GPA 0x100000ull

struct card {
	struct hv_vu *vu;
	unsigned int n;
	uint8_t *memory;
	int fd;
	struct driver driver[2]; /* receive, transmit */
	struct hv_vu_ring ring[2];
	bool started;
	uint64_t sent, received, seen; /* seen: the highest number received, plus one */
	uint64_t lost;
};

static struct card card[2];
static uint64_t features = 1ull << VIRTIO_F_VERSION_1 | 1ull << VIRTIO_NET_F_MRG_RXBUF;
static volatile sig_atomic_t ending;

static void die(const char *what)
{
	fprintf(stderr, "hv_vu_frames: %s\n", what);
	exit(1);
}

static uint64_t buffer_gpa(unsigned int ring, uint16_t i)
{
	return GPA + DATA_AT + ((uint64_t)ring * SIZE + i) * BUFFER;
}

static uint8_t *at(const struct card *c, uint64_t gpa)
{
	return c->memory + (gpa - GPA);
}

static uint32_t mix(uint64_t x)
{
	x = (x ^ x >> 31) * 0x9e3779b97f4a7c15ull;
	return (uint32_t)(x >> 32);
}

/* Frame number `seq` of card `from`; its bytes follow from the number. */
static uint32_t frame(uint8_t *p, unsigned int from, uint64_t seq)
{
	uint32_t len = SHORTEST + mix(seq * 2 + from) % (LONGEST - SHORTEST + 1);
	const uint8_t to_mac[6] = {2, 0, 0, 0, 0, (uint8_t)(2 - from)};
	const uint8_t from_mac[6] = {2, 0, 0, 0, 0, (uint8_t)(1 + from)};

	memcpy(p, to_mac, 6);
	memcpy(p + 6, from_mac, 6);
	p[12] = 0x88;
	p[13] = 0xb5;
	memcpy(p + ETHER, &seq, sizeof(seq));
	for (uint32_t i = ETHER + 8; i < len; i++)
		p[i] = (uint8_t)(seq * 31 + i * 7 + from);
	return len;
}

static void post_receive(struct card *c)
{
	uint16_t n = 0;

	while (c->driver[0].slots_free > 0) {
		/* A buffer is where its id says, which is known before: the next one of this ring.
		 */
		uint16_t id = c->driver[0].packed
				      ? c->driver[0].id[(c->driver[0].id_first +
							 (unsigned int)c->driver[0].ids - 1) %
							SIZE]
				      : c->driver[0].free_head;
		struct driver_part part = {buffer_gpa(0, id), BUFFER};

		if (driver_add(&c->driver[0], &part, 1, true) < 0)
			break;
		n++;
	}
	if (n > 0)
		eventfd_write(c->ring[0].kick_fd, 1);
}

static void check(struct card *c, const uint8_t *p, uint32_t len)
{
	static uint8_t want[BUFFER];
	uint64_t seq;
	uint32_t n;

	if (len == 0)
		return; /* given back by us when the switch was killed */
	if (len < HEAD + SHORTEST)
		die("a frame too short");
	if (p[HEAD + 12] != 0x88 || p[HEAD + 13] != 0xb5)
		return; /* the switch's own, as an announcement */
	memcpy(&seq, p + HEAD + ETHER, sizeof(seq));
	n = frame(want, 1 - c->n, seq);
	if (len != HEAD + n || memcmp(p + HEAD, want, n) != 0)
		die("a frame is not what was sent");
	if (seq + 1 > c->seen)
		c->seen = seq + 1;
	c->received++;
}

static void receive(struct card *c)
{
	uint16_t id;
	uint32_t len;

	while (driver_get(&c->driver[0], &id, &len))
		check(c, at(c, buffer_gpa(0, id)), len);
	post_receive(c);
}

static void send_some(struct card *c)
{
	struct driver *d = &c->driver[1];
	bool any = false;
	uint16_t id;
	uint32_t len;

	while (driver_get(d, &id, &len))
		;
	for (int i = 0; i < 32 && !ending; i++) {
		uint64_t gpa = buffer_gpa(1, (uint16_t)(c->sent % SIZE));
		uint32_t bytes;
		struct driver_part part[2];
		uint16_t parts = mix(c->sent) & 1 ? 2 : 1;

		/* The place is free when its last buffer is: at most half of the slots are used. */
		if (d->slots_free < SIZE / 2)
			break;
		memset(at(c, gpa), 0, HEAD);
		bytes = frame(at(c, gpa) + HEAD, c->n, c->sent);
		part[0] = (struct driver_part){gpa, parts == 2 ? HEAD : HEAD + bytes};
		part[1] = (struct driver_part){gpa + HEAD, bytes};
		if (driver_add(d, part, parts, false) < 0)
			break;
		c->sent++;
		any = true;
	}
	if (any)
		eventfd_write(c->ring[1].kick_fd, 1);
}

static void connected(void *self)
{
	struct card *c = self;
	const struct hv_vu_region region = {
		.gpa = GPA, .bytes = MEMORY, .host = c->memory, .fd = c->fd};
	struct err e;

	c->started = hv_vu_start(c->vu, features, &region, 1, c->ring, 2, &e) == 0;
	if (!c->started)
		log_warn("card %u: %s", c->n, e.text);
}

static void lost(void *self, const char *why)
{
	struct card *c = self;
	struct err e;

	if (c->started)
		c->lost++;
	for (int i = 0; i < 2 && c->started; i++)
		if (hv_vu_recover(features, &c->ring[i], &e) != 0)
			die(e.text);
	c->started = false;
}

static const struct hv_vu_ops ops = {.connected = connected, .lost = lost};

static void card_open(struct event_base *loop, unsigned int n, const char *path,
		      enum hv_vu_mode mode, bool packed)
{
	struct card *c = &card[n];
	struct hv_vu_options o = {
		.path = path, .fd = -1, .mode = mode, .features = features, .queues_max = 2};
	struct err e;

	c->n = n;
	c->fd = memfd_create("card", MFD_CLOEXEC);
	if (c->fd < 0 || ftruncate(c->fd, MEMORY) != 0)
		die("no memory");
	c->memory = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE, MAP_SHARED, c->fd, 0);
	if (c->memory == MAP_FAILED)
		die("no memory");
	for (unsigned int i = 0; i < 2; i++) {
		driver_open(&c->driver[i], c->memory + (size_t)i * RING_BYTES, SIZE, packed);
		driver_ring(&c->driver[i], &c->ring[i]);
		c->ring[i].kick_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		c->ring[i].call_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	}
	post_receive(c);
	c->vu = hv_vu_new(loop, &o, &ops, c, &e);
	if (!c->vu)
		die(e.text);
}

static void drain(struct card *c)
{
	uint64_t end = hv_vu_now_ns() + 10000000000ull;

	/* What is on its way arrives. */
	while (c->driver[1].slots_free < SIZE) {
		uint16_t id;
		uint32_t len;

		while (driver_get(&c->driver[1], &id, &len))
			;
		receive(&card[0]);
		receive(&card[1]);
		if (hv_vu_now_ns() > end)
			die("a buffer was never given back");
	}
}

static void card_close(struct card *c)
{
	struct err e;

	if (hv_vu_stop(c->vu, c->ring, 2, &e) != 0)
		die(e.text);
	receive(c);
	for (int i = 0; i < 2; i++) {
		const struct driver *d = &c->driver[i];
		uint16_t place = (uint16_t)(d->used_next | (d->used_wrap ? 0x8000 : 0));
		bool right = d->packed ? (c->ring[i].packed_base & 0xffff) == place
				       : c->ring[i].base == d->used_next;

		if (!right)
			die("a ring did not stop where its last buffer came back");
	}
	hv_vu_free(c->vu);
	for (int i = 0; i < 2; i++) {
		close(c->ring[i].kick_fd);
		close(c->ring[i].call_fd);
	}
	munmap(c->memory, MEMORY);
	close(c->fd);
}

static void on_term(int sig)
{
	ending = 1;
}

static void say(void)
{
	static uint64_t next_ns;
	uint64_t now = hv_vu_now_ns();

	if (now < next_ns)
		return;
	next_ns = now + 100000000;
	printf("received %llu %llu lost %llu\n", (unsigned long long)card[0].received,
	       (unsigned long long)card[1].received,
	       (unsigned long long)(card[0].lost + card[1].lost));
	fflush(stdout);
}

int main(int argc, char **argv)
{
	struct event_base *loop = event_base_new();
	enum hv_vu_mode mode = HV_VU_CONNECT;
	bool packed = false;
	int opt;

	while ((opt = getopt(argc, argv, "pl")) != -1) {
		if (opt == 'p')
			packed = true;
		else if (opt == 'l')
			mode = HV_VU_SERVE;
		else
			return 2;
	}
	if (argc - optind != 2 || !loop)
		return 2;
	if (packed)
		features |= 1ull << VIRTIO_F_RING_PACKED;
	signal(SIGTERM, on_term);
	for (unsigned int i = 0; i < 2; i++)
		card_open(loop, i, argv[optind + (int)i], mode, packed);
	while (!ending) {
		event_base_loop(loop, EVLOOP_NONBLOCK);
		for (int i = 0; i < 2; i++) {
			receive(&card[i]);
			send_some(&card[i]);
		}
		say();
		usleep(50);
	}
	drain(&card[0]);
	drain(&card[1]);
	card_close(&card[0]);
	card_close(&card[1]);
	event_base_free(loop);
	puts("ended");
	return 0;
}
