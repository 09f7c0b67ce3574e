/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/attach/session.h"

#include "base/clock.h"
#include "offload/chimney/attach/socket.h"
#include "offload/chimney/attach/swap.h"

#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* How long the program may be kept still until the last bytes are out of its hands; when what was
 * in the way is looked at again, and how long another process may be. */
enum { PUSH_MS = 200, RETRY_MS = 20, SHARED_MS = 2000 };

static int take_socket(struct att_session *s, struct err *e)
{
	s->pidfd = (int)syscall(SYS_pidfd_open, s->pid, 0);
	if (s->pidfd < 0)
		return err_set(e, -errno, "there is no process %d", s->pid);
	s->sock = (int)syscall(SYS_pidfd_getfd, s->pidfd, s->fd, 0);
	if (s->sock >= 0)
		return att_socket_ok(s->sock, s->pid, s->fd, e);
	switch (errno) {
	case EPERM:
		return err_set(e, -EPERM,
			       "descriptors of process %d may not be taken: run this as root or "
			       "as its user",
			       s->pid);
	case EBADF:
		return err_set(e, -EBADF, "process %d has no descriptor %d; ls -l /proc/%d/fd",
			       s->pid, s->fd, s->pid);
	default:
		return err_set(e, -errno, "cannot take descriptor %d of process %d: %s", s->fd,
			       s->pid, strerror(errno));
	}
}

/* What the program was in the midst of writing goes before what it writes from now on, and what it
 * was in the midst of reading before what else has come. How much more than that it waits for. */
static size_t take_halves(struct att_session *s, struct att_frozen *f, const struct att_places *p)
{
	struct att_bytes rest = {0}, begun = {0};
	size_t missing;

	att_unsent(f, p, &rest);
	att_relay_append(&s->relay.up, rest.at, rest.n);
	missing = att_unread(f, p, &begun);
	att_relay_append(&s->relay.down, begun.at, begun.n);
	free(rest.at);
	free(begun.at);
	return missing;
}

static void after_swap(void *arg, struct att_frozen *f, const struct att_places *p)
{
	take_halves(arg, f, p);
}

/* Before the program is stopped: what has just run the connection may still let go of it. */
static int look_first(const struct att_session *s, const struct stat *sock, struct err *e)
{
	uint64_t until = clock_now_ns() + SHARED_MS * 1000000ull;
	struct att_places p;
	int rc;

	while ((rc = att_places_find(s->pid, sock, &p, e)) == -EMLINK && clock_now_ns() < until)
		usleep(RETRY_MS * 1000);
	att_places_free(&p);
	return rc;
}

int att_session_open(struct att_session *s, pid_t pid, int fd, struct err *e)
{
	struct att_swap swap = {.pid = pid, .done = after_swap, .arg = s};
	int rc;

	*s = (struct att_session){.pid = pid, .fd = fd, .pidfd = -1, .sock = -1};
	s->relay = (struct att_relay){.near = -1, .far = -1, .epoll = -1};
	rc = att_process_ok(pid, e);
	if (rc == 0)
		rc = take_socket(s, e);
	if (rc)
		goto fail;
	rc = att_relay_init(&s->relay);
	if (rc) {
		err_set(e, rc, "cannot make a relay: %s", strerror(-rc));
		goto fail;
	}
	swap.pidfd = s->pidfd;
	swap.new = s->relay.far;
	if (fstat(s->sock, &swap.old) != 0 || fstat(s->relay.far, &s->far) != 0) {
		rc = err_set(e, -errno, "cannot look at the socket: %s", strerror(errno));
		goto fail;
	}
	rc = look_first(s, &swap.old, e);
	if (rc == 0)
		rc = att_swap(&swap, e);
	if (rc)
		goto fail;
	close(s->relay.far);
	s->relay.far = -1;
	s->kernel = att_end_kernel(s->sock);
	rc = s->kernel ? att_relay_use(&s->relay, s->kernel) : -ENOMEM;
	if (rc == 0)
		return 0;
	err_set(e, rc, "no memory for a relay; the connection is lost");
fail:
	att_session_close(s);
	return rc;
}

int att_session_use(struct att_session *s, struct att_end *end)
{
	return att_relay_use(&s->relay, end);
}

void att_session_pump(struct att_session *s)
{
	att_relay_pump(&s->relay);
	if (!s->relay.moved)
		return;
	s->relay.end->ops->close(s->relay.end, false);
	s->relay.end = NULL;
	att_relay_use(&s->relay, s->kernel);
	att_relay_pump(&s->relay);
}

/* The rest of what was written goes to the socket before the program can write to it itself. */
static int push(struct att_session *s, struct err *e)
{
	uint64_t until = clock_now_ns() + PUSH_MS * 1000000ull;
	struct att_relay *r = &s->relay;
	struct att_room room;

	att_room_make(s->sock, r->up.len, &room);
	att_relay_pump(r);
	while (r->up.len && !r->broken && clock_now_ns() < until) {
		att_relay_sleep(r, 1);
		att_relay_pump(r);
	}
	att_room_restore(s->sock, &room);
	if (r->broken)
		return err_set(e, -ENOTCONN, "the connection has ended");
	return r->up.len
		       ? err_set(e, -EAGAIN, "the peer does not take what process %d wrote", s->pid)
		       : 0;
}

static int settle(void *arg, struct att_frozen *f, const struct att_places *p, int old,
		  struct err *e)
{
	struct att_session *s = arg;

	if (!att_relay_is_read(&s->relay))
		return err_set(e, -EAGAIN, "process %d has not read what has arrived", s->pid);
	if (att_relay_take_all(&s->relay) != 0)
		return err_set(e, -ENOMEM, "no memory for what process %d has written", s->pid);
	s->relay.allowance = take_halves(s, f, p);
	if (s->relay.allowance)
		return err_set(e, -EAGAIN, "process %d is in the midst of reading", s->pid);
	return push(s, e);
}

static int give_back(struct att_session *s, struct err *e)
{
	struct att_swap swap = {.pid = s->pid,
				.pidfd = s->pidfd,
				.old = s->far,
				.new = s->sock,
				.ready = settle,
				.arg = s};

	return att_swap(&swap, e);
}

/* Waits until the program has read what it is fed. */
static bool wait_read(struct att_session *s, uint64_t until)
{
	struct att_relay *r = &s->relay;

	for (;;) {
		att_session_pump(s);
		if (r->over != ATT_RUNS || (att_relay_is_read(r) && !r->allowance))
			return true;
		if (clock_now_ns() >= until)
			return false;
		att_relay_sleep(r, 2);
	}
}

static int upload(struct att_session *s, struct err *e)
{
	struct att_end *end = s->relay.end;
	int rc;

	if (end == s->kernel)
		return 0;
	rc = end->ops->upload ? end->ops->upload(end) : 0;
	if (rc)
		return err_set(e, rc, "the switch does not give the connection back: %s",
			       strerror(-rc));
	s->relay.moved = true;
	att_session_pump(s);
	return 0;
}

int att_session_detach(struct att_session *s, int timeout_ms, struct err *e)
{
	uint64_t until = clock_now_ns() + (uint64_t)timeout_ms * 1000000u;
	int rc = upload(s, e);

	if (rc)
		return rc;
	s->relay.feeding = false;
	do {
		if (!wait_read(s, until))
			rc = err_set(e, -EAGAIN,
				     "process %d does not read what has arrived; it stays attached "
				     "until it does",
				     s->pid);
		else if (s->relay.over != ATT_RUNS)
			rc = err_set(e, -ENOTCONN, "the connection has ended");
		else
			rc = give_back(s, e);
		if (rc == -EAGAIN && !s->relay.allowance)
			att_relay_sleep(&s->relay, RETRY_MS);
	} while (rc == -EAGAIN && clock_now_ns() < until);
	s->relay.feeding = true;
	s->relay.allowance = 0;
	if (rc)
		return rc;
	att_end_kernel_release(s->kernel);
	s->kernel = s->relay.end = NULL;
	s->relay.over = ATT_ENDED;
	return 0;
}

void att_session_close(struct att_session *s)
{
	struct att_end *end = s->relay.end;
	bool reset = s->relay.over != ATT_ENDED;

	if (end && end != s->kernel)
		end->ops->close(end, reset);
	if (s->kernel)
		s->kernel->ops->close(s->kernel, reset);
	att_relay_fini(&s->relay);
	if (s->sock >= 0)
		close(s->sock);
	if (s->pidfd >= 0)
		close(s->pidfd);
}
