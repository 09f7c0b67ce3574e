/* SPDX-License-Identifier: BSD-3-Clause */
/* A port's impair key: whatever was taken is within its bounds, and what was not says why. */
#include "base/impair.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
	if (!ok)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint64_t most = UINT64_C(10000000000);
	struct impair i = {0};
	struct err e = {0};
	char *text = malloc(size + 1);

	memcpy(text, data, size);
	text[size] = '\0';
	if (impair_parse(text, &i, &e) != 0)
		must(e.code == -EINVAL && e.text[0] && !i.on && i.limit == 0);
	else if (i.on)
		must(i.limit >= 1 && i.limit <= IMPAIR_LIMIT_MAX && i.delay_ns <= most &&
		     i.jitter_ns <= i.delay_ns && (!i.reorder || i.delay_ns) &&
		     (!i.rate_bps || i.rate_bps >= 1000));
	free(text);
	return 0;
}
