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

/* Everything up to the moment from which the relay only has to go on. */
static int begin(const struct att_start *a, struct att_session *s, struct att_hold *hold,
		 struct err *e)
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
	/* A program that does not read has its socket back as soon as it does. */
	if (att_session_detach(s, ATT_DETACH_MS, &why) != 0)
		att_serve(s, hold);
	else
		att_session_close(s);
hold:
	att_hold_close(hold);
link:
	att_chim_drop(link);
	return rc;
}

static int run(const struct att_start *a, void (*ready)(void *arg), void *arg, struct err *e)
{
	struct att_session s;
	struct att_hold hold;
	int rc;

	signal(SIGPIPE, SIG_IGN);
	rc = begin(a, &s, &hold, e);
	if (rc)
		return rc;
	ready(arg);
	att_serve(&s, &hold);
	att_hold_close(&hold);
	return 0;
}

/* In the relay's process: what became of it goes to who waits. */
static void tell(int pipe, const struct err *e)
{
	if (write(pipe, e, sizeof(*e)) == sizeof(*e))
		close(pipe);
}

static void told_ready(void *arg)
{
	struct err none = {0};

	tell(*(int *)arg, &none);
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
	struct err e = {0};

	become_daemon();
	if (run(a, told_ready, &pipe, &e) != 0)
		tell(pipe, &e);
	_exit(0);
}

int att_start(const struct att_start *a, void (*ready)(void *arg), void *arg, struct err *e)
{
	int pipe[2], rc;
	pid_t child;

	if (a->foreground)
		return run(a, ready, arg, e);
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
