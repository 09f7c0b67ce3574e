/* SPDX-License-Identifier: BSD-3-Clause */
/* The MTU plan of a configuration that is not carried out yet. */
#ifndef VSWITCH_CTRL_MTU_CONFIG_H
#define VSWITCH_CTRL_MTU_CONFIG_H

#include "base/err.h"
#include "base/json.h"

/* Can the MTUs of a configuration that api_check_config() accepts hold: none above its bridge's,
 * no bridge's above the site's? 0; -EINVAL with e->path at the offender; -ENOMEM. Any thread. */
int mtu_check_config(const json_t *config, struct err *e);

#endif
