/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/device/uart.h"

#include <string.h>

#define IER_RECEIVED 0x01
#define IER_EMPTY    0x02
#define IER_LINE     0x04
#define IER_MODEM    0x08
#define IER_MASK     0x0f

#define IIR_MODEM    0x00
#define IIR_NONE     0x01
#define IIR_EMPTY    0x02
#define IIR_RECEIVED 0x04
#define IIR_LINE     0x06
#define IIR_TIMEOUT  0x0c /* there is less than the trigger level, and nothing comes any more */
#define IIR_FIFO     0xc0

#define FCR_ENABLE   0x01
#define FCR_CLEAR_RX 0x02
#define FCR_KEPT     0xc9 /* enable, DMA mode, trigger level; the others act and are gone */

#define LCR_DLAB 0x80

#define MCR_DTR	 0x01
#define MCR_RTS	 0x02
#define MCR_OUT1 0x04
#define MCR_OUT2 0x08
#define MCR_LOOP 0x10
#define MCR_MASK 0x1f

#define LSR_DATA      0x01
#define LSR_OVERRUN   0x02
#define LSR_THR_EMPTY 0x20
#define LSR_ALL_SENT  0x40

#define MSR_CTS	       0x10
#define MSR_DSR	       0x20
#define MSR_RI	       0x40
#define MSR_DCD	       0x80
#define MSR_LINES      0xf0
#define MSR_DELTA      0x0f
#define MSR_RI_TRAILED 0x04

/* Somebody is at the other end and ready. */
#define MODEM_CONNECTED (MSR_CTS | MSR_DSR | MSR_DCD)

void hv_uart_reset(struct hv_uart *u)
{
	*u = (struct hv_uart){.modem = MODEM_CONNECTED, .dll = 12 /* 9600 baud */};
}

static unsigned int fifo_size(const struct hv_uart *u)
{
	return u->fcr & FCR_ENABLE ? HV_UART_FIFO : 1;
}

static unsigned int trigger(const struct hv_uart *u)
{
	static const uint8_t level[4] = {1, 4, 8, 14};

	return u->fcr & FCR_ENABLE ? level[u->fcr >> 6] : 1;
}

/* The pending interrupt of the highest priority. */
static uint8_t pending(const struct hv_uart *u)
{
	if ((u->ier & IER_LINE) && u->overrun)
		return IIR_LINE;
	/* Time between bytes is nothing here, so a timeout is due at once. */
	if ((u->ier & IER_RECEIVED) && u->count)
		return u->count >= trigger(u) ? IIR_RECEIVED : IIR_TIMEOUT;
	if ((u->ier & IER_EMPTY) && u->thr_empty)
		return IIR_EMPTY;
	if ((u->ier & IER_MODEM) && u->delta)
		return IIR_MODEM;
	return IIR_NONE;
}

bool hv_uart_line(const struct hv_uart *u)
{
	return pending(u) != IIR_NONE;
}

static uint8_t take(struct hv_uart *u)
{
	uint8_t v = u->fifo[u->head];

	if (!u->count)
		return 0;
	u->head = (u->head + 1) % HV_UART_FIFO;
	u->count--;
	return v;
}

static void put(struct hv_uart *u, uint8_t v)
{
	u->fifo[(u->head + u->count) % HV_UART_FIFO] = v;
	u->count++;
}

size_t hv_uart_room(const struct hv_uart *u)
{
	return u->mcr & MCR_LOOP || u->count >= fifo_size(u) ? 0 : fifo_size(u) - u->count;
}

void hv_uart_receive(struct hv_uart *u, const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		put(u, bytes[i]);
}

/* In loopback the four outputs are wired to the four inputs. */
static void set_modem(struct hv_uart *u)
{
	uint8_t lines = MODEM_CONNECTED;

	if (u->mcr & MCR_LOOP)
		lines = (u->mcr & MCR_RTS ? MSR_CTS : 0) | (u->mcr & MCR_DTR ? MSR_DSR : 0) |
			(u->mcr & MCR_OUT1 ? MSR_RI : 0) | (u->mcr & MCR_OUT2 ? MSR_DCD : 0);
	uint8_t changed = (uint8_t)((u->modem ^ lines) >> 4);
	/* The ring indicator tells of its end only. */
	if (lines & MSR_RI)
		changed &= (uint8_t)~MSR_RI_TRAILED;
	u->delta |= changed;
	u->modem = lines;
}

static uint8_t read_iir(struct hv_uart *u)
{
	uint8_t cause = pending(u);

	/* Reading it is how the transmitter's interrupt is acknowledged. */
	if (cause == IIR_EMPTY)
		u->thr_empty = false;
	return cause | (u->fcr & FCR_ENABLE ? IIR_FIFO : 0);
}

static uint8_t read_lsr(struct hv_uart *u)
{
	/* What is written is sent at once, so the transmitter is always empty. */
	uint8_t v = LSR_THR_EMPTY | LSR_ALL_SENT | (u->count ? LSR_DATA : 0) |
		    (u->overrun ? LSR_OVERRUN : 0);

	u->overrun = false;
	return v;
}

static uint8_t read_msr(struct hv_uart *u)
{
	uint8_t v = u->modem | u->delta;

	u->delta = 0;
	return v;
}

uint8_t hv_uart_read(struct hv_uart *u, unsigned int reg)
{
	bool dlab = u->lcr & LCR_DLAB;

	switch (reg) {
	case HV_UART_RBR:
		return dlab ? u->dll : take(u);
	case HV_UART_IER:
		return dlab ? u->dlm : u->ier;
	case HV_UART_IIR:
		return read_iir(u);
	case HV_UART_LCR:
		return u->lcr;
	case HV_UART_MCR:
		return u->mcr;
	case HV_UART_LSR:
		return read_lsr(u);
	case HV_UART_MSR:
		return read_msr(u);
	case HV_UART_SCR:
		return u->scr;
	default:
		return 0xff;
	}
}

static bool transmit(struct hv_uart *u, uint8_t v, uint8_t *out)
{
	u->thr_empty = true;
	if (!(u->mcr & MCR_LOOP)) {
		*out = v;
		return true;
	}
	if (u->count < fifo_size(u))
		put(u, v);
	else
		u->overrun = true;
	return false;
}

static void write_fcr(struct hv_uart *u, uint8_t v)
{
	/* Switching FIFOs on or off empties them; without "enable" nothing else is taken. */
	if ((v ^ u->fcr) & FCR_ENABLE)
		u->count = 0;
	if (v & FCR_ENABLE && v & FCR_CLEAR_RX)
		u->count = 0;
	u->fcr = v & FCR_ENABLE ? v & FCR_KEPT : 0;
}

bool hv_uart_write(struct hv_uart *u, unsigned int reg, uint8_t v, uint8_t *out)
{
	bool dlab = u->lcr & LCR_DLAB;

	switch (reg) {
	case HV_UART_RBR:
		if (!dlab)
			return transmit(u, v, out);
		u->dll = v;
		break;
	case HV_UART_IER:
		if (dlab) {
			u->dlm = v;
			break;
		}
		/* Who enables the transmitter's interrupt wants to hear that it is empty. */
		if (v & ~u->ier & IER_EMPTY)
			u->thr_empty = true;
		u->ier = v & IER_MASK;
		break;
	case HV_UART_IIR:
		write_fcr(u, v);
		break;
	case HV_UART_LCR:
		u->lcr = v;
		break;
	case HV_UART_MCR:
		u->mcr = v & MCR_MASK;
		set_modem(u);
		break;
	case HV_UART_SCR:
		u->scr = v;
		break;
	default: /* LSR and MSR: the factory's test writes there */
		break;
	}
	return false;
}

void hv_uart_save(const struct hv_uart *u, struct hv_out *out)
{
	const uint8_t regs[] = {u->ier, u->fcr, u->lcr,	  u->mcr,  u->scr,
				u->dll, u->dlm, u->modem, u->delta};

	hv_out_bytes(out, regs, sizeof(regs));
	hv_out_u8(out, u->overrun);
	hv_out_u8(out, u->thr_empty);
	hv_out_u8(out, (uint8_t)u->count);
	for (unsigned int i = 0; i < u->count; i++)
		hv_out_u8(out, u->fifo[(u->head + i) % HV_UART_FIFO]);
}

/* A byte with bits no register of that kind has is no state of ours. */
static uint8_t load_masked(struct hv_in *in, uint8_t mask)
{
	uint8_t v = hv_in_u8(in);

	if (v & ~mask)
		in->bad = true;
	return v & mask;
}

void hv_uart_load(struct hv_uart *u, struct hv_in *in)
{
	*u = (struct hv_uart){
		.ier = load_masked(in, IER_MASK),
		.fcr = load_masked(in, FCR_KEPT),
		.lcr = hv_in_u8(in),
		.mcr = load_masked(in, MCR_MASK),
		.scr = hv_in_u8(in),
		.dll = hv_in_u8(in),
		.dlm = hv_in_u8(in),
		.modem = load_masked(in, MSR_LINES),
		.delta = load_masked(in, MSR_DELTA),
		.overrun = load_masked(in, 1),
		.thr_empty = load_masked(in, 1),
		.count = hv_in_u8(in),
	};
	if (u->count > fifo_size(u)) {
		in->bad = true;
		u->count = 0;
	}
	hv_in_bytes(in, u->fifo, u->count);
}
