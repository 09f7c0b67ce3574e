/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * CRC32C (Castagnoli; RFC 3720 12.1, RFC 3385): what iSCSI's digests are, computed while bytes are
 * copied, so that they pass the processor once. All functions: any thread.
 */
#ifndef OFFLOAD_CHIMNEY_CRC_CRCCOPY_H
#define OFFLOAD_CHIMNEY_CRC_CRCCOPY_H

#include <stddef.h>
#include <stdint.h>

/* Of crc's bytes and then these; to begin, crc is 0. In pieces or as a whole it is the same. As the
 * digest on the wire it is stored little-endian. */
uint32_t chim_crc32c(uint32_t crc, const void *src, size_t len);

/* The same of src, and copies it to dst. They must not overlap. */
uint32_t chim_crc32c_copy(uint32_t crc, void *dst, const void *src, size_t len);

/* How it is computed here: "sse4.2+pclmul", "table". */
const char *chim_crc32c_how(void);

#endif
