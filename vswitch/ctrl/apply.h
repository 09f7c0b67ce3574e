/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The engine of config.apply: what leads from one configuration to another, and doing it so that
 * it is done wholly or not at all. Pure over JSON; the switch is behind a callback.
 *
 * A plan is an array of changes, each one call of an RPC method:
 *   {"verb": "add|set|del", "object": "port", "name": "h1", "params": {...}, "path": "/ports/0"}
 * `path` is the JSON pointer of the object in the desired configuration; a del has one only when
 * the object is made anew. The order makes each step legal: fdb entries, ports and bridges go,
 * then the switch is set, then bridges, ports and fdb entries are set or added. All goes before
 * any comes, so that names, sockets and interfaces can be swapped between ports. Legal but for
 * MTUs: those of the desired configuration are checked as a whole (mtu_config.h), and on the way
 * there a bridge may for a moment be above the site, or a port above its bridge.
 *
 * Values are compared by meaning: an absent key is its default, MAC addresses know no case,
 * "3,1-2" is "1-3". An object is made anew (del, then add) when a key differs that cannot be set
 * while it lives. Making anew takes along what hangs on the object: a bridge's ports, a port's
 * static fdb entries.
 *
 * A settable key that goes back to absent is set to its default ("auto" for an mtu). So `set` must
 * treat a default as absence before it checks keys against each other: vlan-mode access together
 * with the default of vlans is how a trunk becomes an access port.
 */
#ifndef VSWITCH_CTRL_APPLY_H
#define VSWITCH_CTRL_APPLY_H

#include "base/err.h"
#include "base/json.h"

/* Plans what leads from current (as config.show gives it) to desired, which is checked first, its
 * MTUs too:
 * e->path is a JSON pointer into desired. A new reference, an empty array when nothing is to be
 * done; NULL: desired is not a configuration, or no memory. Any thread. */
json_t *apply_plan(const json_t *current, const json_t *desired, struct err *e);

/* Carries out one method ("port.add"); the params are as the schema wants them. 0, or negative
 * errno with e filled (e->path: JSON pointer into params, or ""), and then nothing was changed. */
typedef int (*apply_call)(void *ctx, const char *method, const json_t *params, struct err *e);

/* Carries out a plan made from current. When a step fails, the way back from what was reached to
 * current is planned and carried out the same way. Returns 0, or the negative errno of the step
 * that failed, with e its error: e->path points into desired, and the text goes on with what could
 * not be restored, if anything. Main thread. */
int apply_run(const json_t *plan, const json_t *current, apply_call call, void *ctx, struct err *e);

#endif
