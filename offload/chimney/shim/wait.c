/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/shim/wait.h"

#include "offload/chimney/shim/sys.h"

#include <sched.h>
#include <signal.h>
#include <stdlib.h>

/* How far back spinning is remembered: each success counts one up to this, each failure two down.
 */
enum { SPIN_BEST = 8 };

uint64_t chim_spin_ns(void)
{
	static _Atomic int64_t ns = -1;
	int64_t now = atomic_load_explicit(&ns, memory_order_relaxed);

	if (now < 0) {
		const char *text = getenv("FLUE_CHIMNEY_SPIN_US");
		long us = text && *text ? strtol(text, NULL, 10) : 50;

		now = us < 0 ? 0 : us > 10000 ? 10000000 : us * 1000;
		atomic_store(&ns, now);
	}
	return (uint64_t)now;
}

bool chim_wait_over(const struct chim_conn *c, enum chim_want want, uint64_t need)
{
	uint32_t flags;

	if (atomic_load(&c->state) != CHIM_RUNS)
		return true;
	flags = atomic_load_explicit(&c->shm->flued_flags, memory_order_acquire);
	if (flags & (CHIM_FLUED_FROZEN | CHIM_FLUED_ERROR))
		return true;
	if (want == CHIM_IN)
		return (flags & CHIM_FLUED_FIN) || atomic_load(&c->shut_rd) ||
		       chim_conn_inq(c) >= need;
	return atomic_load(&c->shut_wr) || chim_conn_room(c) >= need;
}

static void count_spin(struct chim_conn *c, int by)
{
	int n = atomic_load_explicit(&c->spin, memory_order_relaxed) + by;

	atomic_store_explicit(&c->spin,
			      n > SPIN_BEST ? SPIN_BEST
			      : n < 0	    ? 0
					    : n,
			      memory_order_relaxed);
}

bool chim_spin(struct chim_conn *c, enum chim_want want, uint64_t need)
{
	uint64_t ns = chim_spin_ns(), start;

	if (!ns || atomic_load_explicit(&c->spin, memory_order_relaxed) <= 0)
		return false;
	start = sys_now_ns();
	do {
		sched_yield();
		if (chim_wait_over(c, want, need)) {
			count_spin(c, 1);
			return true;
		}
	} while (sys_now_ns() - start < ns);
	count_spin(c, -2);
	return false;
}

void chim_spin_learn(struct chim_conn *c, uint64_t start)
{
	if (sys_now_ns() - start < chim_spin_ns())
		count_spin(c, 1);
}

static void flag_on(struct chim_conn *c, uint32_t flag)
{
	if (!(atomic_load(&c->shm->app_flags) & flag))
		atomic_fetch_or(&c->shm->app_flags, flag);
}

void chim_park(struct chim_conn *c, uint32_t wants)
{
	if (wants & CHIM_IN) {
		atomic_fetch_add(&c->waits_in, 1);
		flag_on(c, CHIM_APP_WAIT_IN);
	}
	if (wants & CHIM_OUT) {
		atomic_fetch_add(&c->waits_out, 1);
		flag_on(c, CHIM_APP_WAIT_OUT);
	}
	atomic_thread_fence(memory_order_seq_cst);
}

/* Another one may have parked between the count and the flag: then the flag must stand, and what
 * came meanwhile was not told. */
static void flag_off(struct chim_conn *c, uint32_t flag, _Atomic int *waits, bool keep)
{
	if (keep)
		return;
	atomic_fetch_and(&c->shm->app_flags, ~flag);
	if (!atomic_load(waits))
		return;
	atomic_fetch_or(&c->shm->app_flags, flag);
	chim_pass_on(c);
}

void chim_unpark(struct chim_conn *c, uint32_t wants)
{
	if ((wants & CHIM_IN) && atomic_fetch_sub(&c->waits_in, 1) == 1)
		flag_off(c, CHIM_APP_WAIT_IN, &c->waits_in, atomic_load(&c->edges));
	if ((wants & CHIM_OUT) && atomic_fetch_sub(&c->waits_out, 1) == 1)
		flag_off(c, CHIM_APP_WAIT_OUT, &c->waits_out, atomic_load(&c->edge_out));
}

void chim_pass_on(struct chim_conn *c)
{
	uint64_t one = 1;

	if ((atomic_load(&c->waits_in) && chim_wait_over(c, CHIM_IN, 1)) ||
	    (atomic_load(&c->waits_out) && chim_wait_over(c, CHIM_OUT, c->snd_size / 4)))
		sys_write(c->fd, &one, sizeof(one));
}

void chim_drain(struct chim_conn *c)
{
	struct pollfd p = {.fd = c->fd, .events = POLLIN};
	uint64_t count;

	/* Whether it blocks is flued's choice. */
	if (sys_poll(&p, 1, &(struct timespec){0}) == 1)
		sys_read(c->fd, &count, sizeof(count));
	if (atomic_load(&c->waits_in) + atomic_load(&c->waits_out) > 1)
		chim_pass_on(c);
}

bool chim_arm_out(struct chim_conn *c)
{
	if (!atomic_load(&c->edges))
		return false;
	atomic_store(&c->edge_out, true);
	flag_on(c, CHIM_APP_WAIT_OUT);
	atomic_thread_fence(memory_order_seq_cst);
	if (!chim_wait_over(c, CHIM_OUT, c->snd_size / 4))
		return false;
	chim_disarm_out(c);
	return true;
}

void chim_disarm_out(struct chim_conn *c)
{
	if (!atomic_exchange(&c->edge_out, false) || atomic_load(&c->waits_out))
		return;
	flag_off(c, CHIM_APP_WAIT_OUT, &c->waits_out, false);
}

bool chim_restarts(void)
{
	bool any = false;

	for (int sig = 1; sig < NSIG; sig++) {
		struct sigaction is;

		if (sigaction(sig, NULL, &is) || is.sa_handler == SIG_DFL ||
		    is.sa_handler == SIG_IGN)
			continue;
		if (!(is.sa_flags & SA_RESTART))
			return false;
		any = true;
	}
	return any;
}

struct sleeper {
	struct chim_conn *c;
	uint32_t want;
	const struct chim_how *how;
};

static void cancelled(void *arg)
{
	struct sleeper *s = arg;
	const struct chim_how *how = s->how;

	chim_unpark(s->c, s->want);
	if (how && how->gone)
		how->gone(how->arg);
}

static long doze(struct chim_conn *c, struct pollfd p[2], const struct timespec *ts,
		 struct sleeper *s)
{
	int type;
	long n;

	pthread_cleanup_push(cancelled, s);
	pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, &type);
	n = sys_poll(p, 2, ts);
	pthread_setcanceltype(type, NULL);
	pthread_cleanup_pop(0);
	return n;
}

static int sleep_once(struct chim_conn *c, enum chim_want want, uint64_t until,
		      const struct chim_how *how)
{
	struct pollfd p[2] = {{.fd = c->fd, .events = POLLIN},
			      {.fd = c->link->fd, .events = POLLIN}};
	uint64_t now = until == UINT64_MAX ? 0 : sys_now_ns();
	struct timespec ts;
	long n;

	if (now >= until)
		return -EAGAIN;
	ts.tv_sec = (time_t)((until - now) / 1000000000u);
	ts.tv_nsec = (long)((until - now) % 1000000000u);
	n = doze(c, p, until == UINT64_MAX ? NULL : &ts, &(struct sleeper){c, want, how});
	if (n > 0 && p[0].revents)
		chim_drain(c);
	if (n > 0 && p[1].revents)
		chim_link_look(c->link);
	/* With a timeout the kernel never takes a call up again. */
	if (n == -EINTR && (until != UINT64_MAX || !chim_restarts()))
		return -EINTR;
	return 0;
}

/* Woken, but not for this: another thread waits at the same eventfd, for the other direction. It
 * gets a moment, or the two would go on waking each other until it is its turn to run. */
static void give_way(struct chim_conn *c)
{
	static const struct timespec moment = {.tv_nsec = 100000};

	if (atomic_load(&c->waits_in) + atomic_load(&c->waits_out) > 1)
		sys_poll(NULL, 0, &moment);
}

int chim_wait(struct chim_conn *c, enum chim_want want, uint64_t need, uint64_t until,
	      const struct chim_how *how)
{
	uint64_t start;
	int rc = 0;

	if (chim_wait_over(c, want, need) || chim_spin(c, want, need))
		return 0;
	start = sys_now_ns();
	chim_park(c, want);
	for (bool again = false; !rc && !chim_wait_over(c, want, need); again = true) {
		if (again)
			give_way(c);
		rc = sleep_once(c, want, until, how);
	}
	chim_unpark(c, want);
	chim_spin_learn(c, start);
	return rc;
}
