/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the card's test stands on: a machine without a processor with one card, whose registers are
 * worked over the bus as a driver does, and the control queue.
 */
#ifndef HV_CORE_VIRTIO_TEST_CARD_H
#define HV_CORE_VIRTIO_TEST_CARD_H

#include "hv-core/virtio/net_impl.h"
#include "hv-core/vhost/test_back.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <sys/eventfd.h>

#define PROTOCOL    (0x1ull | 0x4ull | 0x8ull | 0x10ull) /* MQ, RARP, REPLY_ACK, NET_MTU */
#define SWITCH	    (NET_RING | NET_TOLD | NET_CSUM | 1ull << 30 /* protocol features */)
#define SIZE	    64
#define QUEUE_AT(q) (0x100000ull + (q)*0x4000ull)
#define COMMAND_AT  0x200000ull

/* Registers of the common configuration (virtio 1.2, 4.1.4.3), at BAR 0. */
enum {
	DF_SELECT = 0x00,
	DF = 0x04,
	GF_SELECT = 0x08,
	GF = 0x0c,
	STATUS = 0x14,
	Q_SELECT = 0x16,
	Q_SIZE = 0x18,
	Q_VECTOR = 0x1a,
	Q_ENABLE = 0x1c,
	Q_DESC = 0x20,
	Q_DRIVER = 0x28,
	Q_DEVICE = 0x30,
	CONFIG = 0x2000,
	NOTIFY = 0x3000,
};

static struct hv_vm vm;
static struct hv_pci *pci;
static struct hv_net *net;
static struct event_base *loop;
static struct back back;
static char path[64];
static uint16_t commands;

static uint64_t reg(unsigned int off, unsigned int len)
{
	uint64_t v = 0;

	assert_true(hv_bus_read(vm.mmio, hv_virtio_fn(net->virtio)->bar[0].at + off, len, &v));
	return v;
}

static void set(unsigned int off, unsigned int len, uint64_t v)
{
	assert_true(hv_bus_write(vm.mmio, hv_virtio_fn(net->virtio)->bar[0].at + off, len, v));
}

static void *mem(uint64_t gpa)
{
	void *p = hv_mem_at(&vm.mem, gpa, 1);

	assert_non_null(p);
	return p;
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
}

/* Runs the loop until it is so; what hangs is ended by the test's own limit. */
#define UNTIL(what)                                                                  \
	do {                                                                         \
		struct event *tick = event_new(loop, -1, EV_PERSIST, on_tick, NULL); \
		event_add(tick, &(struct timeval){.tv_usec = 5000});                 \
		while (!(what))                                                      \
			event_base_loop(loop, EVLOOP_ONCE);                          \
		event_free(tick);                                                    \
	} while (0)

static void make_machine(unsigned int pairs, bool packed)
{
	const struct hv_vm_options o = {
		.kvm_fd = -1, .mem_bytes = 8 << 20, .page_bytes = 4096, .cpus = 1};
	const struct hv_net_options no = {.id = "net0",
					  .mac = {2, 0, 0, 0, 0, 9},
					  .path = path,
					  .fd = -1,
					  .mode = HV_VU_SERVE,
					  .queue_pairs = pairs,
					  .queue_size = SIZE,
					  .mtu = 9000,
					  .packed = packed,
					  .csum = true,
					  .tso = true};
	struct err e = {0};

	loop = event_base_new();
	if (hv_vm_create(&vm, &o, loop, &e) || hv_pci_create(&vm, &pci, &e) ||
	    hv_net_create(&vm, pci, &no, &net, &e))
		fail_msg("%s", e.text);
	/* Memory decoding and bus mastering: PCI's command register. */
	assert_true(hv_bus_write(
		vm.mmio, HV_ECAM + ((uint64_t)hv_virtio_fn(net->virtio)->slot << 15) + 4, 2, 6));
	commands = 0;
}

static void end_machine(void)
{
	hv_vm_destroy(&vm);
	event_base_free(loop);
}

static void open_back(uint64_t features)
{
	back_open(&back, path);
	back.features = features;
	back.protocol = PROTOCOL;
	back.queue_num = 8;
	back_start(&back);
}

static uint64_t offered(void)
{
	uint64_t f;

	set(DF_SELECT, 4, 0);
	f = reg(DF, 4);
	set(DF_SELECT, 4, 1);
	return f | reg(DF, 4) << 32;
}

/* Up to FEATURES_OK. */
static bool accept_features(uint64_t f)
{
	set(STATUS, 1, 0);
	set(STATUS, 1, 3);
	set(GF_SELECT, 4, 0);
	set(GF, 4, (uint32_t)f);
	set(GF_SELECT, 4, 1);
	set(GF, 4, f >> 32);
	set(STATUS, 1, 0xb);
	return reg(STATUS, 1) & 8;
}

static void run_queues(unsigned int queues)
{
	for (unsigned int q = 0; q < queues; q++) {
		memset(mem(QUEUE_AT(q)), 0, 0x4000);
		set(Q_SELECT, 2, q);
		set(Q_SIZE, 2, SIZE);
		set(Q_VECTOR, 2, q);
		set(Q_DESC, 8, QUEUE_AT(q));
		set(Q_DRIVER, 8, QUEUE_AT(q) + 0x1000);
		set(Q_DEVICE, 8, QUEUE_AT(q) + 0x2000);
		set(Q_ENABLE, 2, 1);
	}
	set(STATUS, 1, 0xf);
}

/* Did the device ask to hear of what was just made available? Without an event index, always. */
static bool wants_kick(const struct vring_used *u)
{
	uint16_t event;

	memcpy(&event, &u->ring[SIZE], sizeof(event));
	return !(hv_virtio_features(net->virtio) & BIT(VIRTIO_RING_F_EVENT_IDX)) ||
	       vring_need_event(event, commands, (uint16_t)(commands - 1));
}

/* A command of the control queue, a split one; its answer. */
static uint8_t command(unsigned int queue, uint8_t class, uint8_t number, const void *arg,
		       uint32_t bytes)
{
	struct vring_desc *d = mem(QUEUE_AT(queue));
	struct vring_avail *a = mem(QUEUE_AT(queue) + 0x1000);
	const struct vring_used *u = mem(QUEUE_AT(queue) + 0x2000);
	uint8_t *at = mem(COMMAND_AT);

	at[0] = class;
	at[1] = number;
	memcpy(at + 2, arg, bytes);
	at[2000] = 99;
	d[0] = (struct vring_desc){COMMAND_AT, 2 + bytes, VRING_DESC_F_NEXT, 1};
	d[1] = (struct vring_desc){COMMAND_AT + 2000, 1, VRING_DESC_F_WRITE, 0};
	a->ring[commands % SIZE] = 0;
	a->idx = ++commands;
	/* The answer to the one before is seen before the device asks for the next. */
	UNTIL(wants_kick(u));
	set(NOTIFY + 4 * queue, 2, queue);
	UNTIL(u->idx == commands);
	return at[2000];
}

static bool readable(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return poll(&p, 1, 0) == 1;
}

#endif
