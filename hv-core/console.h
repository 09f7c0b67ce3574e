/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The guest's serial console, in the supervisor. Two pipes lead to the guest's process and outlive
 * it: what a guest said last before it crashed is still in the pipe, and its successor writes to
 * the same one. A pipe that is full loses bytes instead of holding up a vCPU.
 *
 * What comes out goes to a history of 64 KB, to the log, and to one terminal: this process's
 * stdio, a UNIX socket, or a pty. All: main thread.
 */
#ifndef HV_CORE_CONSOLE_H
#define HV_CORE_CONSOLE_H

#include "base/err.h"
#include "base/json.h"
#include "hv-core/config.h"

#include <event2/event.h>
#include <stddef.h>
#include <stdint.h>

#define HV_CONSOLE_HISTORY 65536 /* bytes */

struct hv_console;

struct hv_console_options {
	enum hv_console_kind kind;
	const char *path; /* of the socket, or a link to the pty; NULL: no link */
	const char *log;  /* NULL: none */
	uint64_t log_max_bytes;
	/* Somebody at stdio asked for it by the escape key. */
	void (*power_button)(void *arg);
	void (*kill)(void *arg);
	void *arg;
};

/* NULL with e filled. The options' strings are borrowed. */
struct hv_console *hv_console_new(struct event_base *loop, const struct hv_console_options *o,
				  struct err *e);
/* Writes out what is still in the pipe; a terminal is as it was before. NULL: nothing. */
void hv_console_free(struct hv_console *c);

/* Ends of the pipes for the guest's process, non-blocking; the console keeps them too. */
int hv_console_guest_in(const struct hv_console *c);
int hv_console_guest_out(const struct hv_console *c);

/* A new guest: what was typed for the one before is not for it. */
void hv_console_forget_typed(struct hv_console *c);

/* {"kind":"socket","path":"..","dropped_bytes":n}: dropped: typed, or for a reader that is too
 * slow. A new reference. */
json_t *hv_console_show(const struct hv_console *c);

/* For terminals, which are told what the guest says and tell what is typed. */
void hv_console_type(struct hv_console *c, const void *bytes, size_t len);
void hv_console_dropped(struct hv_console *c, size_t bytes);
/* The history's two pieces, the older first; returns how many (0 to 2). */
struct iovec;
int hv_console_history(const struct hv_console *c, struct iovec piece[2]);

#endif
