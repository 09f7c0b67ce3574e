/* SPDX-License-Identifier: BSD-3-Clause */
/* chim_opts_parse(): no byte outside is read, and what it understood is built and read again as the
 * same. */
#include "offload/chimney/fast/opts.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct chim_opts o, again;
	uint8_t bytes[CHIM_OPTS_BYTES];
	uint32_t len;
	int ret;

	if (size > CHIM_OPTS_BYTES)
		return 0;
	ret = chim_opts_parse(data, (uint32_t)size, &o);
	if (ret == -EBADMSG)
		return 0;
	if (ret != 0 || o.n_sack > CHIM_OPTS_SACKS)
		abort();
	len = chim_opts_build(&o, bytes);
	if (len > CHIM_OPTS_BYTES || len % 4 != 0)
		abort();
	if (chim_opts_parse(bytes, len, &again) != 0 || again.has_ts != o.has_ts)
		abort();
	if (o.has_ts && (again.tsval != o.tsval || again.tsecr != o.tsecr))
		abort();
	if (again.n_sack != (o.has_ts && o.n_sack > 3 ? 3 : o.n_sack) ||
	    memcmp(again.sack, o.sack, again.n_sack * sizeof(o.sack[0])) != 0)
		abort();
	return 0;
}
