/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Between the supervisor and the guest's process: one JSON text a message, with descriptors where
 * something is handed in (unix(7), SOCK_SEQPACKET, SCM_RIGHTS).
 *
 *	to the guest	{"id":1,"call":"show","params":{..}}	without id: no answer is wanted
 *	from it		{"id":1,"result":{..}} or {"id":1,"error":ERROR}
 *			{"event":"running"}, {"event":"gone","nic":".."},
 *			{"event":"failed", and the members of ERROR},
 *			{"event":"end","end":"power-off","why":".."}
 *			ERROR: {"code":-22,"text":"..","path":".."}
 *
 * The supervisor trusts what comes from a guest's process no further than a peer of the control
 * socket: its text is parsed, its members are checked, descriptors from there are closed. Any
 * thread, one at a time for a socket.
 */
#ifndef HV_CORE_WIRE_H
#define HV_CORE_WIRE_H

#include "base/err.h"
#include "base/json.h"

#define HV_WIRE_MAX (160u << 10) /* bytes of a message; a socket's buffer holds it */
#define HV_WIRE_FDS 4

/* A pair, both ends close-on-exec, the supervisor's ([0]) non-blocking. 0 or negative errno. */
int hv_wire_pair(int fd[2]);

/* Sends one; fds: n of them, not taken over. 0; -EMSGSIZE; -EAGAIN: the peer does not read;
 * -EPIPE: it is gone. */
int hv_wire_send(int fd, const json_t *msg, const int *fds, unsigned int n);

/* Receives one without waiting. fds: filled with up to HV_WIRE_FDS, the caller's, the rest -1;
 * NULL: whatever is handed in is closed. NULL with *ret 0: the peer is gone; -EAGAIN: nothing
 * there; -EBADMSG: not JSON, or too long. */
json_t *hv_wire_receive(int fd, int *fds, int *ret);

#endif
