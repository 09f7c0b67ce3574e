/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/microguest/console.h"

#include "hv-core/machine/layout.h"
#include "hv-core/microguest/io.h"

#include <stddef.h>
#include <string.h>

enum { DATA = 0, IER = 1, FCR = 2, LCR = 3, MCR = 4, LSR = 5, FIFO = 16, THR_EMPTY = 0x20 };

void mg_console_open(void)
{
	mg_out8(HV_PORT_COM1 + IER, 0);
	mg_out8(HV_PORT_COM1 + LCR, 3); /* 8 bits, no parity, one stop bit */
	mg_out8(HV_PORT_COM1 + FCR, 7); /* FIFOs on and empty */
	mg_out8(HV_PORT_COM1 + MCR, 3); /* ready */
}

void mg_console_put(const char *text)
{
	size_t left = strlen(text);

	/* An empty transmitter takes as much as its FIFO holds. */
	while (left) {
		size_t n = left < FIFO ? left : FIFO;

		while (!(mg_in8(HV_PORT_COM1 + LSR) & THR_EMPTY))
			mg_pause();
		left -= n;
		text = mg_out_string(HV_PORT_COM1 + DATA, text, n);
	}
}
