/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A connection out of a kernel socket and into it again: TCP_REPAIR. The socket stays the same
 * object all the time, so that whoever has a descriptor of it keeps it.
 *
 *   take     the socket stops sending and answers nothing of its user's; its state is copied out
 *   close    the kernel forgets the connection without a word, the local port stays reserved
 *   restore  the connection is in the kernel again
 *   thaw     instead of close: goes on as if nothing had been
 *
 * Between take and restore nothing may reach the kernel from the peer: the switch holds the flow.
 * TCP_REPAIR itself does not quiesce a socket, and a closed one answers with RST.
 *
 * A FIN that was received cannot be given back: the kernel has no way to be put into CLOSE-WAIT.
 * The connection is restored as it was before the FIN, and the caller delivers the frame that
 * chim_fin_frame() makes as the first of what it held. See fin.h.
 *
 * Not given back, for the kernel takes none of it: cwnd, ssthresh, the RTT and RTO, ECN, and
 * ts_recent (0 is echoed until the peer is heard). Until it has a new RTT sample, the kernel's
 * first retransmission is after 1 to 3 s.
 *
 * While it is closed, nobody binds the port who could not before. But where a connected socket's
 * port was chosen by the kernel and is shared with connections to other peers, a new one to the
 * same peer may get it too; restore fails then, with EADDRNOTAVAIL.
 *
 * The socket may be in another network namespace. Needs CAP_NET_ADMIN in the user namespace that
 * owns it, and CAP_NET_BIND_SERVICE for local ports below 1024. All: main. None blocks.
 */
#ifndef OFFLOAD_CHIMNEY_SLOW_REPAIR_H
#define OFFLOAD_CHIMNEY_SLOW_REPAIR_H

#include "base/err.h"
#include "offload/chimney/state.h"

#include <stdint.h>
#include <sys/uio.h>

/* Bytes in the socket's queues now: send includes what was not sent yet. 0 or negative errno. */
int chim_repair_queues(int fd, uint32_t *snd, uint32_t *rcv);

/* The addresses and ports of a connected socket, also of an IPv6 socket with an IPv4 peer. 0 or
 * negative errno. */
int chim_repair_tuple(int fd, struct chim_tuple *t);

/* Copies the state out; s->neigh is not touched, and s->path.ifindex only where
 * the addresses are link-local. The queues' contents go to
 * snd and rcv, s->snd_len and s->rcv_len bytes. 0: the socket is in repair, its user's reads and
 * writes fail until thaw or restore. Else it goes on as it was:
 *   -EAGAIN      it kept changing
 *   -E2BIG       a queue is longer than its room
 *   -ENOTCONN    neither ESTABLISHED nor CLOSE-WAIT
 *   -EPERM       the kernel refuses TCP_REPAIR
 *   -EOPNOTSUPP  timestamps in microseconds, which the engine has not got */
int chim_repair_take(int fd, struct chim_tcp_state *s, void *snd, uint32_t snd_room, void *rcv,
		     uint32_t rcv_room, struct err *e);

/* Of a socket that was taken: forgets the connection. Nothing is sent. 0; else it is thawed:
 *   -EAGAIN  it changed since it was taken
 *   -EPERM   its port is below 1024 and CAP_NET_BIND_SERVICE is missing
 * or -ECONNABORTED: the kernel would not reserve the port; the connection is lost, as its user
 * sees.
 */
int chim_repair_close(int fd, const struct chim_tcp_state *s, struct err *e);

/* Of a socket that was closed: s and the queues' contents (two pieces each, as a ring has them,
 * s->snd_len and s->rcv_len bytes in all) are in the kernel again, and data is sent at once where
 * the windows let it. 0, or a negative errno: the connection is lost, its user sees ECONNABORTED.
 */
int chim_repair_restore(int fd, const struct chim_tcp_state *s, const struct iovec snd[2],
			const struct iovec rcv[2], struct err *e);

/* Of a socket that was taken and not closed: goes on. What came to be sent meanwhile counts as sent
 * and is not; TCP's own timers send it soon. 0 or negative errno. */
int chim_repair_thaw(int fd, const struct chim_tcp_state *s, struct err *e);

#endif
