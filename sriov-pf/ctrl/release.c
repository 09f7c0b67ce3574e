/* SPDX-License-Identifier: BSD-3-Clause */
#include "sriov-pf/ctrl/release.h"

#include "base/log.h"
#include "sriov-pf/ctrl/guest.h"
#include "sriov-pf/ctrl/holder.h"
#include "sriov-pf/ctrl/leases.h"
#include "sriov-pf/ctrl/pfs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define QUARANTINE_S 20

/* A guest that was asked; it finds its lease anew, which may end meanwhile. */
struct release {
	TAILQ_ENTRY(release) entry;
	struct ctrl *ctrl;
	char pf[PF_ADDRESS];
	unsigned int vf, timeout_s;
	uint64_t epoch;
	bool force, answered, over; /* gone when both are */
	struct event *late;
	char refused[200]; /* what the guest said to it, "": nothing yet */
};

static struct lease *lease_of(const struct release *r)
{
	struct lease *l = lease_find(&r->ctrl->leases, r->pf, r->vf);

	return l && l->epoch == r->epoch && l->state == LEASE_RELEASING ? l : NULL;
}

static void free_release(struct release *r)
{
	TAILQ_REMOVE(&r->ctrl->releases, r, entry);
	event_free(r->late);
	free(r);
}

void release_clear(struct ctrl *c)
{
	while (!TAILQ_EMPTY(&c->releases))
		free_release(TAILQ_FIRST(&c->releases));
}

static void unref(struct release *r)
{
	if (r->answered && r->over)
		free_release(r);
}

static void late_err(const struct release *r, const struct lease *l, struct err *e)
{
	err_set(e, -ETIMEDOUT,
		"'%s' did not let go of %s/%u within %u s%s%s; it still has it; 'flue vf release "
		"... force on' ends its process",
		l->guest, pfs_name_of(r->ctrl, r->pf), r->vf, r->timeout_s,
		r->refused[0] ? ": " : "", r->refused);
}

static void on_late(evutil_socket_t fd, short what, void *arg)
{
	struct release *r = arg;
	struct lease *l = lease_of(r);
	struct err e = {0}, not_saved = {0};

	if (l && r->force) {
		holder_kill(l); /* its end goes on */
	} else if (l) {
		late_err(r, l, &e);
		log_warn("%s", e.text);
		if (leases_move(r->ctrl, l, LEASE_HELD, NULL, &not_saved) != 0)
			log_err("%s", not_saved.text);
		quarantine_tell(r->ctrl, l, &e);
	}
	r->over = true;
	unref(r);
}

/* The guest's answer: that it asked its kernel, or that it cannot. Whether it lets go is seen by
 * its giving the VF back, or by its end. */
static void on_asked(void *arg, const struct err *e)
{
	struct release *r = arg;
	struct lease *l = lease_of(r);

	r->answered = true;
	if (!e && l && l->qmp[0]) /* QEMU says when it has let go, and lives on */
		quarantine_begin(r->ctrl, l, "QEMU has let go of it");
	/* Nothing more is to be expected of one that cannot. */
	if (e && !r->over) {
		snprintf(r->refused, sizeof(r->refused), "%.190s", e->text);
		evtimer_add(r->late, &(struct timeval){0});
	}
	unref(r);
}

static void ask_guest(struct ctrl *c, struct lease *l, unsigned int timeout_s, bool force)
{
	struct release *r = calloc(1, sizeof(*r));
	struct timeval tv = {.tv_sec = timeout_s};
	struct err e = {0};

	if (r)
		r->late = evtimer_new(c->base, on_late, r);
	if (!r || !r->late || leases_move(c, l, LEASE_RELEASING, NULL, &e) != 0) {
		if (e.code == 0)
			err_set(&e, -ENOMEM, "no memory to ask the guest");
		if (r && r->late)
			event_free(r->late);
		free(r);
		quarantine_tell(c, l, &e);
		return;
	}
	r->ctrl = c;
	r->vf = l->vf;
	r->epoch = l->epoch;
	r->force = force;
	r->timeout_s = timeout_s;
	memcpy(r->pf, l->pf, sizeof(r->pf));
	TAILQ_INSERT_TAIL(&c->releases, r, entry);
	evtimer_add(r->late, &tv);
	ctrl_point(c, "release-ask");
	guest_unplug(c, l, timeout_s, on_asked, r);
}

void release_begin(struct ctrl *c, struct lease *l, unsigned int timeout_s, bool force,
		   quarantine_told told, void *arg)
{
	if (l->state == LEASE_RESERVED && !l->taking) {
		log_info("virtual function %s/%u is no longer reserved for '%s'",
			 pfs_name_of(c, l->pf), l->vf, l->guest);
		leases_drop(c, l);
		told(arg, NULL);
		return;
	}
	/* Of a guest the timeout is its own; making it neutral comes on top of it. */
	quarantine_wait(c, l, timeout_s + QUARANTINE_S, told, arg);
	if (l->state == LEASE_HELD)
		ask_guest(c, l, timeout_s, force);
	else if (l->state == LEASE_RELEASING && force)
		holder_kill(l);
	else if (l->state != LEASE_RELEASING)
		quarantine_begin(c, l, "it was released");
}
