/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The synthetic card in a machine without a processor: the test is the guest's driver, which works
 * the registers over the bus, and a thread is the switch's back end.
 */
#include "hv-core/virtio/net_impl.h"
#include "hv-core/vhost/test_back.h"

#include "base/log.h"

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
	set(NOTIFY + 4 * queue, 2, queue);
	UNTIL(u->idx == commands);
	return at[2000];
}

static bool readable(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return poll(&p, 1, 0) == 1;
}

static void what_is_offered(void **state)
{
	make_machine(2, true);
	/* Nobody there: all of it. */
	assert_int_equal(offered() & NET_SWITCH, NET_SWITCH);
	assert_int_equal(reg(CONFIG + 6, 2), 0);
	assert_int_equal(reg(CONFIG + 8, 2), 2);
	assert_int_equal(reg(CONFIG + 10, 2), 9000);
	set(STATUS, 1, 0);
	open_back(SWITCH & ~BIT(VIRTIO_NET_F_MRG_RXBUF));
	UNTIL(net->up);
	assert_int_equal(reg(CONFIG + 6, 2), VIRTIO_NET_S_LINK_UP);
	assert_int_equal(offered() & NET_SWITCH,
			 (NET_RING | NET_CSUM) & ~BIT(VIRTIO_NET_F_MRG_RXBUF));
	assert_true(offered() & BIT(VIRTIO_NET_F_MQ));
	assert_false(accept_features(BIT(VIRTIO_F_VERSION_1) | BIT(VIRTIO_NET_F_MQ)));
	assert_true(accept_features(BIT(VIRTIO_F_VERSION_1)));
	back_close(&back);
	end_machine();
}

#define ACCEPTED                                                                         \
	(BIT(VIRTIO_F_VERSION_1) | BIT(VIRTIO_NET_F_MRG_RXBUF) | BIT(VIRTIO_NET_F_MTU) | \
	 BIT(VIRTIO_NET_F_STATUS) | BIT(VIRTIO_NET_F_MAC) | NET_HERE | BIT(VIRTIO_NET_F_MQ))

static void a_life(void **state)
{
	struct vring_used *used;
	uint16_t pairs = 2;

	open_back(SWITCH);
	make_machine(2, false);
	UNTIL(net->up);
	assert_true(accept_features(ACCEPTED));
	run_queues(5);
	assert_int_equal(reg(STATUS, 1), 0xf);
	assert_int_equal(back.set_features & (NET_SWITCH | NET_TOLD | NET_HERE),
			 ACCEPTED & (NET_SWITCH | NET_TOLD));
	assert_int_equal(back.mtu, 9000);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(back.num[i], SIZE);
		assert_int_equal(back.enabled[i], i < 2);
		assert_int_equal(back.addr[i][0], (uintptr_t)mem(QUEUE_AT((unsigned int)i)));
	}
	/* Kicks reach the switch, and its calls the vector, with nobody in between. */
	eventfd_read(back.kick[1], &(eventfd_t){0});
	set(NOTIFY + 4, 2, 1);
	assert_true(readable(back.kick[1]));
	eventfd_write(back.call[0], 1);
	assert_true(readable(hv_virtio_call_fd(net->virtio, 0)));
	set(Q_SELECT, 2, 0);
	set(Q_VECTOR, 2, HV_VIRTIO_NO_VECTOR);
	assert_int_equal(back.call[0], -1);
	set(Q_VECTOR, 2, 3);
	eventfd_write(back.call[0], 1);
	assert_true(readable(hv_virtio_call_fd(net->virtio, 3)));
	/* The control queue. */
	assert_int_equal(command(4, VIRTIO_NET_CTRL_MQ, 0, &pairs, 2), VIRTIO_NET_OK);
	assert_int_equal(back.enabled[3], 1);
	pairs = 3;
	assert_int_equal(command(4, VIRTIO_NET_CTRL_MQ, 0, &pairs, 2), VIRTIO_NET_ERR);
	assert_int_equal(command(4, VIRTIO_NET_CTRL_MAC, 1, (uint8_t[]){2, 1, 1, 1, 1, 1}, 6),
			 VIRTIO_NET_OK);
	assert_int_equal(reg(CONFIG + 1, 1), 1);
	/* The switch is killed: the link is down, and the next one goes on where it was. */
	used = mem(QUEUE_AT(1) + 0x2000);
	used->idx = 5;
	back_kill(&back);
	UNTIL(net->lost == 1 && net->up);
	assert_int_equal(back.base[1], 5);
	assert_int_equal(back.base[0], 0);
	assert_int_equal(back.enabled[3], 1);
	assert_int_equal(back.rarp, 0x010101010102);
	assert_int_equal(reg(CONFIG + 6, 2), VIRTIO_NET_S_LINK_UP | VIRTIO_NET_S_ANNOUNCE);
	assert_int_equal(command(4, VIRTIO_NET_CTRL_ANNOUNCE, 0, "", 0), VIRTIO_NET_OK);
	assert_int_equal(reg(CONFIG + 6, 2), VIRTIO_NET_S_LINK_UP);
	/* A driver that resets the device begins anew. */
	set(STATUS, 1, 0);
	assert_int_equal(back.messages[11], 4);
	assert_int_equal(reg(CONFIG + 1, 1), 0);
	assert_true(accept_features(ACCEPTED));
	run_queues(5);
	assert_int_equal(back.base[1], 0);
	back_close(&back);
	end_machine();
}

/* One that comes and cannot do what was agreed on is sent away; one that can is taken. */
static void a_lesser_switch(void **state)
{
	int before;

	open_back(SWITCH);
	make_machine(1, false);
	UNTIL(net->up);
	assert_true(accept_features(ACCEPTED & ~BIT(VIRTIO_NET_F_MQ)));
	run_queues(3);
	back.features &= ~BIT(VIRTIO_NET_F_MRG_RXBUF);
	back_kill(&back);
	UNTIL(net->lost >= 3);
	before = (int)back.messages[5];
	assert_int_equal(before, 1); /* no memory was given to it */
	back.features = SWITCH;
	UNTIL(back.messages[5] == 2 && net->up && back.enabled[1]);
	assert_int_equal(reg(STATUS, 1), 0xf);
	back_close(&back);
	end_machine();
}

/* A ring that does not say where it stands: the device asks for a reset, and is silent no longer.
 */
static void a_ring_beyond_help(void **state)
{
	struct vring_packed_desc *d;

	open_back(SWITCH);
	make_machine(1, true);
	UNTIL(net->up);
	assert_true(
		accept_features((ACCEPTED & ~BIT(VIRTIO_NET_F_MQ)) | BIT(VIRTIO_F_RING_PACKED)));
	run_queues(3);
	assert_int_equal(back.base[0], 0x80008000);
	d = mem(QUEUE_AT(0));
	for (int i = 0; i < SIZE; i++)
		d[i].flags = 1u << VRING_PACKED_DESC_F_AVAIL | VRING_DESC_F_NEXT;
	back_kill(&back);
	UNTIL(reg(STATUS, 1) == (0xf | VIRTIO_CONFIG_S_NEEDS_RESET));
	set(STATUS, 1, 0);
	UNTIL(net->up);
	assert_true(accept_features(ACCEPTED & ~BIT(VIRTIO_NET_F_MQ)));
	run_queues(3);
	assert_int_equal(reg(STATUS, 1), 0xf);
	back_close(&back);
	end_machine();
}

static void snapshot(struct hv_out *out, uint8_t *memory)
{
	struct err e = {0};

	if (hv_vm_quiesce(&vm, &e) != 0)
		fail_msg("%s", e.text);
	assert_true(back.messages[11] >= 4);
	net->device.ops->save(net, out);
	memcpy(memory, mem(0), 4 << 20);
}

static int restore(const uint8_t *p, size_t len, const uint8_t *memory, struct err *e)
{
	struct hv_in in = {.p = p, .left = len};

	memcpy(mem(0), memory, 4 << 20);
	return net->device.ops->load(net, &in, 1, e);
}

static void moved(void **state)
{
	static uint8_t memory[4 << 20];
	struct hv_out out = {0};
	struct err e = {0};
	uint16_t pairs = 2, was;

	open_back(SWITCH);
	make_machine(2, false);
	UNTIL(net->up);
	assert_true(accept_features(ACCEPTED));
	run_queues(5);
	assert_int_equal(command(4, VIRTIO_NET_CTRL_MQ, 0, &pairs, 2), VIRTIO_NET_OK);
	back.base[1] = 17;
	was = commands;
	snapshot(&out, memory);
	hv_vm_resume(&vm);
	assert_int_equal(back.base[1], 17);
	assert_int_equal(back.rarp, 0); /* it went nowhere */
	back_close(&back);
	end_machine();

	make_machine(2, false);
	if (restore(out.buf, out.len, memory, &e) != 0)
		fail_msg("%s", e.text);
	hv_vm_resume(&vm);
	open_back(SWITCH);
	UNTIL(net->up);
	commands = was;
	assert_int_equal(back.base[1], 17);
	assert_int_equal(back.enabled[3], 1);
	assert_int_equal(back.rarp, 0x090000000002);
	assert_int_equal(reg(CONFIG + 6, 2), VIRTIO_NET_S_LINK_UP | VIRTIO_NET_S_ANNOUNCE);
	assert_int_equal(command(4, VIRTIO_NET_CTRL_ANNOUNCE, 0, "", 0), VIRTIO_NET_OK);
	back_close(&back);
	end_machine();

	/* Cut short, or another card: refused. */
	for (size_t cut = 0; cut < out.len; cut += 1 + cut / 32) {
		make_machine(2, false);
		assert_true(restore(out.buf, cut, memory, &e) < 0);
		end_machine();
	}
	make_machine(1, false);
	assert_true(restore(out.buf, out.len, memory, &e) < 0);
	end_machine();
	hv_out_free(&out);
}

static void waiting(void **state)
{
	struct err e = {0};

	make_machine(1, false);
	assert_int_equal(hv_net_wait(net, 50, &e), -ETIMEDOUT);
	open_back(SWITCH);
	assert_int_equal(hv_net_wait(net, 60000, &e), 0);
	back_close(&back);
	end_machine();
}

static int setup(void **state)
{
	log_set_level(LOG_LVL_ERR);
	snprintf(path, sizeof(path), "/tmp/hv-net-%d.sock", getpid());
	if (access("/dev/kvm", R_OK | W_OK) == 0)
		return 0;
	print_message("skip: no /dev/kvm\n");
	exit(77);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_offered), cmocka_unit_test(a_life),
		cmocka_unit_test(a_lesser_switch), cmocka_unit_test(a_ring_beyond_help),
		cmocka_unit_test(moved),	   cmocka_unit_test(waiting),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
