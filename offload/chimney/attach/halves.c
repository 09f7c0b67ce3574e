/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/attach/halves.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>

/* What the kernel returns of a call that is to begin anew, but for handlers without SA_RESTART. */
#define ERESTARTSYS_ 512

/* A call as the program made it: its pieces of memory. */
struct call {
	struct iovec one, *v;
	struct iovec list[IOV_MAX];
	size_t n;
};

static bool is_blocking(const struct att_places *p, int fd)
{
	for (size_t i = 0; i < p->n_places; i++) {
		if (p->place[i].fd == fd)
			return !(p->place[i].flags & O_NONBLOCK);
	}
	return false;
}

static bool read_list(const struct att_frozen *f, uint64_t addr, uint64_t n, struct call *c)
{
	c->v = c->list;
	c->n = (size_t)n;
	return n <= IOV_MAX && att_peek(f, addr, c->list, c->n * sizeof(c->list[0])) == 0;
}

static bool read_message(const struct att_frozen *f, uint64_t addr, struct call *c)
{
	struct msghdr m;

	return att_peek(f, addr, &m, sizeof(m)) == 0 &&
	       read_list(f, (uint64_t)m.msg_iov, m.msg_iovlen, c);
}

static void one_piece(const struct user_regs_struct *r, struct call *c)
{
	c->one = (struct iovec){(void *)r->rsi, r->rdx};
	c->v = &c->one;
	c->n = 1;
}

/* Is it a write, and one that would have waited? */
static bool is_write(const struct att_frozen *f, const struct user_regs_struct *r, struct call *c)
{
	one_piece(r, c);
	switch ((long)r->orig_rax) {
	case SYS_write:
		return true;
	case SYS_sendto:
		return !(r->r10 & (MSG_DONTWAIT | MSG_OOB));
	case SYS_writev:
		return read_list(f, r->rsi, r->rdx, c);
	case SYS_sendmsg:
		return !(r->rdx & (MSG_DONTWAIT | MSG_OOB)) && read_message(f, r->rsi, c);
	default:
		return false;
	}
}

/* Is it a read that would have waited for all? */
static bool is_read(const struct att_frozen *f, const struct user_regs_struct *r, struct call *c)
{
	const uint64_t other = MSG_DONTWAIT | MSG_OOB | MSG_PEEK | MSG_TRUNC;

	one_piece(r, c);
	switch ((long)r->orig_rax) {
	case SYS_recvfrom:
		return (r->r10 & (MSG_WAITALL | other)) == MSG_WAITALL;
	case SYS_recvmsg:
		return (r->rdx & (MSG_WAITALL | other)) == MSG_WAITALL &&
		       read_message(f, r->rsi, c);
	default:
		return false;
	}
}

static size_t length(const struct call *c)
{
	size_t sum = 0;

	for (size_t i = 0; i < c->n; i++) {
		if (c->v[i].iov_len > ATT_HALVES_MAX - sum)
			return SIZE_MAX;
		sum += c->v[i].iov_len;
	}
	return sum;
}

/* Copies n bytes from the place on that is `from` bytes into the pieces. */
static int copy(const struct att_frozen *f, const struct call *c, size_t from, size_t n,
		uint8_t *to)
{
	for (size_t i = 0; i < c->n && n; i++) {
		size_t skip = from < c->v[i].iov_len ? from : c->v[i].iov_len;
		size_t len = c->v[i].iov_len - skip < n ? c->v[i].iov_len - skip : n;

		from -= skip;
		if (len && att_peek(f, (uint64_t)c->v[i].iov_base + skip, to, len) != 0)
			return -EFAULT;
		to += len;
		n -= len;
	}
	return 0;
}

/* What cannot be copied could not have been sent or received either. */
static bool append(struct att_bytes *out, const struct att_frozen *f, const struct call *c,
		   size_t from, size_t n)
{
	uint8_t *p;

	if (n > ATT_HALVES_MAX - out->n)
		return false;
	p = realloc(out->at, out->n + n);
	if (!p)
		return false;
	out->at = p;
	if (copy(f, c, from, n, out->at + out->n) != 0)
		return false;
	out->n += n;
	return true;
}

/* A call that stopped amid its bytes, of a thread on its way out of it. */
static bool is_half(const struct att_thread *t, const struct att_places *p)
{
	return att_in_call(t) && (long)t->regs.rax > 0 && is_blocking(p, (int)t->regs.rdi);
}

void att_unsent(struct att_frozen *f, const struct att_places *p, struct att_bytes *out)
{
	struct call *c = malloc(sizeof(*c));

	for (size_t i = 0; c && i < f->n; i++) {
		struct att_thread *t = &f->threads[i];
		size_t all, done = t->regs.rax;

		if (!is_half(t, p) || !is_write(f, &t->regs, c))
			continue;
		all = length(c);
		if (all == SIZE_MAX || all <= done || !append(out, f, c, done, all - done))
			continue;
		t->regs.rax = all;
		t->changed = true;
	}
	free(c);
}

size_t att_unread(struct att_frozen *f, const struct att_places *p, struct att_bytes *out)
{
	struct call *c = malloc(sizeof(*c));
	size_t missing = 0;

	for (size_t i = 0; c && i < f->n; i++) {
		struct att_thread *t = &f->threads[i];
		size_t all, done = t->regs.rax;

		if (!is_half(t, p) || !is_read(f, &t->regs, c))
			continue;
		all = length(c);
		if (all == SIZE_MAX || all <= done || !append(out, f, c, 0, done))
			continue;
		missing += all - done;
		t->regs.rax = (unsigned long long)-ERESTARTSYS_;
		t->changed = true;
	}
	free(c);
	return missing;
}
