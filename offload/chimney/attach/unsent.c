/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/attach/unsent.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>

/* A write as the program asked for it. */
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

/* Is it a write, and one that would have waited? */
static bool read_call(const struct att_frozen *f, const struct user_regs_struct *r, struct call *c)
{
	struct msghdr m;

	c->one = (struct iovec){(void *)r->rsi, r->rdx};
	c->v = &c->one;
	c->n = 1;
	switch ((long)r->orig_rax) {
	case SYS_write:
		return true;
	case SYS_sendto:
		return !(r->r10 & (MSG_DONTWAIT | MSG_OOB));
	case SYS_writev:
		return read_list(f, r->rsi, r->rdx, c);
	case SYS_sendmsg:
		return !(r->rdx & (MSG_DONTWAIT | MSG_OOB)) &&
		       att_peek(f, r->rsi, &m, sizeof(m)) == 0 &&
		       read_list(f, (uint64_t)m.msg_iov, m.msg_iovlen, c);
	default:
		return false;
	}
}

static size_t length(const struct call *c)
{
	size_t sum = 0;

	for (size_t i = 0; i < c->n; i++) {
		if (c->v[i].iov_len > ATT_UNSENT_MAX - sum)
			return SIZE_MAX;
		sum += c->v[i].iov_len;
	}
	return sum;
}

/* Copies what lies behind the first `done` bytes. */
static int copy_rest(const struct att_frozen *f, const struct call *c, size_t done, uint8_t *to)
{
	for (size_t i = 0; i < c->n; i++) {
		size_t skip = done < c->v[i].iov_len ? done : c->v[i].iov_len;
		size_t len = c->v[i].iov_len - skip;

		done -= skip;
		if (len && att_peek(f, (uint64_t)c->v[i].iov_base + skip, to, len) != 0)
			return -EFAULT;
		to += len;
	}
	return 0;
}

static void take(struct att_frozen *f, struct att_thread *t, struct call *c, struct att_bytes *out)
{
	size_t done = t->regs.rax, all = length(c);
	uint8_t *p;

	if (all == SIZE_MAX || all <= done || out->n + (all - done) > ATT_UNSENT_MAX)
		return;
	p = realloc(out->at, out->n + (all - done));
	if (!p)
		return;
	out->at = p;
	/* What cannot be read could not have been sent either. */
	if (copy_rest(f, c, done, out->at + out->n) != 0)
		return;
	out->n += all - done;
	t->regs.rax = all;
	t->changed = true;
}

void att_unsent(struct att_frozen *f, const struct att_places *p, struct att_bytes *out)
{
	struct call *c = malloc(sizeof(*c));

	for (size_t i = 0; c && i < f->n; i++) {
		struct att_thread *t = &f->threads[i];

		if (att_in_call(t) && (long)t->regs.rax > 0 && is_blocking(p, (int)t->regs.rdi) &&
		    read_call(f, &t->regs, c))
			take(f, t, c, out);
	}
	free(c);
}
