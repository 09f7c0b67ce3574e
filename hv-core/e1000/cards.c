/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * hv_e1000_cards: two emulated cards without a guest, joined by a switch. A small driver in this
 * process works their registers and rings as a guest's would: it sends units of TCP and single
 * frames with checksums to be inserted, and looks at each byte and each checksum of what arrives.
 *
 *	hv_e1000_cards SOCKET SOCKET
 *
 * Writes a line now and then: "received A B interrupts N downs N sent N came N": bytes of payload,
 * then what both links carried, where a unit that goes whole counts once. SIGUSR1: holds both
 * cards still, saves them, loads what was saved and goes on. SIGTERM: ends with 0.
 */
#include "hv-core/e1000/device.h"
#include "hv-core/e1000/test_card.h"
#include "hv-core/pci/fake_board.h"

#include "base/clock.h"

#include <linux/pci_regs.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

enum {
	MEMORY = 64 << 20,
	CARD_MEMORY = 16 << 20,
	RING = 256,
	RX_RING = 0x1000,
	DATA = 0x10000,
	RX_DATA = 0x100000,
	BUFFER = 2048,
	UNIT = 20000,
	MSS = 1448,
};

struct driver {
	struct hv_e1000 *card;
	uint64_t bar, base; /* registers; this driver's memory */
	uint32_t tail, next;
	uint32_t sent;	   /* bytes of the stream, which is also the sequence number */
	uint64_t received; /* bytes */
	uint64_t downs;
	bool up;
};

static struct fake_board board;
static struct hv_pci *bus;
static struct driver driver[2];
static uint64_t interrupts;
static volatile sig_atomic_t ending, saving;

/* The board's list of devices has none of its own. */
void hv_vm_remove(struct hv_vm *vm, struct hv_device *d)
{
	struct hv_device **at = &vm->devices;

	while (*at && *at != d)
		at = &(*at)->next;
	if (*at)
		*at = d->next;
}

static void die(const char *what)
{
	fprintf(stderr, "hv_e1000_cards: %s\n", what);
	exit(1);
}

static uint32_t get(const struct driver *d, uint32_t reg)
{
	return (uint32_t)fake_read(&board, d->bar + reg, 4);
}

static void set(const struct driver *d, uint32_t reg, uint32_t v)
{
	fake_write(&board, d->bar + reg, 4, v);
}

static uint64_t *at(const struct driver *d, uint64_t off)
{
	return hv_mem_at(&board.vm.mem, d->base + off, 16);
}

static uint8_t pattern(uint32_t seq)
{
	return (uint8_t)(seq * 7 + (seq >> 8) * 13);
}

static void open_card(unsigned int n, const char *socket)
{
	struct driver *d = &driver[n];
	char name[] = {'n', 'i', 'c', ':', (char)('0' + n), 0};
	struct hv_e1000_options o = {
		.name = name,
		.mac = {2, 0, 0, 0, 0, (uint8_t)(n + 1)},
		.slot = -1,
		.link = {.path = socket,
			 .fd = -1,
			 .mode = HV_VU_CONNECT,
			 .offloads = HV_LINK_CSUM | HV_LINK_TSO4 | HV_LINK_TSO6}};
	struct err e = {0};

	d->card = hv_e1000_new(&board.vm, bus, &o, &e);
	if (!d->card || hv_e1000_start(d->card, NULL, NULL, &e))
		die(e.text);
	fake_cfg_write(&board, hv_e1000_fn(d->card)->slot, PCI_COMMAND, 2, 7);
	d->bar = hv_e1000_fn(d->card)->bar[0].at;
	d->base = (uint64_t)CARD_MEMORY * (n + 1);
	set(d, E1000_CTRL, E1000_CTRL_SLU | E1000_CTRL_FD);
	set(d, E1000_TDLEN, RING * 16);
	set(d, E1000_TDBAL, (uint32_t)d->base);
	set(d, E1000_TCTL, E1000_TCTL_EN | E1000_TCTL_PSP);
	for (uint32_t i = 0; i < RING; i++)
		at(d, RX_RING + 16 * i)[0] = d->base + RX_DATA + (uint64_t)i * BUFFER;
	set(d, E1000_RDLEN, RING * 16);
	set(d, E1000_RDBAL, (uint32_t)d->base + RX_RING);
	set(d, E1000_RXCSUM, E1000_RXCSUM_TUOFL);
	set(d, E1000_RDT, RING - 1);
	set(d, E1000_ITR, 195);
	set(d, E1000_IMS, E1000_INT_RXT0 | E1000_INT_TXDW | E1000_INT_LSC);
	set(d, E1000_RCTL, E1000_RCTL_EN | E1000_RCTL_BAM);
}

static void put(struct driver *d, uint64_t low, uint64_t high)
{
	uint64_t *slot = at(d, 16 * d->tail);

	slot[0] = low;
	slot[1] = high;
	d->tail = (d->tail + 1) % RING;
}

/* One unit, or one frame; the next when the last is done, so that its memory is free. */
static void send_one(struct driver *d)
{
	bool unit = d->sent & 1;
	uint32_t payload = unit ? UNIT + d->sent % 1000 : 1 + d->sent % 1400;
	uint8_t *f = (uint8_t *)at(d, DATA);
	uint64_t high = E1000_TX_DEXT | 1ull << 20 | E1000_TX_EOP | E1000_TX_IFCS | E1000_TX_RS |
			E1000_TX_TXSM;

	if (get(d, E1000_TDH) != d->tail || !(get(d, E1000_STATUS) & E1000_STATUS_LU))
		return;
	make_tcp4(f, payload, unit);
	memset(f, 0, 12);
	f[0] = f[6] = 2;
	f[5] = (uint8_t)(d == &driver[0] ? 2 : 1);
	f[11] = (uint8_t)(3 - f[5]);
	to_be16(f + 38, d->sent >> 16);
	to_be16(f + 40, d->sent);
	for (uint32_t i = 0; i < payload; i++)
		f[54 + i] = pattern(d->sent + i);
	if (unit) {
		put(d, 14 | 24 << 8 | 33 << 16 | 34ull << 32 | 50ull << 40,
		    payload | E1000_TX_DEXT | E1000_TU_TCP | E1000_TU_IP | E1000_TU_TSE |
			    54ull << 40 | (uint64_t)MSS << 48);
		high |= E1000_TX_TSE | E1000_TX_IXSM;
	} else {
		put(d, 34ull << 32 | 50ull << 40, E1000_TX_DEXT | E1000_TU_TCP);
	}
	put(d, d->base + DATA, high | (54 + payload));
	set(d, E1000_TDT, d->tail);
	d->sent += payload;
}

static void look_at(struct driver *d, const uint8_t *f, uint32_t bytes)
{
	if (be16(f + 12) != 0x0800 || bytes < 60 || f[23] != 6)
		return; /* the switch's own */
	uint32_t total = 14u + be16(f + 16);
	uint32_t seq = (uint32_t)be16(f + 38) << 16 | be16(f + 40);
	if (total > bytes || total > 1514 || !tcp4_holds(f, total))
		die("a length or a checksum is wrong");
	for (uint32_t i = 54; i < total; i++)
		if (f[i] != pattern(seq + i - 54))
			die("a byte is wrong");
	d->received += total - 54;
}

static void receive(struct driver *d)
{
	uint64_t *slot = at(d, RX_RING + 16 * d->next);
	uint64_t high = __atomic_load_n(&slot[1], __ATOMIC_ACQUIRE);

	while (high & E1000_RX_DD) {
		if (!(high & E1000_RX_EOP) || (uint16_t)high < 64)
			die("a descriptor is wrong");
		look_at(d, (const uint8_t *)at(d, RX_DATA + (uint64_t)d->next * BUFFER),
			(uint16_t)high - E1000_FCS_BYTES);
		slot[1] = 0;
		set(d, E1000_RDT, d->next);
		d->next = (d->next + 1) % RING;
		slot = at(d, RX_RING + 16 * d->next);
		high = __atomic_load_n(&slot[1], __ATOMIC_ACQUIRE);
	}
}

static void interrupt(struct driver *d)
{
	if (!__atomic_load_n(&board.line[HV_GSI_INTX + hv_e1000_fn(d->card)->slot % 8],
			     __ATOMIC_RELAXED))
		return;
	uint32_t causes = get(d, E1000_ICR);
	interrupts += causes != 0;
	if (!(causes & E1000_INT_LSC))
		return;
	bool up = get(d, E1000_STATUS) & E1000_STATUS_LU;
	d->downs += d->up && !up;
	d->up = up;
}

static void save_and_load(void)
{
	struct err e = {0};

	for (struct hv_device *d = board.vm.devices; d; d = d->next) {
		struct hv_out out = {0};

		if (strncmp(d->id, "nic:", 4) != 0)
			continue;
		if (d->ops->quiesce(d->self, &e))
			die(e.text);
		d->ops->save(d->self, &out);
		struct hv_in in = {out.buf, out.len, out.failed};
		if (d->ops->load(d->self, &in, d->ops->version, &e))
			die(e.text);
		hv_out_free(&out);
		d->ops->resume(d->self);
	}
	saving = 0;
	puts("saved");
}

static void on_signal(int sig)
{
	if (sig == SIGUSR1)
		saving = 1;
	else
		ending = 1;
}

static void say(void)
{
	static uint64_t next_ns;
	uint64_t now = clock_now_ns();
	struct hv_link_stats a, b;

	if (now < next_ns)
		return;
	next_ns = now + 100000000;
	hv_e1000_link_stats(driver[0].card, &a);
	hv_e1000_link_stats(driver[1].card, &b);
	printf("received %llu %llu interrupts %llu downs %llu sent %llu came %llu\n",
	       (unsigned long long)driver[0].received, (unsigned long long)driver[1].received,
	       (unsigned long long)interrupts,
	       (unsigned long long)(driver[0].downs + driver[1].downs),
	       (unsigned long long)(a.sent + b.sent),
	       (unsigned long long)(a.received + b.received));
	fflush(stdout);
}

int main(int argc, char **argv)
{
	struct event_base *loop = event_base_new();
	struct err e = {0};

	if (argc != 3 || !loop)
		return 2;
	signal(SIGTERM, on_signal);
	signal(SIGUSR1, on_signal);
	fake_board_init(&board, MEMORY);
	board.vm.loop = loop;
	if (hv_pci_create(&board.vm, &bus, &e))
		die(e.text);
	for (unsigned int i = 0; i < 2; i++)
		open_card(i, argv[1 + i]);
	while (!ending) {
		event_base_loop(loop, EVLOOP_NONBLOCK);
		for (int i = 0; i < 2; i++) {
			interrupt(&driver[i]);
			receive(&driver[i]);
			send_one(&driver[i]);
		}
		if (saving)
			save_and_load();
		say();
		usleep(20);
	}
	for (int i = 0; i < 2; i++)
		hv_e1000_remove(driver[i].card);
	fake_board_destroy(&board);
	event_base_free(loop);
	puts("ended");
	return 0;
}
