/* SPDX-License-Identifier: BSD-3-Clause */
/* CRC-32C (Castagnoli), as in RFC 3720 appendix B.4: finds a line that was cut or damaged. */
#ifndef SRIOV_PF_ENGINE_CRC32C_H
#define SRIOV_PF_ENGINE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* Of len bytes. Any thread. */
uint32_t pf_crc32c(const void *data, size_t len);

#endif
