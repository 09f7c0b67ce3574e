/* SPDX-License-Identifier: BSD-3-Clause */
/* poll() and select() over descriptors of both kinds: flued's connections are looked at here, and
 * the kernel waits for their eventfds together with the others. Any thread. */
#ifndef OFFLOAD_CHIMNEY_SHIM_POLL_H
#define OFFLOAD_CHIMNEY_SHIM_POLL_H

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/select.h>
#include <time.h>

/* Is one of them tracked? If not, the call is the kernel's alone. */
bool chim_poll_tracked(const struct pollfd *fds, nfds_t n);

/* timeout: NULL for ever. Returns as ppoll(2), with errno. */
int chim_poll(struct pollfd *fds, nfds_t n, const struct timespec *timeout, const sigset_t *mask);

/* As pselect(2), which sets no timeout. -2: none is tracked. */
int chim_select(int n, fd_set *in, fd_set *out, fd_set *except, const struct timespec *timeout,
		const sigset_t *mask);

#endif
