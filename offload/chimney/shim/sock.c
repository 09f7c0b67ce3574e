/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/shim/sock.h"

#include "offload/chimney/shim/epoll.h"
#include "offload/chimney/shim/offer.h"
#include "offload/chimney/shim/real.h"
#include "offload/chimney/shim/sys.h"

#include <netinet/in.h>
#include <string.h>

struct chim_slot chim_slots[CHIM_FDS];

static struct chim_sock pool[CHIM_SOCKS];
static pthread_mutex_t pool_lock = PTHREAD_MUTEX_INITIALIZER;
static struct chim_sock *pool_free;
static uint32_t pool_used;

struct chim_sock *chim_sock_new(void)
{
	struct chim_sock *s;

	pthread_mutex_lock(&pool_lock);
	s = pool_free;
	if (s)
		pool_free = s->free;
	else if (pool_used < CHIM_SOCKS)
		s = &pool[pool_used++];
	pthread_mutex_unlock(&pool_lock);
	if (!s)
		return NULL;
	/* Somebody may still look at the count of what it was before: it comes last. */
	memset((char *)s + sizeof(s->refs), 0, sizeof(*s) - sizeof(s->refs));
	pthread_mutex_init(&s->lock, NULL);
	atomic_store(&s->refs, 1);
	return s;
}

static bool hold(struct chim_sock *s)
{
	uint32_t n = atomic_load(&s->refs);

	while (n && !atomic_compare_exchange_weak(&s->refs, &n, n + 1))
		;
	return n;
}

struct chim_sock *chim_sock_get(int fd)
{
	struct chim_slot *slot = chim_slot(fd);

	while (slot) {
		struct chim_sock *s = atomic_load(&slot->sock);

		if (!s)
			break;
		if (!hold(s))
			continue;
		if (atomic_load(&slot->sock) == s)
			return s;
		chim_sock_put(s);
	}
	return NULL;
}

void chim_sock_put(struct chim_sock *s)
{
	if (atomic_fetch_sub(&s->refs, 1) != 1)
		return;
	if (s->conn) {
		chim_conn_close(s->conn, atomic_load(&s->linger_ms));
		chim_conn_drop(s->conn);
	}
	if (s->next)
		chim_sock_put(s->next);
	pthread_mutex_destroy(&s->lock);
	pthread_mutex_lock(&pool_lock);
	s->free = pool_free;
	pool_free = s;
	pthread_mutex_unlock(&pool_lock);
}

/* Puts s (held by the slot from now on; NULL: nothing) where `was` stood. */
static void replace(int fd, struct chim_sock *was, struct chim_sock *s)
{
	if (s && hold(s))
		atomic_fetch_add(&s->fds, 1);
	if (atomic_compare_exchange_strong(&chim_slots[fd].sock, &was, s)) {
		if (was) {
			atomic_fetch_sub(&was->fds, 1);
			chim_sock_put(was);
		}
	} else if (s) {
		atomic_fetch_sub(&s->fds, 1);
		chim_sock_put(s);
	}
}

void chim_slot_fill(int fd, struct chim_sock *s)
{
	replace(fd, NULL, s);
}

void chim_sock_clear(int fd, struct chim_sock *s)
{
	replace(fd, s, NULL);
}

static void fill_how(struct chim_call *k, const struct chim_sock *s)
{
	k->how = (struct chim_how){.nonblock = atomic_load(&s->nonblock),
				   .lowat = atomic_load(&s->lowat),
				   .gone = chim_call_gone,
				   .arg = k};
}

/* Counts as a call with the kernel's socket. false: its mode changed at that moment. */
static bool enter_kernel(struct chim_sock *s)
{
	atomic_fetch_add(&s->in_kernel, 1);
	if (atomic_load(&s->mode) == CHIM_OFFERABLE)
		return true;
	atomic_fetch_sub(&s->in_kernel, 1);
	return false;
}

bool chim_begin(struct chim_call *k, int fd, bool io)
{
	bool tried = !io;

	*k = (struct chim_call){.fd = fd};
	for (;;) {
		struct chim_sock *s = chim_sock_get(fd);

		if (!s)
			return false;
		switch (atomic_load(&s->mode)) {
		case CHIM_FAST:
			if (atomic_load(&s->conn->state) == CHIM_BACK) {
				chim_sock_back(fd, s);
				break;
			}
			k->sock = s;
			k->conn = s->conn;
			fill_how(k, s);
			return true;
		case CHIM_OFFERING:
			pthread_mutex_lock(&s->lock);
			pthread_mutex_unlock(&s->lock);
			break;
		case CHIM_OVER:
			replace(fd, s, s->next);
			break;
		default:
			if (!tried && chim_offer_due(s)) {
				tried = true;
				chim_offer(fd, s);
				break;
			}
			if (!enter_kernel(s))
				break;
			k->sock = s;
			return false;
		}
		chim_sock_put(s);
	}
}

void chim_end(struct chim_call *k)
{
	if (!k->sock)
		return;
	if (!k->conn)
		atomic_fetch_sub(&k->sock->in_kernel, 1);
	chim_sock_put(k->sock);
	k->sock = NULL;
}

void chim_end_moved(struct chim_call *k, ssize_t n)
{
	if (k->sock && n > 0)
		atomic_fetch_add(&k->sock->moved, (uint64_t)n);
	chim_end(k);
}

void chim_call_gone(void *call)
{
	chim_end(call);
}

void chim_untrack(int fd)
{
	struct chim_slot *slot = chim_slot(fd);
	struct chim_sock *s;

	if (!slot)
		return;
	chim_epoll_gone(fd);
	s = atomic_exchange(&slot->sock, NULL);
	if (!s)
		return;
	atomic_fetch_sub(&s->fds, 1);
	chim_sock_put(s);
}

void chim_share(int from, int to)
{
	struct chim_sock *s = chim_sock_get(from);

	if (s && chim_slot(to))
		replace(to, NULL, s);
	if (s)
		chim_sock_put(s);
	chim_epoll_share(from, to);
}

void chim_sock_back(int fd, struct chim_sock *s)
{
	pthread_mutex_lock(&s->lock);
	if (atomic_load(&s->mode) == CHIM_FAST) {
		s->next = chim_offer_again(s);
		/* flued was never told of this half. */
		if (atomic_load(&s->conn->shut_rd))
			REAL(shutdown)(fd, SHUT_RD);
		atomic_store(&s->mode, CHIM_OVER);
		chim_epoll_to_kernel(s);
	}
	pthread_mutex_unlock(&s->lock);
}

int chim_give_back(int fd, enum chim_upload reason, bool again)
{
	struct chim_call k;
	int rc = 0;

	if (chim_begin(&k, fd, false)) {
		if (atomic_load(&k.conn->shut_wr)) {
			chim_end(&k);
			return -ENOTCONN;
		}
		k.sock->stays = !again;
		rc = chim_conn_upload(k.conn, reason);
		if (!rc)
			chim_sock_back(fd, k.sock);
	} else if (k.sock && !again) {
		chim_offer_never(k.sock);
	}
	chim_end(&k);
	return rc;
}

void chim_give_back_all(bool only_kept)
{
	for (int fd = 0; fd < chim_highest_fd(); fd++) {
		if (!chim_tracked(fd) || (only_kept && (sys_fcntl(fd, F_GETFD, 0) & FD_CLOEXEC)))
			continue;
		chim_give_back(fd, CHIM_UPLOAD_FORK, false);
	}
}

/* Other threads of the parent may have been anywhere: locks begin anew, and what one of them handed
 * over at the last moment is the parent's. */
void chim_after_fork(void)
{
	pthread_mutex_init(&pool_lock, NULL);
	for (uint32_t i = 0; i < pool_used; i++) {
		pthread_mutex_init(&pool[i].lock, NULL);
		if (atomic_load(&pool[i].refs) && pool[i].conn)
			chim_conn_lost(pool[i].conn, ECONNRESET);
	}
	chim_no_link();
}
