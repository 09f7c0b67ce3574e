/* SPDX-License-Identifier: BSD-3-Clause */
#include "sriov-pf/ctrl/agent_impl.h"

#include "base/clock.h"
#include "base/err_json.h"
#include "base/log.h"

#include <event2/buffer.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void call_end(struct call *c, const json_t *result, int *fds, unsigned int n,
		     const struct err *e)
{
	if (c->done)
		c->done(c->arg, result, fds, n, e);
	json_decref(c->args);
	free(c);
}

void agent_arm(struct event *timer, unsigned int ms)
{
	struct timeval tv = {ms / 1000, (suseconds_t)(ms % 1000) * 1000};

	evtimer_add(timer, &tv);
}

void agent_refuse(struct pf_agent *a, struct call *c, const struct err *e)
{
	c->refused = *e;
	TAILQ_INSERT_TAIL(&a->refused, c, entry);
	agent_arm(a->refuse, 0);
}

static void wedged_err(const struct pf_agent *a, struct err *e)
{
	err_set(e, -EBUSY,
		"%s is wedged: '%s' has not come back for %u s; its driver, or who holds a "
		"function, must let go first",
		a->s.address, a->doing,
		(unsigned int)((clock_now_ns() - a->since_ns) / 1000000000));
}

static void on_refuse(evutil_socket_t fd, short what, void *arg)
{
	struct pf_agent *a = arg;
	struct call *c = TAILQ_FIRST(&a->refused);

	if (!c)
		return;
	TAILQ_REMOVE(&a->refused, c, entry);
	if (!TAILQ_EMPTY(&a->refused))
		agent_arm(a->refuse, 0);
	call_end(c, NULL, NULL, 0, &c->refused);
}

static void set_doing(struct pf_agent *a, const char *text)
{
	snprintf(a->doing, sizeof(a->doing), "%s", text);
	a->since_ns = clock_now_ns();
	agent_arm(a->late, a->s.deadline_ms);
}

/* Gives the agent the next thing to do, if it has nothing. */
void agent_ask(struct pf_agent *a)
{
	struct call *c = TAILQ_FIRST(&a->calls);
	json_t *msg;
	char *text;

	if (!c || a->asked || a->pid == 0)
		return;
	msg = json_pack("{s:I,s:s,s:O*}", "id", (json_int_t)c->id, "op", c->op, "args", c->args);
	text = json_dumps(msg, JSON_COMPACT);
	json_decref(msg);
	if (!text || evbuffer_add_printf(a->out, "%s\n", text) < 0) {
		struct err e = {0};

		free(text);
		err_set(&e, -ENOMEM, "no memory to ask %s", a->s.address);
		TAILQ_REMOVE(&a->calls, c, entry);
		agent_refuse(a, c, &e);
		return;
	}
	free(text);
	a->asked = c->id;
	set_doing(a, c->op);
	event_add(a->on_write, NULL);
}

void pf_agent_call(struct pf_agent *a, const char *op, json_t *args, pf_agent_done done, void *arg)
{
	struct call *c = calloc(1, sizeof(*c));
	struct err e = {0};

	if (!c) { /* a few bytes: nothing else would work either */
		log_err("out of memory");
		abort();
	}
	*c = (struct call){.id = ++a->last_id, .op = op, .args = args, .done = done, .arg = arg};
	if (a->wedged) {
		wedged_err(a, &e);
		agent_refuse(a, c, &e);
		return;
	}
	TAILQ_INSERT_TAIL(&a->calls, c, entry);
	agent_ask(a);
}

static void refuse_all(struct pf_agent *a, const struct err *e)
{
	struct call *c;

	while ((c = TAILQ_FIRST(&a->calls))) {
		TAILQ_REMOVE(&a->calls, c, entry);
		agent_refuse(a, c, e);
	}
}

static void on_late(evutil_socket_t fd, short what, void *arg)
{
	struct pf_agent *a = arg;
	struct err e = {0};

	if (a->wedged) {
		log_err("%s: still in '%s'; its agent %d is killed", a->s.address, a->doing,
			(int)a->pid);
		kill(a->pid, SIGKILL);
		return; /* on_gone() goes on, whenever that is */
	}
	a->wedged = true;
	wedged_err(a, &e);
	log_err("%s", e.text);
	refuse_all(a, &e);
	agent_arm(a->late, a->s.deadline_ms);
}

static void answered(struct pf_agent *a, struct pf_wire_msg *m)
{
	struct call *c = TAILQ_FIRST(&a->calls);
	struct err e = {0};
	int fds[PF_WIRE_FDS];
	unsigned int n = pf_wire_take(&a->link, fds, m->fds);

	evtimer_del(a->late);
	a->asked = 0;
	a->doing[0] = '\0';
	a->deaths = 0;
	if (a->wedged)
		log_warn("%s: its agent came back", a->s.address);
	a->wedged = false;
	if (m->state && a->s.told)
		a->s.told(a->s.arg, m->state);
	if (m->error)
		err_from_json(m->error, "the agent gives no reason", &e);
	if (c && c->id == m->id) { /* or it was given up */
		TAILQ_REMOVE(&a->calls, c, entry);
		call_end(c, m->result, fds, n, m->result ? NULL : &e);
	}
	for (unsigned int i = 0; i < n; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	agent_ask(a);
}

static void on_line(struct pf_agent *a, const char *text, size_t len)
{
	struct pf_wire_msg m;

	if (pf_wire_parse(text, len, &m) != 0 || m.id != a->asked) {
		log_err("%s: its agent talks nonsense; it is killed", a->s.address);
		json_decref(m.root);
		event_del(a->on_read);
		kill(a->pid, SIGKILL);
		return;
	}
	if (!m.doing)
		answered(a, &m);
	else if (!a->wedged)
		set_doing(a, m.doing);
	json_decref(m.root);
}

void agent_on_read(evutil_socket_t fd, short what, void *arg)
{
	struct pf_agent *a = arg;
	int ret = pf_wire_receive(&a->link);
	char *line;
	size_t len;

	while (ret > 0 && (line = pf_wire_line(&a->link, &len)))
		on_line(a, line, len);
	if (ret == 0 || (ret < 0 && ret != -EAGAIN)) {
		event_del(a->on_read); /* on_gone() sees to the rest */
		kill(a->pid, SIGKILL);
	}
}

void agent_on_write(evutil_socket_t fd, short what, void *arg)
{
	struct pf_agent *a = arg;
	int ret = evbuffer_write(a->out, fd);

	if (evbuffer_get_length(a->out) > 0 && (ret >= 0 || errno == EAGAIN))
		event_add(a->on_write, NULL);
}

struct pf_agent *pf_agent_new(const struct pf_agent_setup *setup, struct err *e)
{
	struct pf_agent *a = calloc(1, sizeof(*a));

	if (!a)
		goto no_memory;
	a->s = *setup;
	a->pidfd = -1;
	TAILQ_INIT(&a->calls);
	TAILQ_INIT(&a->refused);
	pf_wire_open(&a->link, -1);
	a->out = evbuffer_new();
	a->late = evtimer_new(setup->base, on_late, a);
	a->again = evtimer_new(setup->base, agent_on_again, a);
	a->refuse = evtimer_new(setup->base, on_refuse, a);
	if (a->out && a->late && a->again && a->refuse) {
		agent_start(a);
		return a;
	}
	pf_agent_free(a);
no_memory:
	err_set(e, -ENOMEM, "no memory for an agent");
	return NULL;
}

static void drop_calls(struct calls *calls)
{
	struct call *c;

	while ((c = TAILQ_FIRST(calls))) {
		TAILQ_REMOVE(calls, c, entry);
		json_decref(c->args);
		free(c);
	}
}

void pf_agent_free(struct pf_agent *a)
{
	if (!a)
		return;
	/* One that hangs in a driver dies when it comes back; nobody waits here for that. */
	if (a->pid) {
		kill(a->pid, SIGKILL);
		waitpid(a->pid, NULL, WNOHANG);
	}
	if (a->out)
		agent_forget(a);
	agent_drop_event(&a->late);
	agent_drop_event(&a->again);
	agent_drop_event(&a->refuse);
	drop_calls(&a->calls);
	drop_calls(&a->refused);
	if (a->out)
		evbuffer_free(a->out);
	free(a);
}

enum pf_agent_how pf_agent_how(const struct pf_agent *a, const char **doing, unsigned int *for_ms)
{
	*doing = a->doing;
	*for_ms = a->doing[0] ? (unsigned int)((clock_now_ns() - a->since_ns) / 1000000) : 0;
	if (a->wedged)
		return PF_AGENT_WEDGED;
	return a->asked || a->pid == 0 ? PF_AGENT_BUSY : PF_AGENT_READY;
}
