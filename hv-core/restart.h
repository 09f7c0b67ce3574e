/* SPDX-License-Identifier: BSD-3-Clause */
/* What follows when a guest has ended. Pure. */
#ifndef HV_CORE_RESTART_H
#define HV_CORE_RESTART_H

#include "hv-core/config.h"

/* How a guest's process ended. */
enum hv_how {
	HV_HOW_POWER_OFF, /* the guest switched itself off */
	HV_HOW_RESET,	  /* the guest wants to start anew */
	HV_HOW_CRASH,	  /* triple fault, or KVM gave up */
	HV_HOW_STOPPED,	  /* its process ended in order, the guest was not asked */
	HV_HOW_FAILED,	  /* it could not begin */
	HV_HOW_DIED,	  /* its process died: a signal, or a status nobody knows */
	HV_HOW_FORBIDDEN, /* it was killed for a system call that its sandbox does not allow */
};

/* What flue-vm ends with; flue-vm(1). Never renumbered. */
enum hv_exit_status {
	HV_EXIT_OK = 0,	       /* the guest switched itself off, by itself or by the power button */
	HV_EXIT_FAILED = 1,    /* it could not begin */
	HV_EXIT_USAGE = 2,     /* command line or configuration are wrong */
	HV_EXIT_CRASH = 3,     /* the guest crashed */
	HV_EXIT_FORCED = 4,    /* it was ended by force */
	HV_EXIT_DIED = 5,      /* its process died */
	HV_EXIT_FORBIDDEN = 6, /* its process made a call that the sandbox does not allow */
};

/* "power-off", "crash" ... */
const char *hv_how_name(enum hv_how how);

/* Is there to be a new guest? told: we were told to end it. first: it is the first one of this
 * flue-vm: what cannot begin is said, and not tried again. */
bool hv_restart_again(enum hv_restart policy, enum hv_how how, bool told, bool first);

/* How long to wait first. quick: how many ended, one after the other, after less than
 * HV_RESTART_QUICK_S. A guest that asks for a reset waits for nothing, unless it does so again and
 * again. Milliseconds. */
#define HV_RESTART_QUICK_S 10
unsigned int hv_restart_delay_ms(enum hv_how how, unsigned int quick);

/* What flue-vm ends with after that. forced: we killed it. */
enum hv_exit_status hv_restart_status(enum hv_how how, bool forced);

#endif
