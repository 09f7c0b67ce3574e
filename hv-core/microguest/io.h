/* SPDX-License-Identifier: BSD-3-Clause */
/* The processor's instructions. */
#ifndef HV_CORE_MICROGUEST_IO_H
#define HV_CORE_MICROGUEST_IO_H

#include <stdint.h>

static inline void mg_out8(uint16_t port, uint8_t v)
{
	__asm__ volatile("outb %0, %1" : : "a"(v), "Nd"(port));
}

/* One instruction, one exit for all of it; returns where it stopped. */
static inline const char *mg_out_string(uint16_t port, const char *text, uint64_t n)
{
	__asm__ volatile("rep outsb" : "+S"(text), "+c"(n) : "d"(port) : "memory");
	return text;
}

static inline uint8_t mg_in8(uint16_t port)
{
	uint8_t v;

	__asm__ volatile("inb %1, %0" : "=a"(v) : "Nd"(port));
	return v;
}

static inline void mg_out32(uint16_t port, uint32_t v)
{
	__asm__ volatile("outl %0, %1" : : "a"(v), "Nd"(port));
}

static inline uint32_t mg_in32(uint16_t port)
{
	uint32_t v;

	__asm__ volatile("inl %1, %0" : "=a"(v) : "Nd"(port));
	return v;
}

static inline uint64_t mg_cycles(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (uint64_t)high << 32 | low;
}

static inline void mg_pause(void)
{
	__asm__ volatile("pause" : : : "memory");
}

#endif
