/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef OFFLOAD_CHIMNEY_SHIM_CRCCOPY_H
#define OFFLOAD_CHIMNEY_SHIM_CRCCOPY_H

#include <stddef.h>
#include <stdint.h>

/* Copies n bytes and returns their CRC32C (RFC 3720 12.1, reflected, without the final inversion
 * applied twice): crc is what the call before returned, 0 for the first. Any thread. */
uint32_t chim_crc32c_copy(void *dst, const void *src, size_t n, uint32_t crc);

#endif
