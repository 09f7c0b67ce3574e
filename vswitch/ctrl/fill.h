/* SPDX-License-Identifier: BSD-3-Clause */
/* Configuration of one object: as given, with defaults, with changes. Any thread. */
#ifndef VSWITCH_CTRL_FILL_H
#define VSWITCH_CTRL_FILL_H

#include "api/schema.h"

/* A copy of conf with what absence means filled in, where it means something for such an object
 * (a port's own kind; vlans on trunks only), and does not depend on others, as an mtu does. NULL:
 * no memory. */
json_t *fill_defaults(const char *object, const json_t *conf);

/* A copy of conf with the members of `params` in place of its own; what is then only a default is
 * left out. NULL: no memory. */
json_t *fill_merged(const char *object, const json_t *conf, const json_t *params);

#endif
