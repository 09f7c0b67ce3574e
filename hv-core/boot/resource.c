/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/boot/resource.h"

#define SMALL_IO	0x47 /* item 8, seven bytes */
#define IO_DECODE16	0x01
#define LARGE_MEMORY32	0x86
#define LARGE_DWORD	0x87
#define LARGE_WORD	0x88
#define LARGE_INTERRUPT 0x89
#define LARGE_QWORD	0x8a
#define WRITABLE	0x01

#define INTERRUPT_CONSUMER 0x01
#define INTERRUPT_EDGE	   0x02

#define KIND_MEMORY 0
#define KIND_IO	    1
#define KIND_BUS    2
#define FIXED	    0x0c /* both ends are fixed; a producer, decoding positively */
#define ENTIRE	    0x03 /* ISA and other ranges */

void hv_res_io(struct hv_aml *a, uint16_t port, uint8_t ports)
{
	hv_aml_number(a, SMALL_IO, 1);
	hv_aml_number(a, IO_DECODE16, 1);
	hv_aml_number(a, port, 2);
	hv_aml_number(a, port, 2);
	hv_aml_number(a, 1, 1); /* alignment */
	hv_aml_number(a, ports, 1);
}

void hv_res_memory32(struct hv_aml *a, uint32_t at, uint32_t bytes)
{
	hv_aml_number(a, LARGE_MEMORY32, 1);
	hv_aml_number(a, 9, 2);
	hv_aml_number(a, WRITABLE, 1);
	hv_aml_number(a, at, 4);
	hv_aml_number(a, bytes, 4);
}

void hv_res_interrupt(struct hv_aml *a, uint32_t gsi, bool level)
{
	hv_aml_number(a, LARGE_INTERRUPT, 1);
	hv_aml_number(a, 6, 2);
	hv_aml_number(a, INTERRUPT_CONSUMER | (level ? 0 : INTERRUPT_EDGE), 1);
	hv_aml_number(a, 1, 1); /* how many */
	hv_aml_number(a, gsi, 4);
}

/* Address space descriptors: the same fields, 2, 4 or 8 bytes wide. */
static void window(struct hv_aml *a, uint8_t tag, unsigned int width, uint8_t kind, uint8_t flags,
		   uint64_t at, uint64_t size)
{
	hv_aml_number(a, tag, 1);
	hv_aml_number(a, 3 + 5 * width, 2);
	hv_aml_number(a, kind, 1);
	hv_aml_number(a, FIXED, 1);
	hv_aml_number(a, flags, 1);
	hv_aml_number(a, 0, width); /* granularity */
	hv_aml_number(a, at, width);
	hv_aml_number(a, at + size - 1, width);
	hv_aml_number(a, 0, width); /* translation */
	hv_aml_number(a, size, width);
}

void hv_res_buses(struct hv_aml *a, unsigned int first, unsigned int last)
{
	window(a, LARGE_WORD, 2, KIND_BUS, 0, first, last - first + 1);
}

void hv_res_window_io(struct hv_aml *a, uint16_t port, unsigned int ports)
{
	window(a, LARGE_WORD, 2, KIND_IO, ENTIRE, port, ports);
}

void hv_res_window_memory32(struct hv_aml *a, uint32_t at, uint32_t bytes)
{
	window(a, LARGE_DWORD, 4, KIND_MEMORY, WRITABLE, at, bytes);
}

void hv_res_window_memory64(struct hv_aml *a, uint64_t at, uint64_t bytes)
{
	window(a, LARGE_QWORD, 8, KIND_MEMORY, WRITABLE, at, bytes);
}
