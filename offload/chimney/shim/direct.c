/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/shim/direct.h"

#include "offload/chimney/crc/crccopy.h"
#include "offload/chimney/shim/sys.h"

#include <stdlib.h>

uint8_t *chim_direct_bounce(struct chimney_conn *c, bool receive)
{
	uint8_t *new, *none = NULL;

	if (!__atomic_load_n(&c->bounce, __ATOMIC_ACQUIRE)) {
		new = malloc(2 * CHIM_BOUNCE_BYTES);
		/* One thread may send while another receives. */
		if (new && !__atomic_compare_exchange_n(&c->bounce, &none, new, false,
							__ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
			free(new);
	}
	if (!c->bounce)
		return NULL;
	return c->bounce + (receive ? 0 : CHIM_BOUNCE_BYTES);
}

/* A blocking wait, though the socket may be non-blocking. */
static int wait_for(int sock, short events)
{
	long n = sys_poll(&(struct pollfd){.fd = sock, .events = events}, 1, NULL);

	return n < 0 ? (int)n : 0;
}

/* The cursor's first piece that has bytes left. */
static struct iovec piece(struct chim_cursor *cur)
{
	while (cur->off == cur->v->iov_len) {
		cur->v++;
		cur->off = 0;
	}
	return (struct iovec){(char *)cur->v->iov_base + cur->off, cur->v->iov_len - cur->off};
}

static void step(struct chim_cursor *cur, size_t n)
{
	cur->off += n;
	cur->left -= n;
}

/* With a checksum the bytes pass through the buffer, whose copy computes it. */
static void sum_up(struct chimney_conn *c, struct chim_cursor *cur, const void *from, size_t n,
		   bool receive)
{
	uint8_t *buf = cur->crc ? chim_direct_bounce(c, receive) : NULL;
	const uint8_t *at = from;

	while (buf && n) {
		size_t k = n < CHIM_BOUNCE_BYTES ? n : CHIM_BOUNCE_BYTES;

		*cur->crc = chim_crc32c_copy(*cur->crc, buf, at, k);
		at += k;
		n -= k;
	}
}

ssize_t chim_direct_send(struct chimney_conn *c, struct chim_cursor *cur, int flags)
{
	size_t total = cur->left;
	long n;

	while (cur->left) {
		struct iovec v = piece(cur);
		struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1};

		n = sys_sendmsg(c->sock, &m, flags | MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n > 0) {
			sum_up(c, cur, v.iov_base, (size_t)n, false);
			step(cur, (size_t)n);
			continue;
		}
		if (n == -EAGAIN && !(flags & MSG_DONTWAIT))
			n = wait_for(c->sock, POLLOUT);
		if (n < 0)
			return total != cur->left ? (ssize_t)(total - cur->left) : n;
	}
	return (ssize_t)total;
}

ssize_t chim_direct_recv(struct chimney_conn *c, struct chim_cursor *cur, int flags)
{
	size_t total = cur->left;

	while (cur->left) {
		struct iovec v = piece(cur);
		struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1};
		long n = sys_recvmsg(c->sock, &m, (flags & ~MSG_WAITALL) | MSG_DONTWAIT);

		if (n == -EAGAIN && !(flags & MSG_DONTWAIT)) {
			n = wait_for(c->sock, POLLIN);
			if (!n)
				continue;
		}
		if (n <= 0)
			return total != cur->left ? (ssize_t)(total - cur->left) : n;
		if (flags & MSG_PEEK)
			return n;
		sum_up(c, cur, v.iov_base, (size_t)n, true);
		step(cur, (size_t)n);
		if (!(flags & MSG_WAITALL))
			break;
	}
	return (ssize_t)(total - cur->left);
}
