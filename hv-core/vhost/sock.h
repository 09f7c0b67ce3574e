/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * UNIX sockets that carry messages with descriptors, never waiting beyond a deadline. Any thread.
 */
#ifndef HV_CORE_VHOST_SOCK_H
#define HV_CORE_VHOST_SOCK_H

#include "hv-core/vhost/msg.h"

/* CLOCK_MONOTONIC. */
uint64_t hv_vu_now_ns(void);

/* A socket that is connected, or one that listens (what nobody listens on any more is replaced).
 * Non-blocking. The descriptor or negative errno. */
int hv_vu_connect(const char *path, struct err *e);
int hv_vu_listen(const char *path, struct err *e);

/* Sends it with its descriptors, which stay the caller's. 0 or negative errno. */
int hv_vu_send(int sock, const struct hv_vu_msg *m, const int *fd, unsigned int n_fds,
	       uint64_t deadline_ns, struct err *e);
/* Receives one whole message. *fd is its descriptor, the caller's from then on, or -1; more than
 * one is an error. *n_fds says how many came. 0; -ECONNRESET: the other side closed; -ETIMEDOUT;
 * -EPROTO. */
int hv_vu_recv(int sock, struct hv_vu_msg *m, int *fd, unsigned int *n_fds, uint64_t deadline_ns,
	       struct err *e);

#endif
