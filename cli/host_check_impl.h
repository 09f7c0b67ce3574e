/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of `flue host check` share. */
#ifndef CLI_HOST_CHECK_IMPL_H
#define CLI_HOST_CHECK_IMPL_H

#include "base/json.h"

#include <stddef.h>

struct host_check {
	const char *root;
	json_t *rows;
	bool amd;  /* the processor's vendor decides modules and parameters */
	bool virt; /* it has VT-x or AMD-V and shows it */
};

/* Adds a row; cure may be NULL. */
void host_row(struct host_check *c, const char *item, const char *state, const char *cure,
	      const char *means_fmt, ...) __attribute__((format(printf, 5, 6)));
/* Puts the root before the path. Returns buf. */
const char *host_at(const struct host_check *c, const char *path, char *buf, size_t size);
/* The file's first line without its end; "" if there is none. */
void host_read_line(const struct host_check *c, const char *path, char *line, size_t size);

/* What carries the guests: which KVM, and what of the processor it uses. */
void host_check_guests(struct host_check *c);

#endif
