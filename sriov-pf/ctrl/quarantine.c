/* SPDX-License-Identifier: BSD-3-Clause */
#include "sriov-pf/ctrl/quarantine.h"

#include "base/log.h"
#include "sriov-pf/ctrl/config.h"
#include "sriov-pf/ctrl/holder.h"
#include "sriov-pf/ctrl/leases.h"
#include "sriov-pf/ctrl/pfs.h"

#include <stdlib.h>
#include <string.h>

#define BUSY_MS	     100u /* until it is looked again whether somebody has it open */
#define BUSY_MAX_MS  1000u
#define AGAIN_MS     5000u /* until what failed is tried again */
#define AGAIN_MAX_MS 300000u

struct waiter {
	TAILQ_ENTRY(waiter) entry;
	uint64_t epoch;
	quarantine_told told;
	void *arg;
	struct event *late;
	struct ctrl *ctrl;
};

/* One walk; it finds its lease anew after each wait, since that may have ended meanwhile. */
struct walk {
	struct ctrl *ctrl;
	char pf[PF_ADDRESS];
	unsigned int vf;
	uint64_t epoch;
	unsigned int tries, fails;
	bool started;
	struct event *again;
};

/* w is in no list any more. */
static void tell(struct waiter *w, const struct err *e)
{
	w->told(w->arg, e);
	event_free(w->late);
	free(w);
}

static void on_late(evutil_socket_t fd, short what, void *arg)
{
	struct waiter *w = arg;
	struct err e = {0};

	TAILQ_REMOVE(&w->ctrl->waiters, w, entry);
	err_set(&e, -ETIMEDOUT,
		"the virtual function is not free yet: somebody may still have it open, or its "
		"card "
		"is wedged; 'flue vf show' and 'flue pf show' say how it stands");
	tell(w, &e);
}

void quarantine_wait(struct ctrl *c, const struct lease *l, unsigned int timeout_s,
		     quarantine_told told, void *arg)
{
	struct waiter *w = calloc(1, sizeof(*w));
	struct err e = {0};

	if (w)
		w->late = evtimer_new(c->base, on_late, w);
	if (!w || !w->late) {
		free(w);
		err_set(&e, -ENOMEM, "no memory to wait");
		told(arg, &e);
		return;
	}
	w->ctrl = c;
	w->epoch = l->epoch;
	w->told = told;
	w->arg = arg;
	evtimer_add(w->late, &(struct timeval){.tv_sec = timeout_s});
	TAILQ_INSERT_TAIL(&c->waiters, w, entry);
}

void quarantine_tell(struct ctrl *c, const struct lease *l, const struct err *e)
{
	struct waiters now = TAILQ_HEAD_INITIALIZER(now);
	struct waiter *w, *next;
	uint64_t epoch = l->epoch;

	for (w = TAILQ_FIRST(&c->waiters); w; w = next) {
		next = TAILQ_NEXT(w, entry);
		if (w->epoch != epoch)
			continue;
		TAILQ_REMOVE(&c->waiters, w, entry);
		TAILQ_INSERT_TAIL(&now, w, entry);
	}
	while ((w = TAILQ_FIRST(&now))) {
		TAILQ_REMOVE(&now, w, entry);
		tell(w, e);
	}
}

static void walk_end(struct walk *w)
{
	if (w->again)
		event_free(w->again);
	free(w);
}

static struct lease *walk_lease(const struct walk *w)
{
	struct lease *l = lease_find(&w->ctrl->leases, w->pf, w->vf);

	return l && l->epoch == w->epoch &&
			       (l->state == LEASE_QUARANTINE || l->state == LEASE_UNUSABLE)
		       ? l
		       : NULL;
}

static void become_free(struct walk *w, struct lease *l)
{
	struct ctrl *c = w->ctrl;
	struct lease was = *l;

	log_info("virtual function %s/%u is free", pfs_name_of(c, l->pf), l->vf);
	ctrl_point(c, "quarantine-free");
	leases_drop(c, l);
	quarantine_tell(c, &was, NULL);
	walk_end(w);
}

static void try_again(struct walk *w, unsigned int ms)
{
	struct timeval tv = {ms / 1000, (suseconds_t)(ms % 1000) * 1000};

	evtimer_add(w->again, &tv);
}

static unsigned int growing(unsigned int first, unsigned int n, unsigned int most)
{
	return n > 16 || first << n > most ? most : first << n;
}

static void failed(struct walk *w, struct lease *l, const struct err *e)
{
	unsigned int ms = growing(AGAIN_MS, w->fails++, AGAIN_MAX_MS);
	struct err not_saved = {0}, told = {0};

	log_err("virtual function %s/%u cannot be made neutral: %s; again in %u s",
		pfs_name_of(w->ctrl, l->pf), l->vf, e->text, ms / 1000);
	if (l->state == LEASE_QUARANTINE)
		leases_move(w->ctrl, l, LEASE_UNUSABLE, e->text, &not_saved);
	err_set(&told, e->code, "virtual function %u is unusable: %.300s", l->vf, e->text);
	quarantine_tell(w->ctrl, l, &told);
	try_again(w, ms);
}

static void configured(void *arg, const json_t *result, int *fds, unsigned int n,
		       const struct err *e)
{
	struct walk *w = arg;
	struct pf_entry *p = pfs_by_address(w->ctrl, w->pf);
	struct lease *l = walk_lease(w);

	if (p)
		p->changing--;
	if (!l)
		walk_end(w);
	else if (!result)
		failed(w, l, e);
	else
		become_free(w, l);
}

static void is_neutral(void *arg, const json_t *result, int *fds, unsigned int n,
		       const struct err *e)
{
	struct walk *w = arg;
	struct pf_entry *p = pfs_by_address(w->ctrl, w->pf);
	struct lease *l = walk_lease(w);
	json_t *config;

	if (p)
		p->changing--;
	if (!l || !p) {
		walk_end(w);
		return;
	}
	if (!result && e->code == -EBUSY) {
		try_again(w, growing(BUSY_MS, w->tries++, BUSY_MAX_MS));
		return;
	}
	if (!result) {
		failed(w, l, e);
		return;
	}
	ctrl_point(w->ctrl, "quarantine-neutral");
	config = config_of_vf(p, w->vf);
	if (!config) {
		become_free(w, l);
		return;
	}
	p->changing++;
	pf_agent_call(p->agent, "apply", json_pack("{s:o}", "config", config), configured, w);
}

static void nobody_holds(void *arg, const json_t *result, int *fds, unsigned int n,
			 const struct err *e)
{
	struct walk *w = arg;
	struct pf_entry *p = pfs_by_address(w->ctrl, w->pf);
	struct lease *l = walk_lease(w);

	if (!l || !p) {
		walk_end(w);
		return;
	}
	/* Only that somebody holds it is a reason to wait; a VF that cannot be asked is reset. */
	if (!result && e->code == -EBUSY) {
		try_again(w, growing(BUSY_MS, w->tries++, BUSY_MAX_MS));
		return;
	}
	ctrl_point(w->ctrl, "quarantine-unheld");
	p->changing++;
	pf_agent_call(p->agent, "quarantine", json_pack("{s:i}", "vf", (int)w->vf), is_neutral, w);
}

static void check_held(struct walk *w)
{
	struct pf_entry *p = pfs_by_address(w->ctrl, w->pf);
	struct lease *l = walk_lease(w);

	if (!l) {
		walk_end(w);
	} else if (!p || p->missing) {
		log_info("the card of virtual function %s/%u is gone, and its lease with it",
			 pfs_name_of(w->ctrl, l->pf), l->vf);
		become_free(w, l);
	} else if (!p->known) {
		try_again(w, BUSY_MAX_MS);
	} else if (w->vf >= p->state.numvfs) {
		become_free(w, l);
	} else {
		pf_agent_call(p->agent, "held",
			      json_pack("{s:s}", "vf", p->state.vf[w->vf].address), nobody_holds,
			      w);
	}
}

static void on_again(evutil_socket_t fd, short what, void *arg)
{
	check_held(arg);
}

/* The walk of a lease in quarantine, or NULL: no memory. */
static struct walk *walk_of(struct ctrl *c, struct lease *l)
{
	struct walk *w = l->walk ? l->walk : calloc(1, sizeof(*w));

	if (!w || l->walk)
		return w;
	w->again = evtimer_new(c->base, on_again, w);
	if (!w->again) {
		free(w);
		return NULL;
	}
	w->ctrl = c;
	w->vf = l->vf;
	w->epoch = l->epoch;
	memcpy(w->pf, l->pf, sizeof(w->pf));
	l->walk = w;
	return w;
}

void quarantine_begin(struct ctrl *c, struct lease *l, const char *why)
{
	struct walk *w = walk_of(c, l);
	bool waits = w && evtimer_pending(w->again, NULL), runs = l->state == LEASE_QUARANTINE;
	struct err e = {0};

	if (!w) {
		log_err("no memory to make virtual function %s/%u neutral", pfs_name_of(c, l->pf),
			l->vf);
		return;
	}
	holder_forget(l);
	l->pid = 0;
	l->start = 0;
	if (!runs) {
		log_info("virtual function %s/%u goes to quarantine: %s", pfs_name_of(c, l->pf),
			 l->vf, why);
		lease_move(l, LEASE_QUARANTINE, NULL, ctrl_now(), NULL);
		/* It goes there whether or not that is written: at start its holder is found dead.
		 */
		if (leases_save(c, &e) != 0)
			log_err("%s", e.text);
	}
	/* In a turn of its own, so that nobody sees l vanish under his hands. One that waits for an
	 * agent goes on when that answers. */
	if (waits || !w->started)
		try_again(w, 0);
	w->started = true;
}

void quarantine_clear(struct ctrl *c)
{
	struct waiter *w;

	while ((w = TAILQ_FIRST(&c->waiters))) {
		TAILQ_REMOVE(&c->waiters, w, entry);
		event_free(w->late);
		free(w);
	}
	for (unsigned int i = 0; i < c->leases.leases; i++)
		if (c->leases.lease[i]->walk)
			walk_end(c->leases.lease[i]->walk);
}
