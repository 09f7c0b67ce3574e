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

/* Is the kernel's module there; is its parameter on? */
bool host_has_module(const struct host_check *c, const char *module);
bool host_parameter(const struct host_check *c, const char *module, const char *parameter);

/* What carries the guests: which KVM. */
void host_check_guests(struct host_check *c);
/* What a device that is a guest's own needs of processor and platform; then: */
void host_check_direct(struct host_check *c);
/* the network functions, one row each, after what is to be said of all. */
void host_check_functions(struct host_check *c);

#endif
