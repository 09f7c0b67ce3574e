/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ways in which crccopy.c computes. The remainder is passed as it is, not inverted; dst NULL:
 * nothing is copied. Any thread.
 */
#ifndef OFFLOAD_CHIMNEY_CRC_CRC_KINDS_H
#define OFFLOAD_CHIMNEY_CRC_CRC_KINDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Eight tables, eight bytes a step: on every machine. */
uint32_t crc_table(uint32_t crc, uint8_t *dst, const uint8_t *src, size_t len);

/* May crc_x86() be called? */
bool crc_x86_works(void);

/* With the instructions crc32 and pclmulqdq. */
uint32_t crc_x86(uint32_t crc, uint8_t *dst, const uint8_t *src, size_t len);

#endif
