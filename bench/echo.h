/* SPDX-License-Identifier: BSD-3-Clause */
/* Echo requests from one host to another, timed. The other host's kernel answers. Main thread. */
#ifndef BENCH_ECHO_H
#define BENCH_ECHO_H

#include "base/err.h"

#include <stdint.h>

/* A socket of the namespace, connected to the address. Its descriptor, or a negative errno. */
int echo_open(const char *netns, const char *address, struct err *e);

/* Nanoseconds from sending to the answer, for which it spins; 0 when none came within 200 ms. */
uint64_t echo_once(int fd, uint16_t number);

#endif
