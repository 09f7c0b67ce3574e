/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/crc/crccopy.h"
#include "offload/chimney/crc/crc_kinds.h"

static uint32_t run(uint32_t crc, uint8_t *dst, const uint8_t *src, size_t len)
{
	if (crc_x86_works())
		return ~crc_x86(~crc, dst, src, len);
	return ~crc_table(~crc, dst, src, len);
}

uint32_t chim_crc32c(uint32_t crc, const void *src, size_t len)
{
	return run(crc, NULL, src, len);
}

uint32_t chim_crc32c_copy(uint32_t crc, void *dst, const void *src, size_t len)
{
	return run(crc, dst, src, len);
}

const char *chim_crc32c_how(void)
{
	return crc_x86_works() ? "sse4.2+pclmul" : "table";
}
