/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What went wrong, in words that name the cure.
 *
 * Functions that can fail for a reason a person should read take a struct err and return a
 * negative errno. The struct is the caller's, usually on its stack; nothing in it is allocated.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <errno.h>

#define ERRNO_MAX 4095 /* as the kernel has it */

struct err {
	int code;	/* negative errno; 0 while nothing is wrong */
	char path[128]; /* which part of the input, as a JSON pointer ("/ports/3/netns"), or "" */
	char text[384]; /* one sentence: what is wrong, then what mends it */
};

/* Fills e and returns code, so that a caller can `return err_set(...)`. e may be NULL.
 * code: negative errno. Keeps e->path. Any thread. */
int err_set(struct err *e, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* As err_set, and records the JSON pointer of the input that is at fault. Any thread. */
int err_at(struct err *e, int code, const char *path, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* "EBUSY" as -EBUSY; unknown where there is no such name. Any thread. */
int err_code_of_name(const char *name, int unknown);

#endif
