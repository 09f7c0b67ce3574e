/* SPDX-License-Identifier: BSD-3-Clause */
/* Where a console is looked at: one file each. Main thread. */
#ifndef HV_CORE_CONSOLE_TERM_H
#define HV_CORE_CONSOLE_TERM_H

#include "hv-core/console.h"

struct hv_term {
	/* Shows it without waiting. */
	void (*out)(struct hv_term *t, const void *bytes, size_t len);
	void (*free)(struct hv_term *t);
	const char *path; /* where others find it; NULL: nowhere */
};

/* NULL with e filled. */
struct hv_term *hv_term_stdio(struct event_base *loop, struct hv_console *c,
			      const struct hv_console_options *o, struct err *e);
struct hv_term *hv_term_socket(struct event_base *loop, struct hv_console *c, const char *path,
			       struct err *e);
struct hv_term *hv_term_pty(struct event_base *loop, struct hv_console *c, const char *link,
			    struct err *e);

#endif
