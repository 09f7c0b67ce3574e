/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/shim/stream.h"

#include "offload/chimney/crc/crccopy.h"
#include "offload/chimney/shim/sys.h"

#include <limits.h>
#include <string.h>

enum { TELL_BYTES = 1 << 15 };

/* Addresses no program has: the first pages, and what is above user space. */
static bool is_wild(const struct iovec *v)
{
	uintptr_t at = (uintptr_t)v->iov_base;

	return v->iov_len &&
	       (at < 4096 || at > (uintptr_t)1 << 56 || (uintptr_t)1 << 47 < at + v->iov_len);
}

int chim_cursor_init(struct chim_cursor *cur, const struct iovec *v, size_t n)
{
	int rc = 0;

	*cur = (struct chim_cursor){.v = v, .n = n};
	if (n > IOV_MAX)
		return -EINVAL;
	for (size_t i = 0; i < n; i++) {
		if (v[i].iov_len > (size_t)SSIZE_MAX - cur->left)
			return -EINVAL;
		if (is_wild(&v[i]))
			rc = -EFAULT;
		cur->left += v[i].iov_len;
	}
	return rc;
}

static void copy(void *to, const void *from, size_t n, uint32_t *crc)
{
	if (crc)
		*crc = chim_crc32c_copy(*crc, to, from, n);
	else
		memcpy(to, from, n);
}

/* n bytes between the ring, at this offset and up to its end, and the pieces. */
static void move(struct chim_cursor *cur, uint8_t *ring, size_t n, bool out_of_ring, bool discard)
{
	while (n) {
		size_t k = cur->v->iov_len - cur->off;
		uint8_t *user = (uint8_t *)cur->v->iov_base + cur->off;

		if (!k) {
			cur->v++;
			cur->n--;
			cur->off = 0;
			continue;
		}
		if (k > n)
			k = n;
		if (discard)
			;
		else if (out_of_ring)
			copy(user, ring, k, cur->crc);
		else
			copy(ring, user, k, cur->crc);
		ring += k;
		cur->off += k;
		cur->left -= k;
		n -= k;
	}
}

static void move_round(struct chim_cursor *cur, uint8_t *ring, uint32_t size, uint64_t pos,
		       size_t n, bool out_of_ring, bool discard)
{
	size_t at = (size_t)(pos & (size - 1)), first = size - at;

	if (first > n)
		first = n;
	move(cur, ring + at, first, out_of_ring, discard);
	move(cur, ring, n - first, out_of_ring, discard);
}

/* Busy first, then frozen: flued does it the other way round, so that one of the two sees the
 * other. */
static bool may_copy(struct chim_conn *c, _Atomic uint32_t *busy)
{
	atomic_store(busy, 1);
	if (atomic_load(&c->state) == CHIM_RUNS &&
	    !(atomic_load(&c->shm->flued_flags) & CHIM_FLUED_FROZEN))
		return true;
	if (atomic_load(&c->state) == CHIM_LOST)
		return true;
	atomic_store(busy, 0);
	return false;
}

/* flued wants to hear that the window opened, but not of every byte. A window may be far smaller
 * than the ring, so what is never told must be less than any. */
static void tell_taken(struct chim_conn *c, uint64_t tail)
{
	uint32_t enough = c->rcv_size / 4 < TELL_BYTES ? c->rcv_size / 4 : TELL_BYTES;

	if (tail - c->rung_tail < enough)
		return;
	c->rung_tail = tail;
	chim_conn_ring(c);
}

static ssize_t take_locked(struct chim_conn *c, struct chim_cursor *to, int flags)
{
	uint64_t n;

	if (!may_copy(c, &c->shm->rcv_busy))
		return CHIM_FROZEN;
	n = atomic_load_explicit(&c->shm->rcv_head, memory_order_acquire) - c->rcv_tail;
	if (n > c->rcv_size)
		n = 0;
	if (n > to->left)
		n = to->left;
	move_round(to, c->rcv, c->rcv_size, c->rcv_tail, n, true, flags & MSG_TRUNC);
	if (!(flags & MSG_PEEK)) {
		c->rcv_tail += n;
		atomic_store_explicit(&c->shm->rcv_tail, c->rcv_tail, memory_order_release);
	}
	atomic_store(&c->shm->rcv_busy, 0);
	if (n && !(flags & MSG_PEEK))
		tell_taken(c, c->rcv_tail);
	return (ssize_t)n;
}

ssize_t chim_take(struct chim_conn *c, struct chim_cursor *to, int flags)
{
	ssize_t n;

	if (pthread_mutex_lock(&c->rcv_lock))
		return -EAGAIN;
	n = take_locked(c, to, flags);
	pthread_mutex_unlock(&c->rcv_lock);
	if (n > 0 && atomic_load_explicit(&c->waits_in, memory_order_relaxed))
		chim_pass_on(c);
	return n;
}

static ssize_t put_locked(struct chim_conn *c, struct chim_cursor *from)
{
	uint64_t used, n;

	if (!may_copy(c, &c->shm->snd_busy))
		return CHIM_FROZEN;
	used = c->snd_head - atomic_load_explicit(&c->shm->snd_tail, memory_order_acquire);
	n = used > c->snd_size ? 0 : c->snd_size - used;
	if (n > from->left)
		n = from->left;
	move_round(from, c->snd, c->snd_size, c->snd_head, n, false, false);
	c->snd_head += n;
	atomic_store_explicit(&c->shm->snd_head, c->snd_head, memory_order_release);
	atomic_store(&c->shm->snd_busy, 0);
	if (n)
		chim_conn_ring(c);
	return (ssize_t)n;
}

ssize_t chim_put(struct chim_conn *c, struct chim_cursor *from)
{
	ssize_t n;

	if (pthread_mutex_lock(&c->snd_lock))
		return -EAGAIN;
	n = put_locked(c, from);
	pthread_mutex_unlock(&c->snd_lock);
	if (n > 0 && atomic_load_explicit(&c->waits_out, memory_order_relaxed))
		chim_pass_on(c);
	return n;
}

int chim_put_in_place(struct chim_conn *c, size_t n)
{
	int rc = 0;

	if (pthread_mutex_lock(&c->snd_lock))
		return -EAGAIN;
	if (n > chim_conn_room(c)) {
		rc = -EINVAL;
	} else if (!may_copy(c, &c->shm->snd_busy)) {
		rc = CHIM_FROZEN;
	} else {
		c->snd_head += n;
		atomic_store_explicit(&c->shm->snd_head, c->snd_head, memory_order_release);
		atomic_store(&c->shm->snd_busy, 0);
	}
	pthread_mutex_unlock(&c->snd_lock);
	if (!rc && n)
		chim_conn_ring(c);
	return rc;
}

static uint64_t deadline(const struct chim_how *how)
{
	return how->timeout_ns ? sys_now_ns() + how->timeout_ns : UINT64_MAX;
}

/* What recv() says when nothing more can come. */
static ssize_t recv_end(struct chim_conn *c, size_t done)
{
	return done ? (ssize_t)done : -(ssize_t)chim_conn_error(c);
}

ssize_t chim_recv(struct chim_conn *c, struct chim_cursor *to, int flags,
		  const struct chim_how *how)
{
	bool nonblock = how->nonblock || (flags & MSG_DONTWAIT), peek = flags & MSG_PEEK;
	size_t total = to->left, done = 0, target = how->lowat ? how->lowat : 1;
	uint64_t until = UINT64_MAX, need = 1;
	bool timed = false;

	if ((flags & MSG_WAITALL) || target > total)
		target = total;
	if (peek && target)
		need = target < c->rcv_size ? target : c->rcv_size;
	for (;;) {
		struct chim_cursor again = *to;
		bool over = (chim_conn_flags(c) & (CHIM_FLUED_FIN | CHIM_FLUED_ERROR)) ||
			    atomic_load(&c->shut_rd);
		ssize_t n = 0;

		if (!peek || over || nonblock || chim_conn_inq(c) >= need ||
		    atomic_load(&c->state) != CHIM_RUNS)
			n = chim_take(c, to, flags);
		if (n == CHIM_FROZEN) {
			if (chim_conn_settle(c) == CHIM_MOVED)
				return CHIM_MOVED;
			continue;
		}
		if (n < 0)
			return done ? (ssize_t)done : n;
		if (peek)
			*to = again;
		done += (size_t)n;
		if ((peek && n) || (total && done >= target) || (!total && chim_conn_inq(c)))
			return (ssize_t)done;
		if (over)
			return recv_end(c, done);
		if (nonblock)
			return done ? (ssize_t)done : -EAGAIN;
		if (!timed)
			until = deadline(how);
		timed = true;
		n = chim_wait(c, CHIM_IN, need, until, how);
		if (n)
			return done ? (ssize_t)done : n;
	}
}

static ssize_t send_end(struct chim_conn *c, size_t done)
{
	int error;

	if (done)
		return (ssize_t)done;
	error = chim_conn_error(c);
	return error ? -error : -EPIPE;
}

ssize_t chim_send(struct chim_conn *c, struct chim_cursor *from, int flags,
		  const struct chim_how *how)
{
	bool nonblock = how->nonblock || (flags & MSG_DONTWAIT), timed = false;
	size_t total = from->left;
	uint64_t until = UINT64_MAX;

	for (;;) {
		size_t done = total - from->left;
		uint64_t need = from->left < c->snd_size / 4 ? from->left : c->snd_size / 4;
		ssize_t n;

		if ((chim_conn_flags(c) & CHIM_FLUED_ERROR) || atomic_load(&c->shut_wr))
			return send_end(c, done);
		n = chim_put(c, from);
		if (n == CHIM_FROZEN) {
			if (chim_conn_settle(c) == CHIM_MOVED)
				return CHIM_MOVED;
			continue;
		}
		if (n < 0)
			return done ? (ssize_t)done : n;
		done += (size_t)n;
		if (!from->left)
			return (ssize_t)done;
		/* Part of it is as good as nothing: who watches for edges waits for room now. */
		if (nonblock && chim_arm_out(c))
			continue;
		if (nonblock)
			return done ? (ssize_t)done : -EAGAIN;
		if (!timed)
			until = deadline(how);
		timed = true;
		n = chim_wait(c, CHIM_OUT, need, until, how);
		if (n)
			return done ? (ssize_t)done : n;
	}
}

static int shut_write(struct chim_conn *c)
{
	int rc = 0;

	if (pthread_mutex_lock(&c->snd_lock))
		return -EAGAIN;
	if (!may_copy(c, &c->shm->snd_busy)) {
		rc = CHIM_FROZEN;
	} else {
		atomic_store(&c->shut_wr, true);
		atomic_fetch_or(&c->shm->app_flags, CHIM_APP_SHUT_WR);
		atomic_store(&c->shm->snd_busy, 0);
	}
	pthread_mutex_unlock(&c->snd_lock);
	return rc;
}

int chim_set_flag(struct chim_conn *c, uint32_t flag, bool on)
{
	int rc = 0;

	if (pthread_mutex_lock(&c->snd_lock))
		return CHIM_FROZEN; /* a signal's handler, amid a send */
	if (!may_copy(c, &c->shm->snd_busy)) {
		rc = CHIM_FROZEN;
	} else {
		chim_conn_set(c, flag, on);
		atomic_store(&c->shm->snd_busy, 0);
	}
	pthread_mutex_unlock(&c->snd_lock);
	return rc;
}

int chim_shutdown(struct chim_conn *c, int how)
{
	uint64_t one = 1;

	if (how < SHUT_RD || how > SHUT_RDWR)
		return -EINVAL;
	if (chim_conn_flags(c) & CHIM_FLUED_ERROR)
		return -ENOTCONN;
	while (how != SHUT_RD) {
		if (shut_write(c) != CHIM_FROZEN)
			break;
		if (chim_conn_settle(c) == CHIM_MOVED)
			return CHIM_MOVED;
	}
	/* What still comes can be read, as the kernel's socket has it: flued is not told. */
	if (how != SHUT_WR)
		atomic_store(&c->shut_rd, true);
	chim_conn_ring(c);
	sys_write(c->fd, &one, sizeof(one));
	return 0;
}
