/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The synthetic card in a machine without a processor: the test is the guest's driver, which works
 * the registers over the bus, and a thread is the switch's back end.
 */
#include "hv-core/virtio/test_card.h"

#include "base/log.h"

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

#define ACCEPTED                                                                              \
	(BIT(VIRTIO_F_VERSION_1) | BIT(VIRTIO_NET_F_MRG_RXBUF) | BIT(VIRTIO_NET_F_MTU) |      \
	 BIT(VIRTIO_NET_F_STATUS) | BIT(VIRTIO_NET_F_MAC) | NET_HERE | BIT(VIRTIO_NET_F_MQ) | \
	 BIT(VIRTIO_RING_F_EVENT_IDX))

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
