/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/super.h"

#include "base/clock.h"
#include "base/err_json.h"
#include "base/log.h"
#include "base/notify.h"
#include "hv-core/child.h"
#include "hv-core/handin.h"
#include "hv-core/wire.h"
#include "hv-core/spawn.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* How the start went, for whoever started us. Only the first start is told. */
static void tell_start(struct super *s, const char *text)
{
	int fd = s->options->ready_fd;

	if (!s->first || fd < 0)
		return;
	if (dprintf(fd, "%s\n", text) < 0)
		log_warn("cannot say how the start went: %s", strerror(errno));
	close(fd);
}

static void end(struct super *s)
{
	s->state = SUPER_ENDED;
	super_tell_end(s);
	event_base_loopbreak(s->loop);
}

static void on_again(evutil_socket_t fd, short what, void *arg);

/* After a guest, or what should have become one, ended as s->how says. */
static void follow(struct super *s)
{
	struct timeval delay;
	unsigned int ms;

	if (clock_now_ns() - s->began_ns < HV_RESTART_QUICK_S * 1000000000ull)
		s->quick++;
	else
		s->quick = 0;
	if (!hv_restart_again(s->config->restart, s->how, s->told, s->first)) {
		end(s);
		return;
	}
	s->first = false;
	s->restarts++;
	s->state = SUPER_WAITING;
	ms = hv_restart_delay_ms(s->how, s->quick - (s->quick > 0));
	if (ms > 0)
		log_info("%s: starts anew in %u ms", s->config->name, ms);
	delay = (struct timeval){ms / 1000, ms % 1000 * 1000};
	evtimer_add(s->again, &delay);
}

static void has_failed(struct super *s, const struct err *e)
{
	s->how = HV_HOW_FAILED;
	snprintf(s->why, sizeof(s->why), "%.255s", e->text);
	log_err("%s: %s", s->config->name, e->text);
	if (s->first) {
		char text[sizeof(e->text) + 16];

		snprintf(text, sizeof(text), "error %s", e->text);
		tell_start(s, text);
	}
}

static void on_message(struct super *s, const json_t *msg)
{
	const char *event = json_get_str(msg, "event", NULL);
	struct err e = {0};

	if (!event) {
		super_answered(s, msg);
	} else if (strcmp(event, "running") == 0 && s->state == SUPER_STARTING) {
		s->state = SUPER_RUNNING;
		log_info("%s: runs, process %d", s->config->name, (int)s->pid);
		tell_start(s, "ready");
		if (s->first)
			notify_send("READY=1");
		s->first = false;
	} else if (strcmp(event, "dial") == 0) {
		super_dial(s, json_get_str(msg, "nic", ""));
	} else if (strcmp(event, "gone") == 0) {
		super_nic_gone(s, json_get_str(msg, "nic", ""));
	} else if (strcmp(event, "failed") == 0) {
		err_from_json(msg, "the guest's process gives no reason", &e);
		has_failed(s, &e);
	} else if (strcmp(event, "end") == 0) {
		snprintf(s->why, sizeof(s->why), "%.255s", json_get_str(msg, "why", ""));
	}
}

static void on_link(evutil_socket_t fd, short what, void *arg)
{
	struct super *s = arg;
	json_t *msg;
	int ret;

	while ((msg = hv_wire_receive(s->link, NULL, &ret))) {
		on_message(s, msg);
		json_decref(msg);
	}
	/* Nonsense, or the end of file: its process has ended, or is to. */
	if (ret == -EBADMSG) {
		log_err("%s: its process talks nonsense; it is ended", s->config->name);
		kill(s->pid, SIGKILL);
	}
	if (ret != -EAGAIN)
		event_del(s->on_link);
}

static enum hv_how how_ended(struct super *s, int status)
{
	static const struct {
		int status;
		enum hv_how how;
	} ends[] = {
		{HV_CHILD_POWER_OFF, HV_HOW_POWER_OFF}, {HV_CHILD_FAILED, HV_HOW_FAILED},
		{HV_CHILD_RESET, HV_HOW_RESET},		{HV_CHILD_CRASH, HV_HOW_CRASH},
		{HV_CHILD_STOPPED, HV_HOW_STOPPED},
	};

	/* The kernel ends a process like that for a call that is not on its list. */
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS) {
		snprintf(s->why, sizeof(s->why),
			 "the guest's process made a call that is not allowed (seccomp); this is a "
			 "bug or an attack; the kernel's audit log names the call");
		log_err("%s: %s", s->config->name, s->why);
		return HV_HOW_FORBIDDEN;
	}
	for (size_t i = 0; WIFEXITED(status) && i < sizeof(ends) / sizeof(ends[0]); i++)
		if (ends[i].status == WEXITSTATUS(status))
			return ends[i].how;
	if (WIFSIGNALED(status) && !s->forced)
		snprintf(s->why, sizeof(s->why), "its process died of signal %d (%s)",
			 WTERMSIG(status), strsignal(WTERMSIG(status)));
	else if (WIFEXITED(status))
		snprintf(s->why, sizeof(s->why), "its process ended with status %d",
			 WEXITSTATUS(status));
	return HV_HOW_DIED;
}

static void on_child(evutil_socket_t sig, short what, void *arg)
{
	struct super *s = arg;
	int status;

	if (!s->pid || waitpid(s->pid, &status, WNOHANG) != s->pid)
		return;
	on_link(s->link, EV_READ, s); /* its last words */
	event_free(s->on_link);
	s->on_link = NULL;
	close(s->link);
	s->link = -1;
	s->pid = 0;
	s->how = how_ended(s, status);
	/* It may have died before it could say why it failed. */
	if (s->first && s->how != HV_HOW_FAILED)
		tell_start(s, "error the guest's process died while it started; see its log");
	if (s->how != HV_HOW_FORBIDDEN) /* said already */
		log_info("%s: %s%s%s", s->config->name, hv_how_name(s->how), s->why[0] ? ": " : "",
			 s->why);
	super_pf_give_all(s);
	super_calls_fail(s, "the guest has ended");
	follow(s);
}

static int start(struct super *s, struct err *e)
{
	struct hv_fds fds;
	int ret;

	s->why[0] = '\0';
	s->began_ns = clock_now_ns();
	/* A reset begins from the kernel, not from the snapshot again. */
	ret = hv_handin_open(&fds, s->config, s->restarts ? NULL : s->options->restore, e);
	super_pf_started(s);
	if (ret != 0)
		return ret;
	fds.console_in = hv_console_guest_in(s->console);
	fds.console_out = hv_console_guest_out(s->console);
	for (unsigned int i = 0; i < HV_NICS_MAX; i++)
		fds.nic[i].socket = s->listen[i];
	fds.uid = s->options->uid;
	fds.gid = s->options->gid;
	hv_console_forget_typed(s->console);
	ret = hv_spawn(s->config, &fds, &s->pid, &s->link, e);
	hv_handin_close(&fds);
	if (ret != 0)
		return ret;
	s->state = SUPER_STARTING;
	s->on_link = event_new(s->loop, s->link, EV_READ | EV_PERSIST, on_link, s);
	if (s->on_link && event_add(s->on_link, NULL) == 0)
		return 0;
	kill(s->pid, SIGKILL); /* on_child() sees to the rest */
	return 0;
}

static void start_or_follow(struct super *s)
{
	struct err e = {0};
	int ret = start(s, &e);

	if (ret == 0)
		return;
	super_pf_give_all(s);
	if (super_pf_wait(s, ret)) {
		s->state = SUPER_WAITING;
		return;
	}
	has_failed(s, &e);
	follow(s);
}

static void on_again(evutil_socket_t fd, short what, void *arg)
{
	start_or_follow(arg);
}

void super_kill(struct super *s)
{
	s->told = true;
	event_del(s->deadline);
	if (s->pid) {
		s->forced = true;
		kill(s->pid, SIGKILL);
	} else if (s->state == SUPER_WAITING) {
		event_del(s->again);
		end(s);
	}
}

static void on_deadline(evutil_socket_t fd, short what, void *arg)
{
	struct super *s = arg;

	log_warn("%s: does not switch itself off; ended by force", s->config->name);
	super_kill(s);
}

void super_stop(struct super *s, unsigned int timeout_s)
{
	/* One that does not run yet, or no more, hears no button. */
	if (s->state != SUPER_RUNNING && s->state != SUPER_STOPPING) {
		super_kill(s);
		return;
	}
	s->told = true;
	s->state = SUPER_STOPPING;
	super_tell(s, "power-button");
	event_del(s->deadline);
	if (timeout_s)
		evtimer_add(s->deadline, &(struct timeval){.tv_sec = timeout_s});
}

static void on_term(evutil_socket_t sig, short what, void *arg)
{
	struct super *s = arg;

	notify_send("STOPPING=1");
	if (s->state == SUPER_STOPPING)
		super_kill(s);
	else
		super_stop(s, s->config->stop_timeout_s);
}

static void stdio_power_button(void *arg)
{
	super_stop(arg, 0);
}

static void stdio_kill(void *arg)
{
	super_kill(arg);
}

static int watch(struct super *s)
{
	static const int terms[] = {SIGTERM, SIGINT, SIGHUP};
	int ret = 0;

	for (int i = 0; i < 3; i++) {
		s->on_term[i] = evsignal_new(s->loop, terms[i], on_term, s);
		ret |= s->on_term[i] ? event_add(s->on_term[i], NULL) : -1;
	}
	s->on_child = evsignal_new(s->loop, SIGCHLD, on_child, s);
	s->deadline = evtimer_new(s->loop, on_deadline, s);
	s->again = evtimer_new(s->loop, on_again, s);
	if (ret != 0 || !s->on_child || !s->deadline || !s->again)
		return -ENOMEM;
	return event_add(s->on_child, NULL);
}

/* Everything that outlives a single guest. */
static int open_all(struct super *s, struct err *e)
{
	const struct hv_options *o = s->options;
	const struct hv_config *c = s->config;

	if (c->console == HV_CONSOLE_SOCKET && !c->console_path && !o->control)
		return err_at(e, -EINVAL, "/guests/0/console",
			      "console: a socket needs a path; give --console socket=PATH");
	snprintf(s->console_path, sizeof(s->console_path), "%.107s.console",
		 o->control ? o->control : "");
	s->console_options = (struct hv_console_options){
		.kind = c->console,
		.path = c->console_path			  ? c->console_path
			: c->console == HV_CONSOLE_SOCKET ? s->console_path
							  : NULL,
		.log = c->log,
		.log_max_bytes = c->log_max_bytes,
		.power_button = stdio_power_button,
		.kill = stdio_kill,
		.arg = s,
	};
	for (unsigned int i = 0; i < c->nics; i++)
		if (hv_handin_listen(&s->listen[i], &c->nic[i], e) != 0)
			return e->code;
	if (o->control) {
		s->rpc = rpc_server_new(s->loop, o->control, o->group, super_handlers, s, e);
		if (!s->rpc)
			return e->code;
		rpc_server_later(s->rpc, super_laters);
	}
	s->console = hv_console_new(s->loop, &s->console_options, e);
	return s->console ? 0 : e->code;
}

static void close_all(struct super *s)
{
	super_pf_end(s);
	/* The last answers leave in the next turns. */
	for (int i = 0; i < 8 && s->loop; i++)
		event_base_loop(s->loop, EVLOOP_NONBLOCK);
	hv_console_free(s->console);
	rpc_server_free(s->rpc);
	for (unsigned int i = 0; i < HV_NICS_MAX; i++) {
		if (s->listen[i] < 0)
			continue;
		close(s->listen[i]);
		unlink(s->config->nic[i].socket);
	}
	for (int i = 0; i < 3; i++)
		if (s->on_term[i])
			event_free(s->on_term[i]);
	if (s->on_child)
		event_free(s->on_child);
	if (s->deadline)
		event_free(s->deadline);
	if (s->again)
		event_free(s->again);
	if (s->loop)
		event_base_free(s->loop);
}

int super_run(struct hv_config *config, const struct hv_options *options)
{
	struct super s = {.config = config,
			  .options = options,
			  .link = -1,
			  .first = true,
			  .born_ns = clock_now_ns(),
			  .how = HV_HOW_FAILED};
	struct err e = {0};
	int ret;

	memset(s.listen, 0xff, sizeof(s.listen)); /* all -1 */
	signal(SIGPIPE, SIG_IGN);
	s.loop = event_base_new();
	ret = s.loop ? watch(&s) : -ENOMEM;
	if (ret != 0)
		err_set(&e, ret, "no event loop");
	else
		ret = open_all(&s, &e);
	if (ret == 0) {
		start_or_follow(&s);
		if (s.state != SUPER_ENDED)
			event_base_dispatch(s.loop);
	} else {
		has_failed(&s, &e);
	}
	close_all(&s);
	return (int)hv_restart_status(s.how, s.forced);
}
