/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The registers of a 16550A (National Semiconductor's PC16550D data sheet, sections 8.1 to 8.11), a
 * machine of its own: bytes and register accesses go in, bytes and the level of the interrupt line
 * come out. Any thread, one at a time.
 */
#ifndef HV_CORE_DEVICE_UART_H
#define HV_CORE_DEVICE_UART_H

#include "hv-core/state/state.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HV_UART_FIFO 16

/* Register numbers; what is at 0 to 2 depends on the access and on LCR's DLAB. */
enum {
	HV_UART_RBR = 0, /* read; THR: write; DLL: DLAB */
	HV_UART_IER = 1, /* DLM: DLAB */
	HV_UART_IIR = 2, /* read; FCR: write */
	HV_UART_LCR = 3,
	HV_UART_MCR = 4,
	HV_UART_LSR = 5,
	HV_UART_MSR = 6,
	HV_UART_SCR = 7,
	HV_UART_REGS = 8,
};

struct hv_uart {
	uint8_t ier, fcr, lcr, mcr, scr, dll, dlm;
	uint8_t modem;	/* MSR's upper half: the lines */
	uint8_t delta;	/* MSR's lower half: which changed */
	bool overrun;	/* a byte was lost; only loopback can */
	bool thr_empty; /* the transmitter's interrupt is pending */
	uint8_t fifo[HV_UART_FIFO];
	unsigned int head, count;
};

void hv_uart_reset(struct hv_uart *u);

uint8_t hv_uart_read(struct hv_uart *u, unsigned int reg);
/* True: *out goes out on the line. */
bool hv_uart_write(struct hv_uart *u, unsigned int reg, uint8_t v, uint8_t *out);

/* Is an interrupt pending that the guest enabled? */
bool hv_uart_line(const struct hv_uart *u);

/* How many bytes from the line it would take now. */
size_t hv_uart_room(const struct hv_uart *u);
/* len: at most the room. */
void hv_uart_receive(struct hv_uart *u, const uint8_t *bytes, size_t len);

void hv_uart_save(const struct hv_uart *u, struct hv_out *out);
/* Values no 16550A has mark `in` as bad. */
void hv_uart_load(struct hv_uart *u, struct hv_in *in);

#endif
