/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/attach/socket.h"

#include <limits.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#ifndef SO_BUF_LOCK
#define SO_BUF_LOCK 72
#endif
#ifndef SOCK_SNDBUF_LOCK
#define SOCK_SNDBUF_LOCK 1
#endif

static int get_int(int sock, int level, int name, int missing)
{
	int value = missing;
	socklen_t len = sizeof(value);

	return getsockopt(sock, level, name, &value, &len) == 0 ? value : missing;
}

int att_socket_ok(int sock, pid_t pid, int fd, struct err *e)
{
	int domain = get_int(sock, SOL_SOCKET, SO_DOMAIN, -1);
	int protocol = get_int(sock, SOL_SOCKET, SO_PROTOCOL, -1);
	struct tcp_info info = {0};
	socklen_t len = sizeof(info);
	char ulp[16] = "";

	if (domain < 0)
		return err_set(e, -ENOTSOCK, "descriptor %d of process %d is no socket", fd, pid);
	if (protocol == IPPROTO_MPTCP)
		return err_set(e, -ENOTSUP,
			       "descriptor %d of process %d is an MPTCP socket; only plain TCP can "
			       "be attached to",
			       fd, pid);
	if ((domain != AF_INET && domain != AF_INET6) || protocol != IPPROTO_TCP)
		return err_set(e, -EPROTOTYPE, "descriptor %d of process %d is no TCP socket", fd,
			       pid);
	if (getsockopt(sock, IPPROTO_TCP, TCP_INFO, &info, &len) != 0 ||
	    info.tcpi_state != TCP_ESTABLISHED)
		return err_set(e, -ENOTCONN,
			       "descriptor %d of process %d is no established connection; ss -tnp "
			       "shows those",
			       fd, pid);
	len = sizeof(ulp);
	if (getsockopt(sock, IPPROTO_TCP, TCP_ULP, ulp, &len) == 0 && ulp[0])
		return err_set(e, -ENOTSUP,
			       "descriptor %d of process %d is a TCP socket that the kernel does "
			       "%.15s on; it cannot be attached to",
			       fd, pid, ulp);
	return 0;
}

void att_room_make(int sock, size_t n, struct att_room *room)
{
	int queued = 0, bytes;

	*room = (struct att_room){.bytes = get_int(sock, SOL_SOCKET, SO_SNDBUF, 0)};
	room->fixed = get_int(sock, SOL_SOCKET, SO_BUF_LOCK, 0) & SOCK_SNDBUF_LOCK;
	if (n == 0 || ioctl(sock, SIOCOUTQ, &queued) != 0)
		return;
	/* The kernel counts each segment with what it costs to keep, and doubles what it is told.
	 */
	if (n > INT_MAX / 8 || queued > INT_MAX / 8)
		return;
	bytes = (queued + (int)n) * 2 + room->bytes;
	room->changed = setsockopt(sock, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof(bytes)) == 0;
}

void att_room_restore(int sock, const struct att_room *room)
{
	int bytes = room->bytes / 2, lock = get_int(sock, SOL_SOCKET, SO_BUF_LOCK, 0);

	if (!room->changed)
		return;
	setsockopt(sock, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof(bytes));
	lock &= ~SOCK_SNDBUF_LOCK;
	if (!room->fixed)
		setsockopt(sock, SOL_SOCKET, SO_BUF_LOCK, &lock, sizeof(lock));
}
