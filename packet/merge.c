/* SPDX-License-Identifier: BSD-3-Clause */
#include "packet/merge.h"

#include <stddef.h>

static const struct {
	const char *name, *help;
} ends[PKT_MERGE_END_MAX] = {
#define X(sym, name, help) [PKT_MERGE_##sym] = {name, help},
	PKT_MERGE_ENDS(X)
#undef X
};

static const char *const sizes[PKT_MERGE_SIZE_MAX] = {
#define X(sym, name, most) [PKT_MERGE_##sym] = name,
	PKT_MERGE_SIZES(X)
#undef X
};

const char *pkt_merge_end_name(enum pkt_merge_end end)
{
	return end < PKT_MERGE_END_MAX ? ends[end].name : NULL;
}

const char *pkt_merge_end_help(enum pkt_merge_end end)
{
	return end < PKT_MERGE_END_MAX ? ends[end].help : NULL;
}

const char *pkt_merge_size_name(enum pkt_merge_size size)
{
	return size < PKT_MERGE_SIZE_MAX ? sizes[size] : NULL;
}
