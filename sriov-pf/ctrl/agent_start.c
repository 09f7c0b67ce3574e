/* SPDX-License-Identifier: BSD-3-Clause */
/* An agent's process: its start, its end, and the next one. */
#include "sriov-pf/ctrl/agent_impl.h"

#include "base/log.h"

#include <event2/buffer.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define LINK_FD	     3 /* in the agent */
#define AGAIN_MAX_MS 5000

void agent_drop_event(struct event **ev)
{
	if (*ev)
		event_free(*ev);
	*ev = NULL;
}

/* Forgets the process, which has ended or is to end unheard. */
void agent_forget(struct pf_agent *a)
{
	agent_drop_event(&a->on_read);
	agent_drop_event(&a->on_write);
	agent_drop_event(&a->on_gone);
	pf_wire_close(&a->link);
	evbuffer_drain(a->out, evbuffer_get_length(a->out));
	if (a->pidfd >= 0)
		close(a->pidfd);
	a->pidfd = -1;
	a->pid = 0;
	evtimer_del(a->late);
}

static void on_gone(evutil_socket_t fd, short what, void *arg)
{
	struct pf_agent *a = arg;
	struct call *c = TAILQ_FIRST(&a->calls);
	unsigned int ms = a->deaths ? 50u << (a->deaths < 7 ? a->deaths : 7) : 0;
	struct err e = {0};
	int status = 0;

	waitpid(a->pid, &status, 0);
	err_set(&e, -EIO, "the agent of %s died in '%s' (%s %d); what was before comes back",
		a->s.address, a->doing, WIFSIGNALED(status) ? "signal" : "status",
		WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	log_warn("%s", e.text);
	if (c && c->id == a->asked) {
		TAILQ_REMOVE(&a->calls, c, entry);
		agent_refuse(a, c, &e);
	}
	a->asked = 0;
	a->deaths++;
	agent_forget(a);
	agent_arm(a->again, ms < AGAIN_MAX_MS ? ms : AGAIN_MAX_MS);
}

void agent_on_again(evutil_socket_t fd, short what, void *arg)
{
	agent_start(arg);
}

static void on_recovered(void *arg, const json_t *result, int *fds, unsigned int n,
			 const struct err *e)
{
	struct pf_agent *a = arg;

	if (a->s.recovered)
		a->s.recovered(a->s.arg, json_get_bool(result, "restored", false), e);
}

/* What the daemon had open is no business of the agent's. */
static void be_agent(const struct pf_agent *a, int fd, pid_t daemon)
{
	if (fd != LINK_FD)
		dup2(fd, LINK_FD);
	close_range(LINK_FD + 1, ~0u, 0);
	fcntl(LINK_FD, F_SETFD, FD_CLOEXEC);
	for (int sig = 1; sig < SIGRTMIN; sig++)
		signal(sig, SIG_DFL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGINT, SIG_IGN); /* a terminal's: the daemon says when it is time */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != daemon)
		_exit(1);
	prctl(PR_SET_NAME, a->s.address[0] ? a->s.address : "flue-pf-list");
	pf_agent_run(a->s.host, a->s.dir, a->s.address, LINK_FD);
}

static int spawn(struct pf_agent *a)
{
	pid_t daemon = getpid();
	int fd[2], ret = pf_wire_pair(fd);

	if (ret != 0)
		return ret;
	fcntl(fd[0], F_SETFL, O_NONBLOCK);
	a->pid = fork();
	if (a->pid == 0)
		be_agent(a, fd[1], daemon);
	close(fd[1]);
	if (a->pid < 0) {
		a->pid = 0;
		close(fd[0]);
		return -errno;
	}
	pf_wire_open(&a->link, fd[0]);
	a->pidfd = pidfd_open(a->pid, 0);
	a->on_read = event_new(a->s.base, fd[0], EV_READ | EV_PERSIST, agent_on_read, a);
	a->on_write = event_new(a->s.base, fd[0], EV_WRITE, agent_on_write, a);
	a->on_gone = event_new(a->s.base, a->pidfd, EV_READ, on_gone, a);
	if (a->pidfd >= 0 && a->on_read && a->on_write && a->on_gone)
		return event_add(a->on_read, NULL) | event_add(a->on_gone, NULL) ? -ENOMEM : 0;
	return -ENOMEM;
}

void agent_start(struct pf_agent *a)
{
	struct call *c = calloc(1, sizeof(*c));
	int ret = c ? spawn(a) : -ENOMEM;

	a->wedged = false;
	a->doing[0] = '\0';
	if (ret != 0) {
		log_err("%s: no agent can be started: %s", a->s.address, strerror(-ret));
		if (a->pid) {
			kill(a->pid, SIGKILL);
			waitpid(a->pid, NULL, 0);
		}
		agent_forget(a);
		free(c);
		agent_arm(a->again, AGAIN_MAX_MS);
		return;
	}
	*c = (struct call){.id = ++a->last_id, .op = "recover", .done = on_recovered, .arg = a};
	TAILQ_INSERT_HEAD(&a->calls, c, entry);
	agent_ask(a);
}
