/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

/* Monotonic time in nanoseconds. Any thread; costs a vDSO call, so a worker reads the TSC instead.
 */
uint64_t clock_now_ns(void);

#endif
