/* SPDX-License-Identifier: BSD-3-Clause */
/* The lists themselves; filter.c makes programs of them. Constant. */
#ifndef HV_CORE_SANDBOX_LISTS_H
#define HV_CORE_SANDBOX_LISTS_H

#include "hv-core/sandbox/sandbox.h"

#include <stddef.h>
#include <stdint.h>

#define MAIN (1u << HV_SANDBOX_MAIN)
#define VCPU (1u << HV_SANDBOX_VCPU)
#define DISK (1u << HV_SANDBOX_DISK)
#define CARD (1u << HV_SANDBOX_CARD)
#define ALL  (MAIN | VCPU | DISK | CARD)

/* What an argument must be. */
enum hv_call_when {
	ANY,
	IS,	 /* argument `arg` is `value` */
	LACKS,	 /* it has none of the bits of `value` */
	OWN_PID, /* it is this process */
};

struct hv_call {
	int nr;
	unsigned int kinds;
	enum hv_call_when when;
	unsigned int arg;
	uint64_t value;
	int refused; /* 0: allowed; else the call does nothing and fails with this errno */
};

extern const struct hv_call hv_calls[];
extern const size_t hv_calls_n;
/* ioctl() by its request. */
struct hv_ioctl {
	uint64_t request;
	unsigned int kinds;
};
extern const struct hv_ioctl hv_ioctls[];
extern const size_t hv_ioctls_n;

#endif
