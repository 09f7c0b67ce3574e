/* SPDX-License-Identifier: BSD-3-Clause */
/* Flows of offloaded connections, as the control thread has them. */
#ifndef VSWITCH_CTRL_FLOW_H
#define VSWITCH_CTRL_FLOW_H

#include "base/err.h"
#include "offload/chimney/steer/flow.h"

#include <jansson.h>

struct ctrl;

/* Makes the table, for at most max flows, and has all workers poll it. 0, or
 * -ENOMEM with e filled. Main, before
 * workers run. */
int ctrl_flows_init(struct ctrl *c, uint32_t max, struct err *e);

/* Main, when no worker runs. */
void ctrl_flows_fini(struct ctrl *c);

/* The only caller of flow_reap(). Ends flows that were released and that no worker knows any more;
 * what takes longer than a few grace periods is done by the timer. Main. */
void ctrl_flows_reap(struct ctrl *c);

/* A port is about to be removed: what is held by hand on its way there is dropped. Main. */
void ctrl_flows_port_gone(struct ctrl *c, uint16_t port);

/* Forgets what was held by hand; the flows go with the table. Main. */
void ctrl_holds_free(struct ctrl *c);

struct endpoint;

/* The address and port that params[key] is. 0, or -EINVAL with e filled, which names the key. */
int flow_endpoint(const json_t *params, const char *key, struct endpoint *ep, struct err *e);

#endif
