/* SPDX-License-Identifier: BSD-3-Clause */
/* Ctrl-A, the way out of a raw terminal. Pure. */
#ifndef HV_CORE_CONSOLE_ESCAPE_H
#define HV_CORE_CONSOLE_ESCAPE_H

#include <stdbool.h>
#include <stdint.h>

enum hv_escape {
	HV_ESCAPE_PASS,	 /* the byte is for the guest */
	HV_ESCAPE_NONE,	 /* nothing, yet or at all */
	HV_ESCAPE_KILL,	 /* Ctrl-A x */
	HV_ESCAPE_POWER, /* Ctrl-A p */
	HV_ESCAPE_HELP,	 /* Ctrl-A h, or anything else */
};

/* What the typed byte means. Ctrl-A twice is one Ctrl-A for the guest. begun: false at first. */
enum hv_escape hv_escape(bool *begun, uint8_t byte);

#endif
