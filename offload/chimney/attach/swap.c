/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/attach/swap.h"

#include "offload/chimney/attach/inject.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

struct job {
	struct att_swap *s;
	struct err *e;
	int rc;
};

static int copy_option(int from, int to, int name, void *value, socklen_t len)
{
	if (getsockopt(from, SOL_SOCKET, name, value, &len) != 0 ||
	    setsockopt(to, SOL_SOCKET, name, value, len) != 0)
		return -errno;
	return 0;
}

/* What the process set on its socket and will go on to expect of it. */
static int copy_manners(int from, int to, int flags, struct err *e)
{
	struct timeval limit;
	int lowat, rc = 0;

	if (flags & O_ASYNC)
		return err_set(e, -ENOTSUP,
			       "the socket sends signals (O_ASYNC), which another one in its place "
			       "cannot");
	if (fcntl(to, F_SETFL, flags & O_NONBLOCK) != 0)
		rc = -errno;
	if (rc == 0)
		rc = copy_option(from, to, SO_RCVTIMEO, &limit, sizeof(limit));
	if (rc == 0)
		rc = copy_option(from, to, SO_SNDTIMEO, &limit, sizeof(limit));
	if (rc == 0)
		rc = copy_option(from, to, SO_RCVLOWAT, &lowat, sizeof(lowat));
	return rc ? err_set(e, rc, "cannot copy the socket's settings: %s", strerror(-rc)) : 0;
}

static long watch(struct att_hand *h, const struct att_watch *w, int op)
{
	struct epoll_event ev = {.events = w->events, .data.u64 = w->data};

	if (att_poke(h->f, h->scratch, &ev, sizeof(ev)) != 0)
		return -EFAULT;
	return att_call(h, SYS_epoll_ctl, (uint64_t)w->epfd, (uint64_t)op, (uint64_t)w->tfd,
			h->scratch);
}

/* The first error of all; the rest is done nevertheless. */
static long watch_all(struct att_hand *h, const struct att_places *p, int op)
{
	long rc = 0;

	for (size_t i = 0; i < p->n_watches; i++) {
		long one = watch(h, &p->watch[i], op);

		rc = rc ? rc : one;
	}
	return rc;
}

/* Puts fd behind all numbers. What was there leaves the epoll sets before its last number goes: an
 * entry can only be named by a number that means its socket. The first error of all: everything is
 * tried, so that having the old one put again makes all as it was. */
static long put(struct att_hand *h, const struct att_places *p, int pidfd, int fd)
{
	int there = att_give(h, pidfd, fd);
	long rc, one;

	if (there < 0)
		return there;
	rc = watch_all(h, p, EPOLL_CTL_DEL);
	for (size_t i = 0; i < p->n_places; i++) {
		one = att_call(h, SYS_dup3, (uint64_t)there, (uint64_t)p->place[i].fd,
			       p->place[i].flags & O_CLOEXEC, 0);
		rc = rc || one >= 0 ? rc : one;
	}
	att_call(h, SYS_close, (uint64_t)there, 0, 0, 0);
	one = watch_all(h, p, EPOLL_CTL_ADD);
	return rc ? rc : one;
}

static int change(struct att_swap *s, struct att_frozen *f, const struct att_places *p, int old,
		  struct err *e)
{
	struct att_hand h;
	long rc = att_hand_take(f, &h, e);

	if (rc)
		return (int)rc;
	rc = put(&h, p, s->pidfd, s->new);
	if (rc && rc != -ESRCH)
		put(&h, p, s->pidfd, old);
	att_hand_return(&h);
	if (rc == -EMFILE)
		return err_set(e, -EMFILE,
			       "process %d may open no further descriptor; raise its limit with "
			       "prlimit --nofile",
			       s->pid);
	return rc ? err_set(e, (int)rc, "cannot change the descriptor of process %d: %s", s->pid,
			    strerror((int)-rc))
		  : 0;
}

static int swap_frozen(struct att_swap *s, struct att_frozen *f, struct err *e)
{
	struct att_places p;
	int old, rc = att_places_find(s->pid, &s->old, &p, e);

	if (rc)
		return rc;
	old = (int)syscall(SYS_pidfd_getfd, s->pidfd, p.place[0].fd, 0);
	if (old < 0) {
		rc = err_set(e, -errno, "cannot take descriptor %d of process %d: %s",
			     p.place[0].fd, s->pid, strerror(errno));
		goto places;
	}
	rc = copy_manners(old, s->new, p.place[0].flags, e);
	if (rc == 0 && s->ready)
		rc = s->ready(s->arg, f, &p, old, e);
	if (rc == 0)
		rc = change(s, f, &p, old, e);
	if (rc == 0 && s->done)
		s->done(s->arg, f, &p);
	close(old);
places:
	att_places_free(&p);
	return rc;
}

static void *trace(void *arg)
{
	struct job *job = arg;
	struct att_frozen f;

	job->rc = att_freeze(job->s->pid, &f, job->e);
	if (job->rc == 0) {
		job->rc = swap_frozen(job->s, &f, job->e);
		att_thaw(&f);
	}
	return NULL;
}

int att_swap(struct att_swap *s, struct err *e)
{
	struct job job = {.s = s, .e = e};
	pthread_t thread;
	int rc = pthread_create(&thread, NULL, trace, &job);

	if (rc)
		return err_set(e, -rc, "cannot start a thread: %s", strerror(rc));
	pthread_join(thread, NULL);
	return job.rc;
}
