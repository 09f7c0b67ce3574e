/* SPDX-License-Identifier: BSD-3-Clause */
/* A journal of a plan, whole or damaged: its lines are objects, and the part it took for whole
 * gives the same lines again. */
#include "sriov-pf/engine/journal.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t whole, again, i;
	json_t *lines = pf_journal_parse((const char *)data, size, &whole), *line, *same;

	if (!lines || whole > size || (whole > 0 && data[whole - 1] != '\n'))
		abort();
	json_array_foreach (lines, i, line)
		if (!json_is_object(line))
			abort();
	same = pf_journal_parse((const char *)data, whole, &again);
	if (again != whole || !json_equal(lines, same))
		abort();
	json_decref(lines);
	json_decref(same);
	return 0;
}
