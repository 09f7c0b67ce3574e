/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/restart.h"

#define DELAY_MAX_MS   30000
#define RESETS_AT_ONCE 4

const char *hv_how_name(enum hv_how how)
{
	static const char *const names[] = {
		[HV_HOW_POWER_OFF] = "power-off", [HV_HOW_RESET] = "reset",
		[HV_HOW_CRASH] = "crash",	  [HV_HOW_STOPPED] = "stopped",
		[HV_HOW_FAILED] = "failed",	  [HV_HOW_DIED] = "died",
		[HV_HOW_FORBIDDEN] = "forbidden",
	};

	return names[how];
}

bool hv_restart_again(enum hv_restart policy, enum hv_how how, bool told, bool first)
{
	if (told)
		return false;
	switch (how) {
	case HV_HOW_RESET:
		return true;
	case HV_HOW_FAILED:
		return !first && policy != HV_RESTART_NEVER;
	case HV_HOW_CRASH:
	case HV_HOW_DIED:
	case HV_HOW_FORBIDDEN:
		return policy != HV_RESTART_NEVER;
	case HV_HOW_POWER_OFF:
		return policy == HV_RESTART_ALWAYS;
	case HV_HOW_STOPPED:
		break;
	}
	return false;
}

unsigned int hv_restart_delay_ms(enum hv_how how, unsigned int quick)
{
	unsigned int ms = 100;

	if (how == HV_HOW_RESET) {
		if (quick < RESETS_AT_ONCE)
			return 0;
		quick -= RESETS_AT_ONCE;
	}
	while (quick-- > 0 && ms < DELAY_MAX_MS)
		ms *= 2;
	return ms < DELAY_MAX_MS ? ms : DELAY_MAX_MS;
}

enum hv_exit_status hv_restart_status(enum hv_how how, bool forced)
{
	if (forced)
		return HV_EXIT_FORCED;
	switch (how) {
	case HV_HOW_FAILED:
		return HV_EXIT_FAILED;
	case HV_HOW_CRASH:
		return HV_EXIT_CRASH;
	case HV_HOW_DIED:
		return HV_EXIT_DIED;
	case HV_HOW_FORBIDDEN:
		return HV_EXIT_FORBIDDEN;
	default:
		return HV_EXIT_OK;
	}
}
