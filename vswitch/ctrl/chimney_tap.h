/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Taps (offload/chimney/run/tap.h) on offloaded connections, and who reads them: a client of the
 * control socket, which has one tap and loses it when it goes. All: main.
 */
#ifndef VSWITCH_CTRL_CHIMNEY_TAP_H
#define VSWITCH_CTRL_CHIMNEY_TAP_H

#include "vswitch/ctrl/chimney.h"

void chimney_tapped(struct chim_link *l);   /* the worker has taken notice of a tap, or of none */
void chimney_tap_over(struct chim_link *l); /* it neither sends nor receives any more */
void chimney_tap_stopped(struct chim_link *l); /* the worker has forgotten it: it is about to be
						  freed */
void chimney_tap_fini(struct chimney *ch);     /* no link is left */

/* As rpc_server_on_gone() wants it; ctx is the struct ctrl. */
void tap_caller_gone(void *ctx, uint64_t caller);

/* Answers when the worker has the tap: what passes from then on is in it. */
void tap_start(void *ctx, const json_t *params, struct rpc_reply *reply);
json_t *tap_read(void *ctx, const json_t *params, struct err *e);
/* Answers when it has it no more: another one may look. */
void tap_stop(void *ctx, const json_t *params, struct rpc_reply *reply);

#endif
