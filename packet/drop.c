/* SPDX-License-Identifier: BSD-3-Clause */
#include "packet/drop.h"

#include <stddef.h>

const char *pkt_drop_name(enum pkt_drop reason)
{
	switch (reason) {
#define X(sym, name, help)   \
	case PKT_DROP_##sym: \
		return name;
		PKT_DROPS(X)
#undef X
	default:
		return NULL;
	}
}

const char *pkt_drop_help(enum pkt_drop reason)
{
	switch (reason) {
#define X(sym, name, help)   \
	case PKT_DROP_##sym: \
		return help;
		PKT_DROPS(X)
#undef X
	default:
		return NULL;
	}
}
