/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef OFFLOAD_CHIMNEY_SHIM_CRCCOPY_H
#define OFFLOAD_CHIMNEY_SHIM_CRCCOPY_H

#include <stddef.h>
#include <stdint.h>

/* Copies and returns the CRC32C (RFC 3720 12.1) of crc's bytes and then these; to begin, crc is 0.
 * They must not overlap. Any thread. */
uint32_t chim_crc32c_copy(uint32_t crc, void *dst, const void *src, size_t len);

#endif
