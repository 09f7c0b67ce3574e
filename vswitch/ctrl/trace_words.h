/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VSWITCH_CTRL_TRACE_WORDS_H
#define VSWITCH_CTRL_TRACE_WORDS_H

#include "packet/trace.h"

#include <stddef.h>

/* Puts a recorded step into words (a stage's texts: packet/stage.h), always NUL-terminated, and
 * returns the stage's name ("drop" for a drop). port_name(ctx, number) names a port. Any thread. */
const char *trace_words(const struct pkt_trace_step *s,
			const char *(*port_name)(void *ctx, uint16_t id), void *ctx, char *text,
			size_t size);

#endif
