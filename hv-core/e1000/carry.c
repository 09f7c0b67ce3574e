/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The card's thread. It carries frames both ways in bursts, tells the guest and the switch once a
 * burst, and waits on three descriptors when there is nothing to do: guest's registers, the link,
 * and interrupt moderation's timer.
 */
#include "hv-core/e1000/device.h"

#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define BURST 64 /* steps each way, until guest and switch are told */

void hv_e1000_wake(void *self)
{
	struct hv_e1000 *d = self;

	d->poked = true;
	if (!d->asleep)
		return;
	d->asleep = false;
	eventfd_write(d->wake_fd, 1);
}

void hv_e1000_alarm_at(void *self, uint64_t at_ns)
{
	struct hv_e1000 *d = self;
	struct itimerspec when = {.it_value = {.tv_sec = (time_t)(at_ns / 1000000000),
					       .tv_nsec = (long)(at_ns % 1000000000)}};

	if (at_ns == d->alarm_ns)
		return;
	d->alarm_ns = at_ns;
	timerfd_settime(d->timer_fd, TFD_TIMER_ABSTIME, &when, NULL);
}

static bool burst(struct hv_e1000 *d)
{
	bool any = false, more = true;

	for (int i = 0; more && i < BURST; i++) {
		pthread_mutex_lock(&d->fn.lock);
		more = hv_e1000_tx_step(&d->card);
		more |= hv_e1000_rx_step(&d->card);
		pthread_mutex_unlock(&d->fn.lock);
		any |= more;
	}
	hv_link_flush(d->link);
	pthread_mutex_lock(&d->fn.lock);
	hv_e1000_raise_gathered(&d->card);
	hv_e1000_line_update(&d->card);
	pthread_mutex_unlock(&d->fn.lock);
	return any;
}

static void forget_alarm(struct hv_e1000 *d)
{
	uint64_t n;

	if (read(d->timer_fd, &n, sizeof(n)) != sizeof(n))
		return;
	pthread_mutex_lock(&d->fn.lock);
	d->alarm_ns = 0;
	hv_e1000_alarm(&d->card);
	pthread_mutex_unlock(&d->fn.lock);
}

/* Until something happens. */
static void sleep_now(struct hv_e1000 *d)
{
	enum { WAKE, LINK, TIMER };
	struct pollfd fd[] = {[WAKE] = {.fd = d->wake_fd, .events = POLLIN},
			      [LINK] = {.fd = hv_link_call_fd(d->link), .events = POLLIN},
			      [TIMER] = {.fd = d->timer_fd, .events = POLLIN}};
	eventfd_t n;

	pthread_mutex_lock(&d->fn.lock);
	bool poked = d->poked || d->hold || d->end;
	bool rx = !d->card.rx_short, tx = d->card.tx_full;
	d->poked = false;
	d->asleep = !poked;
	pthread_mutex_unlock(&d->fn.lock);
	if (poked)
		return;
	if (!hv_link_listen(d->link, rx, tx))
		poll(fd, sizeof(fd) / sizeof(fd[0]), -1);
	pthread_mutex_lock(&d->fn.lock);
	d->asleep = d->poked = false;
	pthread_mutex_unlock(&d->fn.lock);
	if (fd[WAKE].revents)
		eventfd_read(d->wake_fd, &n);
	if (fd[TIMER].revents)
		forget_alarm(d);
	hv_link_busy(d->link);
}

/* Keeps still while it is to. False: it is to end. */
static bool may_go_on(struct hv_e1000 *d)
{
	pthread_mutex_lock(&d->fn.lock);
	while (d->hold && !d->end) {
		d->held = true;
		pthread_cond_broadcast(&d->changed);
		pthread_cond_wait(&d->changed, &d->fn.lock);
	}
	d->held = false;
	bool on = !d->end;
	pthread_mutex_unlock(&d->fn.lock);
	return on;
}

static void *carry(void *self)
{
	struct hv_e1000 *d = self;
	struct err e = {0};
	/* Another thread's name would be a file of /proc. */
	prctl(PR_SET_NAME, "e1000");
	int rc = d->thread_init ? d->thread_init(d->thread_arg, &e) : 0;

	pthread_mutex_lock(&d->fn.lock);
	d->ready = true;
	d->init = e;
	d->init.code = rc;
	pthread_cond_broadcast(&d->changed);
	pthread_mutex_unlock(&d->fn.lock);
	if (rc)
		return NULL;
	while (may_go_on(d))
		if (!burst(d))
			sleep_now(d);
	return NULL;
}

int hv_e1000_start(struct hv_e1000 *d, int (*thread_init)(void *arg, struct err *e), void *arg,
		   struct err *e)
{
	d->thread_init = thread_init;
	d->thread_arg = arg;
	int rc = pthread_create(&d->thread, NULL, carry, d);
	if (rc)
		return err_set(e, -rc, "%s: cannot start the card's thread: %s", d->fn.name,
			       strerror(rc));
	d->started = true;
	pthread_mutex_lock(&d->fn.lock);
	while (!d->ready)
		pthread_cond_wait(&d->changed, &d->fn.lock);
	pthread_mutex_unlock(&d->fn.lock);
	if (d->init.code)
		return err_set(e, d->init.code, "%s: the card's thread cannot run: %s", d->fn.name,
			       d->init.text);
	return 0;
}

void hv_e1000_hold(struct hv_e1000 *d)
{
	pthread_mutex_lock(&d->fn.lock);
	d->hold = true;
	hv_e1000_wake(d);
	while (d->started && !d->init.code && !d->held)
		pthread_cond_wait(&d->changed, &d->fn.lock);
	pthread_mutex_unlock(&d->fn.lock);
}

void hv_e1000_release(struct hv_e1000 *d)
{
	pthread_mutex_lock(&d->fn.lock);
	d->hold = false;
	d->poked = true;
	pthread_cond_broadcast(&d->changed);
	pthread_mutex_unlock(&d->fn.lock);
}

void hv_e1000_end(struct hv_e1000 *d)
{
	if (!d->started)
		return;
	pthread_mutex_lock(&d->fn.lock);
	d->end = true;
	hv_e1000_wake(d);
	pthread_cond_broadcast(&d->changed);
	pthread_mutex_unlock(&d->fn.lock);
	pthread_join(d->thread, NULL);
	d->started = false;
}
