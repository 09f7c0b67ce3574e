/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/attach/start.h"

#include "base/clock.h"
#include "offload/chimney/attach/chim.h"
#include "offload/chimney/attach/serve.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OFFER_MS = 2000, AGAIN_MS = 10 };

/* Offers it until it is taken, or is refused for good. In between what has come goes to the
 * program, and what was sent may leave: queues that are too long get shorter. */
static int offer(struct att_session *s, struct chim_link *link, struct err *e)
{
	uint64_t until = clock_now_ns() + OFFER_MS * 1000000ull;
	struct att_end *end;
	int rc;

	while ((rc = att_chim_offer(link, s->sock, &end, e)) == -EAGAIN) {
		if (clock_now_ns() > until)
			break;
		s->relay.up_held = true;
		att_session_pump(s);
		att_relay_sleep(&s->relay, AGAIN_MS);
		att_session_pump(s);
	}
	s->relay.up_held = false;
	return rc ? rc : att_session_use(s, end);
}

/* Who waits to hear what became of it. */
struct waiter {
	void (*tell)(struct waiter *w, const struct err *e); /* once; e->code 0: it is attached */
	void (*ready)(void *arg);
	void *arg;
	int pipe;
};

/* Everything up to the moment from which the relay only has to go on. */
static int begin(const struct att_start *a, struct att_session *s, struct att_hold *hold,
		 struct waiter *w, struct err *e)
{
	struct chim_link *link;
	struct err why;
	int rc = att_chim_open(a->socket, &link, e);

	if (rc)
		return rc;
	rc = att_hold_open(hold, a->pid, a->fd, e);
	if (rc)
		goto link;
	rc = att_session_open(s, a->pid, a->fd, e);
	if (rc)
		goto hold;
	rc = offer(s, link, e);
	if (rc == 0) {
		att_chim_drop(link);
		return 0;
	}
	if (att_session_detach(s, ATT_DETACH_MS, &why) == 0) {
		att_session_close(s);
	} else {
		/* A program that does not read has its socket back as soon as it does. */
		w->tell(w, e);
		att_serve(s, hold);
	}
hold:
	att_hold_close(hold);
link:
	att_chim_drop(link);
	return rc;
}

static int run(const struct att_start *a, struct waiter *w, struct err *e)
{
	struct att_session s;
	struct att_hold hold;
	int rc;

	signal(SIGPIPE, SIG_IGN);
	att_hold_signals();
	rc = begin(a, &s, &hold, w, e);
	if (rc)
		return rc;
	w->tell(w, &(struct err){0});
	att_serve(&s, &hold);
	att_hold_close(&hold);
	return 0;
}

static void tell_caller(struct waiter *w, const struct err *e)
{
	if (e->code == 0)
		w->ready(w->arg);
}

/* In the relay's process. */
static void tell_parent(struct waiter *w, const struct err *e)
{
	if (w->pipe < 0)
		return;
	if (write(w->pipe, e, sizeof(*e)) == sizeof(*e))
		close(w->pipe);
	w->pipe = -1;
}

static void become_daemon(void)
{
	int null = open("/dev/null", O_RDWR);

	setsid();
	if (chdir("/") != 0 || null < 0)
		return;
	for (int fd = 0; fd < 3; fd++)
		dup2(null, fd);
	if (null > 2)
		close(null);
}

static void relay_process(const struct att_start *a, int pipe)
{
	struct waiter w = {.tell = tell_parent, .pipe = pipe};
	struct err e = {0};

	become_daemon();
	if (run(a, &w, &e) != 0)
		w.tell(&w, &e);
	_exit(0);
}

int att_start(const struct att_start *a, void (*ready)(void *arg), void *arg, struct err *e)
{
	struct waiter w = {.tell = tell_caller, .ready = ready, .arg = arg};
	int pipe[2], rc;
	pid_t child;

	if (a->foreground)
		return run(a, &w, e);
	if (pipe2(pipe, O_CLOEXEC) != 0)
		return err_set(e, -errno, "cannot make a pipe: %s", strerror(errno));
	child = fork();
	if (child == 0) {
		close(pipe[0]);
		relay_process(a, pipe[1]);
	}
	close(pipe[1]);
	rc = child < 0 ? err_set(e, -errno, "cannot start a process: %s", strerror(errno)) : 0;
	if (rc == 0 && read(pipe[0], e, sizeof(*e)) != sizeof(*e))
		rc = err_set(e, -ECHILD, "the relay's process was killed");
	close(pipe[0]);
	if (rc == 0 && e->code == 0)
		ready(arg);
	return rc ? rc : e->code;
}
