/* SPDX-License-Identifier: BSD-3-Clause */
/* The preload library's socket options, names and ioctl(). */
#include "offload/chimney/shim/info.h"
#include "offload/chimney/shim/io.h"
#include "offload/chimney/shim/offer.h"
#include "offload/chimney/shim/real.h"

#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/ioctl.h>

static int fail(int code)
{
	errno = code;
	return -1;
}

/* How an option is kept: all are set at the kernel's socket, which keeps them for later. */
enum kind {
	UNKEPT, /* the engine does not know it: only the kernel can do that */
	NOTED,	/* the library does it */
	FLAG,	/* the engine is told by a flag */
	PLAIN,	/* it has no meaning for a connection that is established */
};

static enum kind kind_of_socket(int name)
{
	switch (name) {
	case SO_RCVTIMEO:
	case SO_SNDTIMEO:
	case SO_LINGER:
	case SO_RCVLOWAT:
		return NOTED;
	case SO_KEEPALIVE:
		return FLAG;
	case SO_SNDBUF:
	case SO_RCVBUF:
	case SO_SNDBUFFORCE:
	case SO_RCVBUFFORCE:
	case SO_REUSEADDR:
	case SO_REUSEPORT:
	case SO_BROADCAST:
	case SO_DEBUG:
	case SO_BUSY_POLL:
	case SO_OOBINLINE:
		return PLAIN;
	default:
		return UNKEPT;
	}
}

static enum kind kind_of(int level, int name, uint32_t *flag)
{
	*flag = CHIM_APP_KEEPALIVE;
	if (level == SOL_SOCKET)
		return kind_of_socket(name);
	if (level != IPPROTO_TCP)
		return UNKEPT;
	switch (name) {
	case TCP_NODELAY:
		*flag = CHIM_APP_NODELAY;
		return FLAG;
	case TCP_CORK:
		*flag = CHIM_APP_CORK;
		return FLAG;
	case TCP_QUICKACK:
		*flag = CHIM_APP_QUICKACK;
		return FLAG;
	case TCP_DEFER_ACCEPT:
	case TCP_SYNCNT:
	case TCP_LINGER2:
		return PLAIN;
	default:
		return UNKEPT;
	}
}

static int set_fast(struct chim_call *k, int level, int name, const void *value, socklen_t len)
{
	uint32_t flag;
	enum kind kind = kind_of(level, name, &flag);
	int rc, on = 0;

	/* The kernel's socket is given these when it is the connection again. */
	if (kind == FLAG && level == IPPROTO_TCP && name != TCP_QUICKACK && value &&
	    len >= sizeof(on)) {
		memcpy(&on, value, sizeof(on));
		if (chim_set_flag(k->conn, flag, on) == 0) {
			if (flag == CHIM_APP_CORK)
				atomic_store(&k->sock->cork, on);
			return 0;
		}
	}
	rc = REAL(setsockopt)(k->fd, level, name, value, len);
	if (rc)
		return rc;
	if (kind == NOTED)
		chim_offer_options(k->fd, k->sock);
	if (kind == FLAG) {
		memcpy(&on, value, sizeof(on));
		if (flag == CHIM_APP_CORK)
			atomic_store(&k->sock->cork, on);
		chim_conn_set(k->conn, flag, on);
	}
	return 0;
}

CHIM_EXPORT int setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	struct chim_call k;
	uint32_t flag;
	int rc;

	if (!chim_tracked(fd))
		return REAL(setsockopt)(fd, level, name, value, len);
	while (chim_begin(&k, fd, false)) {
		if (kind_of(level, name, &flag) != UNKEPT) {
			rc = set_fast(&k, level, name, value, len);
			chim_end(&k);
			return rc;
		}
		chim_end(&k);
		if (chim_give_back(fd, CHIM_UPLOAD_UNKEPT, true))
			return REAL(setsockopt)(fd, level, name, value, len);
	}
	rc = REAL(setsockopt)(fd, level, name, value, len);
	chim_end(&k);
	return rc;
}

static int answer(void *to, socklen_t *len, const void *from, size_t n)
{
	if (!to || !len)
		return fail(EFAULT);
	if ((int)*len < 0)
		return fail(EINVAL);
	if (*len > n)
		*len = (socklen_t)n;
	memcpy(to, from, *len);
	return 0;
}

static int get_fast(struct chim_call *k, int level, int name, void *value, socklen_t *len)
{
	union {
		int n;
		char info[CHIM_INFO_BYTES];
	} u = {0};
	uint32_t flag;

	if (level == SOL_SOCKET && name == SO_ERROR) {
		u.n = chim_conn_error(k->conn);
		return answer(value, len, &u.n, sizeof(u.n));
	}
	if (level == IPPROTO_TCP && name == TCP_INFO)
		return answer(value, len, u.info, chim_info_fill(k->conn, u.info));
	if (level == IPPROTO_TCP && (name == TCP_NODELAY || name == TCP_CORK)) {
		kind_of(level, name, &flag);
		u.n = (atomic_load(&k->conn->shm->app_flags) & flag) != 0;
		return answer(value, len, &u.n, sizeof(u.n));
	}
	if (level == IPPROTO_TCP && name == TCP_MAXSEG)
		u.n = (int)k->conn->shm->info.mss;
	if ((level == IPPROTO_IP && name == IP_MTU) || (level == IPPROTO_IPV6 && name == IPV6_MTU))
		u.n = (int)k->conn->shm->info.pmtu;
	if (u.n)
		return answer(value, len, &u.n, sizeof(u.n));
	return REAL(getsockopt)(k->fd, level, name, value, len);
}

CHIM_EXPORT int getsockopt(int fd, int level, int name, void *restrict value,
			   socklen_t *restrict len)
{
	struct chim_call k;
	int rc;

	if (!chim_tracked(fd))
		return REAL(getsockopt)(fd, level, name, value, len);
	/* Asking for the error is how a program learns that it is connected. */
	if (chim_begin(&k, fd, level == SOL_SOCKET && name == SO_ERROR))
		rc = get_fast(&k, level, name, value, len);
	else
		rc = REAL(getsockopt)(fd, level, name, value, len);
	chim_end(&k);
	return rc;
}

static int tell_name(const struct chim_name *name, struct sockaddr *to, socklen_t *len)
{
	if (!to || !len)
		return fail(EFAULT);
	if ((int)*len < 0)
		return fail(EINVAL);
	memcpy(to, &name->addr, *len < name->len ? *len : name->len);
	*len = name->len;
	return 0;
}

CHIM_EXPORT int getsockname(int fd, struct sockaddr *restrict to, socklen_t *restrict len)
{
	struct chim_call k;
	int rc;

	if (!chim_tracked(fd))
		return REAL(getsockname)(fd, to, len);
	if (chim_begin(&k, fd, false))
		rc = tell_name(&k.sock->local, to, len);
	else
		rc = REAL(getsockname)(fd, to, len);
	chim_end(&k);
	return rc;
}

CHIM_EXPORT int getpeername(int fd, struct sockaddr *restrict to, socklen_t *restrict len)
{
	struct chim_call k;
	int rc;

	if (!chim_tracked(fd))
		return REAL(getpeername)(fd, to, len);
	if (!chim_begin(&k, fd, false))
		rc = REAL(getpeername)(fd, to, len);
	else if (chim_conn_flags(k.conn) & CHIM_FLUED_ERROR)
		rc = fail(ENOTCONN);
	else
		rc = tell_name(&k.sock->peer, to, len);
	chim_end(&k);
	return rc;
}

static int ioctl_fast(struct chim_call *k, unsigned long what, void *arg)
{
	struct chim_conn *c = k->conn;
	int rc;

	switch (what) {
	case FIONREAD:
		*(int *)arg = (int)chim_conn_inq(c);
		return 0;
	case SIOCOUTQ:
		*(int *)arg = (int)chim_conn_outq(c);
		return 0;
	case SIOCOUTQNSD:
		*(int *)arg =
			(int)(atomic_load(&c->shm->snd_head) - atomic_load(&c->shm->snd_sent));
		return 0;
	case SIOCATMARK:
		*(int *)arg = 0;
		return 0;
	default:
		rc = REAL(ioctl)(k->fd, what, arg);
		return rc;
	}
}

CHIM_EXPORT int ioctl(int fd, unsigned long what, ...)
{
	struct chim_call k;
	va_list more;
	void *arg;
	int rc;

	va_start(more, what);
	arg = va_arg(more, void *);
	va_end(more);
	if (!chim_tracked(fd))
		return REAL(ioctl)(fd, what, arg);
	if (what == FIOASYNC || what == FIOSETOWN || what == SIOCSPGRP)
		chim_give_back(fd, CHIM_UPLOAD_UNKEPT, false);
	if (chim_begin(&k, fd, false) && arg)
		rc = ioctl_fast(&k, what, arg);
	else
		rc = REAL(ioctl)(fd, what, arg);
	if (!rc && what == FIONBIO && k.sock)
		atomic_store(&k.sock->nonblock, *(int *)arg != 0);
	chim_end(&k);
	return rc;
}
