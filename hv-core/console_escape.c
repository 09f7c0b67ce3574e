/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/console_escape.h"

#define CTRL_A 1

enum hv_escape hv_escape(bool *begun, uint8_t byte)
{
	if (!*begun) {
		*begun = byte == CTRL_A;
		return *begun ? HV_ESCAPE_NONE : HV_ESCAPE_PASS;
	}
	*begun = false;
	switch (byte) {
	case CTRL_A:
		return HV_ESCAPE_PASS;
	case 'x':
		return HV_ESCAPE_KILL;
	case 'p':
		return HV_ESCAPE_POWER;
	default:
		return HV_ESCAPE_HELP;
	}
}
