/* SPDX-License-Identifier: BSD-3-Clause */
/* The hand-over socket (hand_msg.h). Main thread. */
#ifndef SRIOV_PF_CTRL_HAND_SERVER_H
#define SRIOV_PF_CTRL_HAND_SERVER_H

#include "sriov-pf/ctrl/ctrl.h"

/* Listens at that path, as rpc_listen() does. NULL with e. */
struct hand_server *hand_server_new(struct ctrl *c, const char *path, const char *group,
				    struct err *e);
/* Ends all connections and removes the socket. */
void hand_server_free(struct hand_server *s);

#endif
