/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/attach/serve.h"

#include "base/clock.h"

#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* A connection that came back to the kernel goes back to its program, which may be busy: tried
 * again after so long, doubled up to the last. */
enum { FIRST_MS = 10, LAST_MS = 2000, EACH_MS = 100 };

struct serving {
	struct att_session *s;
	struct att_hold *hold;
	int signals;
	bool wanted;	  /* it is to be given back, whoever wants it */
	uint64_t next_ns; /* when that is tried next */
	unsigned int pause_ms;
	bool detached;
};

static bool give_back(struct serving *v, int timeout_ms, struct err *e, int *rc)
{
	*rc = att_session_detach(v->s, timeout_ms, e);
	v->detached = *rc == 0;
	return v->detached;
}

static void answer(struct serving *v)
{
	struct err e = {0};
	int rc, who = att_hold_asked(v->hold);

	if (who < 0)
		return;
	/* Who is told that it is detached may attach it again at once. */
	if (give_back(v, ATT_DETACH_MS, &e, &rc))
		att_hold_close(v->hold);
	att_hold_answer(who, rc, &e);
}

static void look_at_signals(struct serving *v)
{
	struct signalfd_siginfo info;

	if (read(v->signals, &info, sizeof(info)) == sizeof(info))
		v->wanted = true;
}

static void try_again(struct serving *v)
{
	struct err e;
	int rc;

	if (clock_now_ns() < v->next_ns)
		return;
	if (give_back(v, EACH_MS, &e, &rc))
		return;
	v->pause_ms = v->pause_ms * 2 < LAST_MS ? v->pause_ms * 2 : LAST_MS;
	v->next_ns = clock_now_ns() + v->pause_ms * 1000000ull;
}

static void ending(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGHUP);
}

void att_hold_signals(void)
{
	sigset_t set;

	ending(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

static int watch_signals(struct serving *v)
{
	sigset_t set;

	ending(&set);
	v->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return v->signals < 0 ? -errno : att_relay_watch(&v->s->relay, v->signals);
}

enum att_over att_serve(struct att_session *s, struct att_hold *hold)
{
	struct serving v = {.s = s, .hold = hold, .pause_ms = FIRST_MS, .signals = -1};
	enum att_over over;

	/* Without them it cannot be asked, but still does what it is for. */
	watch_signals(&v);
	att_relay_watch(&s->relay, hold->listener);
	while (!v.detached) {
		att_session_pump(s);
		if (s->relay.over != ATT_RUNS)
			break;
		if (s->relay.end == s->kernel)
			v.wanted = true;
		if (v.wanted)
			try_again(&v);
		if (v.detached)
			break;
		att_relay_sleep(&s->relay, v.wanted ? FIRST_MS : -1);
		answer(&v);
		look_at_signals(&v);
	}
	over = s->relay.over;
	att_session_close(s);
	if (v.signals >= 0)
		close(v.signals);
	return over;
}
