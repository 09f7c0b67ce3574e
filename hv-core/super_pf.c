/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Virtual functions that flue-pf lends this guest. Each process of the guest has leases of its own:
 * when it ends, they are given back, and the next one takes them anew; so a VF is made neutral
 * between them, and the kernel's group is nobody's while no guest has it.
 *
 * flue-pf is never waited for while a guest runs: what is asked of it is answered in the loop. A
 * give that it does not hear is logged and forgotten, as it looks for itself who holds what.
 */
#include "hv-core/super.h"

#include "base/clock.h"
#include "base/log.h"
#include "hv-core/handin_pf.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct super_lease {
	struct super_lease *next;
	char nic[HV_NAME], vf[HV_VF];
	uint64_t epoch;
};

/* A connection to flue-pf on which an answer is to come. */
struct super_ask {
	struct super_ask *next;
	struct super *super;
	int fd; /* -1: it is to be asked again */
	struct event *on;
	struct hv_nic_config nic;
	uint64_t began_ns;
	super_taken done; /* NULL: a give */
	void *arg;
};

static void forget(struct super_ask *a)
{
	struct super_ask **at = &a->super->asks;

	while (*at != a)
		at = &(*at)->next;
	*at = a->next;
	event_free(a->on);
	if (a->fd >= 0)
		close(a->fd);
	free(a);
}

static void on_given(struct super_ask *a, short what)
{
	struct err e = {0};

	if (what & EV_TIMEOUT)
		err_set(&e, -ETIMEDOUT, "it does not answer");
	else
		hv_pf_given(a->fd, &e);
	if (e.code)
		log_warn("%s: gave %s back, but flue-pf: %s", a->super->config->name, a->nic.vf,
			 e.text);
}

static void on_soon(evutil_socket_t fd, short what, void *arg);

/* False: it is given up. */
static bool wait_a_moment(struct super_ask *a)
{
	struct event *soon;

	if (clock_now_ns() - a->began_ns > HV_PF_PATIENCE_MS * 1000000ull)
		return false;
	soon = evtimer_new(a->super->loop, on_soon, a);
	if (!soon)
		return false;
	evtimer_add(soon, &(struct timeval){.tv_usec = HV_PF_SOON_MS * 1000});
	event_free(a->on);
	a->on = soon;
	close(a->fd);
	a->fd = -1;
	return true;
}

/* True: it is asked again. */
static bool on_taken(struct super_ask *a, short what)
{
	struct hv_pf_taken t;
	struct err e = {0};

	if (what & EV_TIMEOUT)
		err_set(&e, -ETIMEDOUT,
			"flue-pf does not answer; 'flue pf show' says what it does");
	else
		hv_pf_taken(a->fd, &t, &e);
	if (e.code == -EAGAIN && wait_a_moment(a))
		return true;
	a->done(a->super, a->arg, e.code ? NULL : &t, &e);
	return false;
}

static void on_answer(evutil_socket_t fd, short what, void *arg)
{
	struct super_ask *a = arg;

	if (!a->done)
		on_given(a, what);
	else if (on_taken(a, what))
		return;
	forget(a);
}

static json_t *message(const struct super_ask *a)
{
	const struct hv_config *c = a->super->config;

	return a->done ? hv_pf_take_message(c->name, c->mem_bytes, &a->nic)
		       : hv_pf_give_message(a->nic.vf, a->nic.epoch);
}

/* Sends the message; what was listened to before is no more. */
static int say(struct super_ask *a, struct err *e)
{
	unsigned int ms = a->done ? HV_PF_TAKE_MS : HV_PF_GIVE_MS;
	int fd = hv_pf_ask(message(a), e);
	struct event *on;

	if (fd < 0)
		return fd;
	on = event_new(a->super->loop, fd, EV_READ, on_answer, a);
	if (!on || event_add(on, &(struct timeval){ms / 1000, ms % 1000 * 1000}) != 0) {
		if (on)
			event_free(on);
		close(fd);
		return err_set(e, -ENOMEM, "out of memory");
	}
	if (a->on)
		event_free(a->on);
	a->on = on;
	a->fd = fd;
	return 0;
}

static void on_soon(evutil_socket_t fd, short what, void *arg)
{
	struct super_ask *a = arg;
	struct err e = {0};

	if (say(a, &e) == 0)
		return;
	a->done(a->super, a->arg, NULL, &e);
	forget(a);
}

/* done NULL: a give, of nic's epoch. */
static int ask(struct super *s, const struct hv_nic_config *nic, super_taken done, void *arg,
	       struct err *e)
{
	struct super_ask *a = calloc(1, sizeof(*a));
	int rc;

	if (!a)
		return err_set(e, -ENOMEM, "out of memory");
	*a = (struct super_ask){.super = s,
				.fd = -1,
				.nic = *nic,
				.began_ns = clock_now_ns(),
				.done = done,
				.arg = arg};
	rc = say(a, e);
	if (rc) {
		free(a);
		return rc;
	}
	a->next = s->asks;
	s->asks = a;
	return 0;
}

void super_pf_take(struct super *s, const struct hv_nic_config *nic, super_taken done, void *arg)
{
	struct err e = {0};

	if (ask(s, nic, done, arg, &e))
		done(s, arg, NULL, &e);
}

static void give(struct super *s, const struct super_lease *l)
{
	struct hv_nic_config nic = {.epoch = l->epoch};
	struct err e = {0};

	memcpy(nic.vf, l->vf, sizeof(nic.vf));
	if (ask(s, &nic, NULL, NULL, &e))
		log_warn("%s: cannot tell flue-pf that %s is given back: %s", s->config->name,
			 l->vf, e.text);
}

void super_pf_has(struct super *s, const struct hv_nic_config *nic)
{
	struct super_lease *l = calloc(1, sizeof(*l));

	if (!l) {
		log_err("%s: no memory to remember %s; flue-pf will notice when it is free",
			s->config->name, nic->vf);
		return;
	}
	memcpy(l->nic, nic->name, sizeof(l->nic));
	memcpy(l->vf, nic->vf, sizeof(l->vf));
	l->epoch = nic->epoch;
	l->next = s->leases;
	s->leases = l;
}

static bool is(const struct super_lease *l, const char *nic, uint64_t epoch)
{
	return strcmp(l->nic, nic) == 0 && (epoch == 0 || l->epoch == epoch);
}

bool super_pf_give(struct super *s, const char *nic, uint64_t epoch)
{
	struct super_lease **at = &s->leases, *l;

	while (*at && !is(*at, nic, epoch))
		at = &(*at)->next;
	l = *at;
	if (!l)
		return false;
	*at = l->next;
	give(s, l);
	free(l);
	return true;
}

void super_pf_give_all(struct super *s)
{
	while (s->leases)
		super_pf_give(s, s->leases->nic, 0);
	for (unsigned int i = 0; i < s->config->nics; i++) {
		struct hv_nic_config *nic = &s->config->nic[i];

		nic->epoch = 0;
		if (nic->vf[0])
			nic->address[0] = '\0';
	}
}

void super_pf_started(struct super *s)
{
	for (unsigned int i = 0; i < s->config->nics; i++)
		if (s->config->nic[i].epoch)
			super_pf_has(s, &s->config->nic[i]);
}

static bool has_vf(const struct super *s)
{
	unsigned int i = 0;

	while (i < s->config->nics && !s->config->nic[i].vf[0])
		i++;
	return i < s->config->nics;
}

/* EBUSY: a flue-pf may call it so while it still cleans up what we gave back ourselves. */
bool super_pf_wait(struct super *s, int code)
{
	uint64_t now = clock_now_ns();

	if (!has_vf(s) || !(code == -EAGAIN || (code == -EBUSY && !s->first))) {
		s->asked_ns = 0;
		return false;
	}
	if (!s->asked_ns)
		s->asked_ns = now;
	if (now - s->asked_ns < HV_PF_PATIENCE_MS * 1000000ull) {
		evtimer_add(s->again, &(struct timeval){.tv_usec = HV_PF_SOON_MS * 1000});
		return true;
	}
	s->asked_ns = 0;
	return false;
}

void super_pf_end(struct super *s)
{
	struct err e = {0};

	err_set(&e, -ESRCH, "the guest has ended");
	while (s->asks) {
		struct super_ask *a = s->asks;

		if (a->done)
			a->done(s, a->arg, NULL, &e);
		forget(a);
	}
}
