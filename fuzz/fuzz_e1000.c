/* SPDX-License-Identifier: BSD-3-Clause */
/* The emulated card: whatever a guest writes into registers, rings and memory, and whatever a
 * snapshot says, nothing outside the guest's memory is touched, each call ends, and what goes to
 * the switch is well formed. The input is a list of orders, see `orders`; numbers are little-endian
 * and zeros where the input ends. */
#include "hv-core/e1000/frame.h"
#include "hv-core/e1000/test_card.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct test_card t;

static void check(bool ok)
{
	if (!ok)
		abort();
}

/* What the other side of the link relies on. */
static void check_sent(void)
{
	for (unsigned int i = 0; i < t.sent_n; i++) {
		const struct test_frame *f = &t.sent[i];
		uint32_t at = f->hdr.csum_start + f->hdr.csum_offset;

		check(f->bytes >= 14 && f->bytes <= HV_LINK_SEND_MAX);
		check(f->hdr.gso_type || f->bytes <= 0xffff + 14 + E1000_HEAD);
		if (f->hdr.flags) {
			check(t.offloads & HV_LINK_CSUM);
			check(at + 2 <= f->bytes);
		}
		if (f->hdr.gso_type)
			check(f->hdr.flags && f->hdr.gso_size && f->hdr.hdr_len < f->bytes);
	}
	test_forget(&t);
}

static void steps(struct hv_in *in)
{
	for (unsigned int n = hv_in_u8(in); n; n--) {
		hv_e1000_tx_step(&t.c);
		hv_e1000_rx_step(&t.c);
	}
	hv_e1000_raise_gathered(&t.c);
	check_sent();
}

static void receive(struct hv_in *in)
{
	uint8_t frame[20000];
	uint32_t bytes = hv_in_u16(in) % sizeof(frame);

	if (t.waiting_n == 64)
		return;
	memset(frame, 0x5a, sizeof(frame));
	hv_in_bytes(in, frame, 40);
	struct test_frame *f = arrive(&t, frame, bytes);
	f->hdr.flags = hv_in_u8(in);
	f->hdr.csum_start = hv_in_u16(in);
	f->hdr.csum_offset = hv_in_u16(in);
}

static void any_access(struct hv_in *in)
{
	unsigned int how = hv_in_u8(in), len = 1u << (how & 3);
	uint64_t off = hv_in_u32(in), value = hv_in_u64(in);

	if (how & 4) {
		off %= E1000_BAR_IO_BYTES + 1 - len;
		hv_e1000_io_write(&t.c, off, len, value);
		hv_e1000_io_read(&t.c, off, len);
	} else {
		off %= E1000_BAR_MEM_BYTES + 1 - len;
		hv_e1000_mem_write(&t.c, off, len, value);
		hv_e1000_mem_read(&t.c, off, len);
	}
}

static void world(struct hv_in *in)
{
	unsigned int how = hv_in_u8(in);

	t.offloads = how & 7;
	t.master = !(how & 8);
	t.room = how & 16 ? hv_in_u8(in) : TEST_FRAMES;
	t.now_ns += hv_in_u32(in);
	hv_e1000_set_cable(&t.c, !(how & 32));
	hv_e1000_alarm(&t.c);
}

/* What is saved is loaded, and is the same. */
static void round_trip(void)
{
	static struct hv_e1000_card was;
	struct hv_out out = {0};

	was = t.c;
	hv_e1000_card_save(&t.c, &out);
	struct hv_in in = {out.buf, out.len, false};
	hv_e1000_card_load(&t.c, &in);
	check(hv_in_end(&in, "a card", NULL) == 0);
	check(memcmp(was.r, t.c.r, sizeof(was.r)) == 0);
	hv_out_free(&out);
}

static void load(struct hv_in *in)
{
	hv_e1000_card_load(&t.c, in);
}

static void poke_memory(struct hv_in *in)
{
	uint32_t at = hv_in_u16(in) * 16u;

	hv_in_bytes(in, t.ram + at % TEST_MEM, 16);
}

static void order(struct hv_in *in)
{
	uint32_t reg;

	switch (hv_in_u8(in) % 9) {
	case 0:
		reg = hv_in_u16(in) * 4u % E1000_REGS_END;
		wr(&t, reg, hv_in_u32(in));
		break;
	case 1:
		rd(&t, hv_in_u16(in) * 4u % E1000_REGS_END);
		break;
	case 2:
		poke_memory(in);
		break;
	case 3:
		steps(in);
		break;
	case 4:
		receive(in);
		break;
	case 5:
		any_access(in);
		break;
	case 6:
		world(in);
		break;
	case 7:
		round_trip();
		break;
	case 8:
		load(in);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hv_in in = {data, size, false};

	test_card_init(&t);
	/* A load of a state cut short makes the input bad; then it ends here. */
	while (in.left && !in.bad)
		order(&in);
	for (int i = 0; i < 300; i++) {
		hv_e1000_tx_step(&t.c);
		hv_e1000_rx_step(&t.c);
	}
	check_sent();
	test_card_free(&t);
	return 0;
}
