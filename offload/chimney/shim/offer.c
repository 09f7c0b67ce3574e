/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/shim/offer.h"

#include "offload/chimney/names.h"
#include "offload/chimney/shim/epoll.h"
#include "offload/chimney/shim/log.h"
#include "offload/chimney/shim/ports.h"
#include "offload/chimney/shim/real.h"
#include "offload/chimney/shim/sys.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>

enum { UNKEPT_MAX = 4, BUSY_MS = 1, LINK_RETRY_S = 1 };

static _Atomic int highest;

int chim_highest_fd(void)
{
	return atomic_load(&highest);
}

bool chim_offer_due(const struct chim_sock *s)
{
	if (s->connecting || (!s->retry_ns && !s->retry_bytes))
		return true;
	return (s->retry_bytes && atomic_load(&s->moved) >= s->retry_bytes) ||
	       (s->retry_ns && sys_now_ns() >= s->retry_ns);
}

static pthread_mutex_t link_lock = PTHREAD_MUTEX_INITIALIZER;
static struct chim_link *the_link;
static uint64_t link_try_ns;

/* Held for the caller. */
struct chim_link *chim_the_link(void)
{
	struct chim_link *link;

	pthread_mutex_lock(&link_lock);
	/* Nobody may have looked since flued ended, and another one may be there. */
	if (the_link)
		chim_link_look(the_link);
	if (the_link && atomic_load(&the_link->dead)) {
		chim_log(-1, "lost", "flued went away");
		chim_link_drop(the_link);
		the_link = NULL;
	}
	if (!the_link && sys_now_ns() >= link_try_ns) {
		link_try_ns = sys_now_ns() + LINK_RETRY_S * 1000000000ull;
		if (!chim_link_open(NULL, &the_link))
			link_try_ns = 0;
	}
	link = the_link;
	if (link)
		chim_link_hold(link);
	pthread_mutex_unlock(&link_lock);
	return link;
}

void chim_no_link(void)
{
	pthread_mutex_init(&link_lock, NULL);
	/* Connections may still point to it. */
	if (the_link) {
		atomic_store(&the_link->dead, true);
		chim_fd_close(the_link->fd);
		the_link->fd = -1;
	}
	the_link = NULL;
	link_try_ns = 0;
}

static int int_option(int fd, int level, int name)
{
	int value = 0;
	socklen_t len = sizeof(value);

	return REAL(getsockopt)(fd, level, name, &value, &len) ? 0 : value;
}

static uint64_t time_option(int fd, int name)
{
	struct timeval tv = {0};
	socklen_t len = sizeof(tv);

	if (REAL(getsockopt)(fd, SOL_SOCKET, name, &tv, &len))
		return 0;
	return (uint64_t)tv.tv_sec * 1000000000u + (uint64_t)tv.tv_usec * 1000u;
}

static uint32_t linger_option(int fd)
{
	struct linger l = {0};
	socklen_t len = sizeof(l);

	if (REAL(getsockopt)(fd, SOL_SOCKET, SO_LINGER, &l, &len) || !l.l_onoff)
		return UINT32_MAX;
	return l.l_linger > 4000000 ? 4000000000u : (uint32_t)l.l_linger * 1000;
}

void chim_offer_options(int fd, struct chim_sock *s)
{
	long flags = sys_fcntl(fd, F_GETFL, 0);

	atomic_store(&s->nonblock, flags >= 0 && (flags & O_NONBLOCK));
	atomic_store(&s->lowat, (uint32_t)int_option(fd, SOL_SOCKET, SO_RCVLOWAT));
	atomic_store(&s->rcv_timeout_ns, time_option(fd, SO_RCVTIMEO));
	atomic_store(&s->snd_timeout_ns, time_option(fd, SO_SNDTIMEO));
	atomic_store(&s->linger_ms, linger_option(fd));
}

/* A TCP socket, by any name. */
static bool is_tcp(int fd)
{
	int domain = int_option(fd, SOL_SOCKET, SO_DOMAIN);

	return (domain == AF_INET || domain == AF_INET6) &&
	       int_option(fd, SOL_SOCKET, SO_TYPE) == SOCK_STREAM &&
	       int_option(fd, SOL_SOCKET, SO_PROTOCOL) == IPPROTO_TCP;
}

static bool learn_names(int fd, struct chim_sock *s)
{
	s->local.len = s->peer.len = sizeof(s->peer.addr);
	return !REAL(getpeername)(fd, (struct sockaddr *)&s->peer.addr, &s->peer.len) &&
	       !REAL(getsockname)(fd, (struct sockaddr *)&s->local.addr, &s->local.len);
}

static void never(struct chim_sock *s)
{
	atomic_store(&s->mode, CHIM_OVER);
}

void chim_offer_never(struct chim_sock *s)
{
	pthread_mutex_lock(&s->lock);
	if (atomic_load(&s->mode) == CHIM_OFFERABLE)
		never(s);
	pthread_mutex_unlock(&s->lock);
}

static void accepted(int fd, struct chim_sock *s, struct chim_conn *conn)
{
	uint32_t flags = 0;

	if (int_option(fd, IPPROTO_TCP, TCP_NODELAY))
		flags |= CHIM_APP_NODELAY;
	if (int_option(fd, IPPROTO_TCP, TCP_CORK))
		flags |= CHIM_APP_CORK;
	atomic_store(&s->cork, flags & CHIM_APP_CORK);
	if (int_option(fd, SOL_SOCKET, SO_KEEPALIVE))
		flags |= CHIM_APP_KEEPALIVE;
	if (flags)
		chim_conn_set(conn, flags, true);
	chim_offer_options(fd, s);
	s->conn = conn;
	atomic_store(&s->mode, CHIM_FAST);
	chim_epoll_to_flued(fd, s);
	chim_log(fd, "accepted", "");
}

static void refused(int fd, struct chim_sock *s, const struct chim_offer *o)
{
	chim_log(fd, "refused", chim_refusal_name(o->reason));
	s->retry_ns = o->retry_ms ? sys_now_ns() + o->retry_ms * 1000000ull : 0;
	s->retry_bytes = o->retry_bytes;
	atomic_store(&s->moved, 0);
	if (s->retry_ns || s->retry_bytes)
		atomic_store(&s->mode, CHIM_OFFERABLE);
	else
		never(s);
}

/* With s->lock held and its mode CHIM_OFFERING. */
static void offer(int fd, struct chim_sock *s)
{
	struct chim_link *link = chim_the_link();
	struct chim_offer o;
	int rc;

	if (!link) {
		chim_log(fd, "kept", "flued does not answer");
		never(s);
		return;
	}
	/* What the kernel's socket becomes is not to be seen in an epoll set. */
	chim_epoll_out(fd, s);
	rc = chim_link_offer(link, fd, &o);
	if (!rc && o.conn) {
		accepted(fd, s, o.conn);
	} else {
		chim_epoll_in(fd, s);
		if (rc)
			never(s);
		else
			refused(fd, s, &o);
	}
	chim_link_drop(link);
}

void chim_offer(int fd, struct chim_sock *s)
{
	pthread_mutex_lock(&s->lock);
	if (atomic_load(&s->mode) != CHIM_OFFERABLE) {
		pthread_mutex_unlock(&s->lock);
		return;
	}
	atomic_store(&s->mode, CHIM_OFFERING);
	if (atomic_load(&s->in_kernel)) {
		s->retry_ns = sys_now_ns() + BUSY_MS * 1000000ull;
		atomic_store(&s->mode, CHIM_OFFERABLE);
	} else if (!learn_names(fd, s)) {
		/* Still connecting, or gone already: the next call tells. */
		s->connecting = true;
		atomic_store(&s->mode, CHIM_OFFERABLE);
	} else {
		s->connecting = false;
		if (chim_ports_want(&s->local, &s->peer) && !chim_epoll_is_nested(fd))
			offer(fd, s);
		else
			never(s);
	}
	pthread_mutex_unlock(&s->lock);
}

void chim_track(int fd, bool connecting)
{
	struct chim_sock *s;
	int was = atomic_load(&highest);

	if (!chim_slot(fd) || chim_tracked(fd) || !chim_own_process() || !is_tcp(fd))
		return;
	s = chim_sock_new();
	if (!s)
		return;
	s->connecting = connecting;
	atomic_store(&s->untold, connecting);
	while (was <= fd && !atomic_compare_exchange_weak(&highest, &was, fd + 1))
		;
	chim_slot_fill(fd, s);
	if (!connecting)
		chim_offer(fd, s);
	if (atomic_load(&s->mode) == CHIM_OVER)
		chim_sock_clear(fd, s);
	chim_sock_put(s);
}

/* FLUE_CHIMNEY_RETRY_MS: offered again that long after an upload, whatever flued said. */
static uint32_t retry_ms(const struct chim_conn *c)
{
	const char *text = getenv("FLUE_CHIMNEY_RETRY_MS");

	return text && *text ? (uint32_t)strtoul(text, NULL, 10) : c->retry_ms;
}

struct chim_sock *chim_offer_again(struct chim_sock *s)
{
	int reason = atomic_load(&s->conn->back_reason);
	bool unkept = reason == CHIM_UPLOAD_UNKEPT;
	uint32_t ms = retry_ms(s->conn);
	struct chim_sock *next = NULL;

	chim_log(-1, "uploaded", chim_upload_name(reason));
	if (atomic_load(&s->stays) || atomic_load(&s->conn->shut_rd) ||
	    (unkept ? s->unkept >= UNKEPT_MAX : !ms))
		return NULL;
	next = chim_sock_new();
	if (!next)
		return NULL;
	atomic_store(&next->untold, atomic_load(&s->untold));
	next->unkept = s->unkept + unkept;
	next->retry_ns = sys_now_ns() + (unkept ? 0 : ms * 1000000ull);
	return next;
}
