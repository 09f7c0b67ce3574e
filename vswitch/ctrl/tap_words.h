/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VSWITCH_CTRL_TAP_WORDS_H
#define VSWITCH_CTRL_TAP_WORDS_H

#include "offload/chimney/run/tap.h"

/* Puts a captured frame into a line of words: ends, flags, numbers as they are in the header,
 * length, options. Always NUL-terminated; what was not captured is not said. Returns text. Any
 * thread. */
const char *tap_words(const struct chim_tap_record *r, char *text, size_t size);

#endif
