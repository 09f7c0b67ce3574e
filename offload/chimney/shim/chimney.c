/* SPDX-License-Identifier: BSD-3-Clause */
#include "api/chimney.h"

#include "offload/chimney/names.h"
#include "offload/chimney/shim/direct.h"
#include "offload/chimney/shim/info.h"
#include "offload/chimney/shim/sys.h"

#include <limits.h>
#include <stdlib.h>

CHIM_PUBLIC int chimney_open(const char *path, struct chimney **ch)
{
	struct chimney *new = calloc(1, sizeof(*new));
	int rc;

	if (!new)
		return -ENOMEM;
	rc = chim_link_open(path, &new->link);
	if (rc)
		free(new);
	else
		*ch = new;
	return rc;
}

CHIM_PUBLIC void chimney_end(struct chimney *ch)
{
	if (!ch)
		return;
	chim_link_drop(ch->link);
	free(ch);
}

CHIM_PUBLIC int chimney_offload(struct chimney *ch, int fd, struct chimney_conn **c,
				struct chimney_refusal *why)
{
	struct chimney_conn *new = calloc(1, sizeof(*new));
	struct chim_offer o;
	int rc;

	if (!new)
		return -ENOMEM;
	rc = chim_link_offer(ch->link, fd, &o);
	if (!rc && !o.conn) {
		if (why)
			*why = (struct chimney_refusal){chim_refusal_name(o.reason), o.retry_ms,
							o.retry_bytes};
		rc = -EAGAIN;
	}
	if (rc) {
		free(new);
		return rc;
	}
	new->conn = o.conn;
	new->sock = fd;
	*c = new;
	return 0;
}

/* What the rings did not take is for the kernel. */
static bool goes_on(const struct chim_cursor *cur, size_t total, ssize_t *n)
{
	if (*n != CHIM_MOVED)
		return false;
	*n = (ssize_t)(total - cur->left);
	return true;
}

static ssize_t sum(size_t done, ssize_t more)
{
	return more < 0 ? (done ? (ssize_t)done : more) : (ssize_t)done + more;
}

static ssize_t send_pieces(struct chimney_conn *c, const struct iovec *v, size_t count, int flags,
			   uint32_t *crc)
{
	struct chim_cursor cur;
	int rc = chim_cursor_init(&cur, v, count);
	size_t total = cur.left;
	ssize_t n;

	if (rc)
		return rc;
	cur.crc = crc;
	n = chim_send(c->conn, &cur, flags, &(struct chim_how){0});
	if (!goes_on(&cur, total, &n) || (n && (flags & MSG_DONTWAIT)))
		return n;
	return sum((size_t)n, chim_direct_send(c, &cur, flags));
}

CHIM_PUBLIC ssize_t chimney_send(struct chimney_conn *c, const void *buf, size_t len, int flags)
{
	return send_pieces(c, &(struct iovec){(void *)buf, len}, 1, flags, NULL);
}

CHIM_PUBLIC ssize_t chimney_sendv(struct chimney_conn *c, const struct iovec *v, int n, int flags)
{
	if (n < 0 || n > IOV_MAX)
		return -EINVAL;
	return send_pieces(c, v, (size_t)n, flags, NULL);
}

CHIM_PUBLIC ssize_t chimney_send_crc32c(struct chimney_conn *c, const void *buf, size_t len,
					int flags, uint32_t *crc)
{
	return send_pieces(c, &(struct iovec){(void *)buf, len}, 1, flags, crc);
}

static ssize_t recv_piece(struct chimney_conn *c, void *buf, size_t len, int flags, uint32_t *crc)
{
	struct iovec v = {buf, len};
	struct chim_cursor cur;
	int rc = chim_cursor_init(&cur, &v, 1);
	size_t total = cur.left;
	ssize_t n;

	if (rc)
		return rc;
	cur.crc = crc;
	n = chim_recv(c->conn, &cur, flags, &(struct chim_how){0});
	if (!goes_on(&cur, total, &n) || (n && !(flags & MSG_WAITALL)))
		return n;
	return sum((size_t)n, chim_direct_recv(c, &cur, flags));
}

CHIM_PUBLIC ssize_t chimney_recv(struct chimney_conn *c, void *buf, size_t len, int flags)
{
	return recv_piece(c, buf, len, flags & ~MSG_TRUNC, NULL);
}

CHIM_PUBLIC ssize_t chimney_recv_crc32c(struct chimney_conn *c, void *buf, size_t len, int flags,
					uint32_t *crc)
{
	return recv_piece(c, buf, len, flags & ~(MSG_TRUNC | MSG_PEEK), crc);
}

CHIM_PUBLIC int chimney_shutdown(struct chimney_conn *c, int how)
{
	int rc;

	while ((rc = chim_shutdown(c->conn, how)) == CHIM_MOVED)
		return (int)sys_result(syscall(SYS_shutdown, c->sock, how));
	return rc;
}

CHIM_PUBLIC int chimney_info(struct chimney_conn *c, struct chimney_info *info)
{
	struct chim_shm_info in;

	chim_info_read(c->conn, &in);
	*info = (struct chimney_info){.offloaded = atomic_load(&c->conn->state) == CHIM_RUNS,
				      .rtt_us = in.rtt_us,
				      .cwnd = in.cwnd,
				      .mss = in.mss,
				      .retrans = in.total_retrans,
				      .unread = chim_conn_inq(c->conn),
				      .unsent = chim_conn_outq(c->conn)};
	info->reason =
		info->offloaded ? "none" : chim_upload_name(atomic_load(&c->conn->back_reason));
	return 0;
}

static void let_go(struct chimney_conn *c)
{
	if (c->armed)
		chim_unpark(c->conn, c->armed);
	chim_conn_drop(c->conn);
	free(c->bounce);
	free(c);
}

CHIM_PUBLIC int chimney_upload(struct chimney_conn *c)
{
	int sock = c->sock, rc = 0;

	if (atomic_load(&c->conn->state) != CHIM_BACK) {
		if (atomic_load(&c->conn->shut_wr))
			return -ENOTCONN;
		rc = chim_conn_upload(c->conn, CHIM_UPLOAD_REQUESTED);
	}
	if (rc)
		return rc;
	let_go(c);
	return sock;
}

CHIM_PUBLIC void chimney_close(struct chimney_conn *c)
{
	struct linger l = {0};
	socklen_t len = sizeof(l);
	uint32_t ms = UINT32_MAX;

	if (!c)
		return;
	if (!syscall(SYS_getsockopt, c->sock, SOL_SOCKET, SO_LINGER, &l, &len) && l.l_onoff)
		ms = (uint32_t)l.l_linger * 1000;
	chim_conn_close(c->conn, ms);
	sys_close(c->sock);
	let_go(c);
}
