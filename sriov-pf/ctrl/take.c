/* SPDX-License-Identifier: BSD-3-Clause */
#include "sriov-pf/ctrl/take.h"

#include "base/log.h"
#include "sriov-pf/ctrl/config.h"
#include "sriov-pf/ctrl/holder.h"
#include "sriov-pf/ctrl/leases.h"
#include "sriov-pf/ctrl/pfs.h"
#include "sriov-pf/ctrl/quarantine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct take {
	struct ctrl *ctrl;
	char pf[PF_ADDRESS], vf_address[PF_ADDRESS];
	unsigned int vf;
	uint64_t epoch;
	pid_t pid;
	int pidfd;
	uint64_t start;
	char nic[PF_NAME];
	json_t *memory;
	bool own; /* it was nobody's before, so it is nobody's when this fails */
	take_answer answer;
	void *arg;
};

static struct lease *lease_of(const struct take *t)
{
	struct lease *l = lease_find(&t->ctrl->leases, t->pf, t->vf);

	return l && l->epoch == t->epoch ? l : NULL;
}

static void end(struct take *t)
{
	struct lease *l = lease_of(t);

	if (l)
		l->taking = false;
	if (t->pidfd >= 0)
		close(t->pidfd);
	json_decref(t->memory);
	free(t);
}

static void refuse(struct take *t, const struct err *e)
{
	struct lease *l = lease_of(t);
	json_t *answer = hand_msg_error(e);

	log_warn("process %d is not given a virtual function: %s", (int)t->pid, e->text);
	t->answer(t->arg, answer, NULL, 0);
	json_decref(answer);
	if (l && t->own && l->state == LEASE_RESERVED)
		quarantine_begin(t->ctrl, l, "it could not be given away");
	end(t);
}

static void lost(struct take *t, struct err *e)
{
	err_set(e, -ECANCELED, "the virtual function was released meanwhile");
	refuse(t, e);
}

/* Written down as held before anybody can hold it. */
static int hold(struct take *t, struct lease *l, struct err *e)
{
	struct lease former = *l;
	int ret = 0;

	l->pid = t->pid;
	l->start = t->start;
	snprintf(l->nic, sizeof(l->nic), "%s", t->nic);
	if (l->state == LEASE_RESERVED)
		ret = leases_move(t->ctrl, l, LEASE_HELD, NULL, e);
	if (ret != 0) {
		*l = former;
		return ret;
	}
	take_forget(t->ctrl, l->pf, l->vf);
	ret = holder_watch(t->ctrl, l, t->pidfd);
	t->pidfd = -1;
	if (ret != 0) {
		quarantine_begin(t->ctrl, l, "who asked for it has ended");
		return err_set(e, ret, "the process that asked has ended");
	}
	return 0;
}

static void is_open(void *arg, const json_t *result, int *fds, unsigned int n, const struct err *e)
{
	struct take *t = arg;
	struct lease *l = lease_of(t);
	struct err why = {0};
	json_t *answer;

	if (!result) {
		refuse(t, e);
		return;
	}
	ctrl_point(t->ctrl, "take-open");
	if (!l || (l->state != LEASE_RESERVED && l->state != LEASE_HELD)) {
		lost(t, &why);
		return;
	}
	if (n != 2)
		err_set(&why, -EIO, "the agent of %s opened nothing", t->pf);
	if (n != 2 || hold(t, l, &why) != 0) {
		refuse(t, &why);
		return;
	}
	ctrl_point(t->ctrl, "take-held");
	answer = json_pack("{s:s,s:O,s:I}", "address", t->vf_address, "group",
			   json_object_get(result, "group"), "epoch", (json_int_t)l->epoch);
	if (t->answer(t->arg, answer, fds, n) == 0)
		log_info("'%s' (process %d) holds virtual function %s/%u, epoch %llu", l->guest,
			 (int)l->pid, pfs_name_of(t->ctrl, t->pf), t->vf,
			 (unsigned long long)l->epoch);
	else
		quarantine_begin(t->ctrl, l, "who asked for it hung up");
	ctrl_point(t->ctrl, "take-told");
	json_decref(answer);
	end(t);
}

static void is_bound(void *arg, const json_t *result, int *fds, unsigned int n, const struct err *e)
{
	struct take *t = arg;
	struct pf_entry *p = pfs_by_address(t->ctrl, t->pf);

	p->changing--;
	if (!result) {
		refuse(t, e);
		return;
	}
	ctrl_point(t->ctrl, "take-bound");
	pf_agent_call(p->agent, "open",
		      json_pack("{s:s,s:i,s:O*}", "vf", t->vf_address, "pid", (int)t->pid, "memory",
				t->memory),
		      is_open, t);
}

static struct given *given_find(struct ctrl *c, const char *pf, unsigned int vf)
{
	for (unsigned int i = 0; i < CTRL_GIVEN; i++)
		if (c->given[i].guest[0] && c->given[i].vf == vf && strcmp(c->given[i].pf, pf) == 0)
			return &c->given[i];
	return NULL;
}

static void given_add(struct ctrl *c, const struct lease *l)
{
	struct given *g = given_find(c, l->pf, l->vf);

	if (!g)
		g = &c->given[c->next_given++ % CTRL_GIVEN];
	*g = (struct given){.vf = l->vf, .pid = l->pid, .start = l->start};
	memcpy(g->pf, l->pf, sizeof(g->pf));
	memcpy(g->guest, l->guest, sizeof(g->guest));
}

void take_forget(struct ctrl *c, const char *pf, unsigned int vf)
{
	struct given *g = given_find(c, pf, vf);

	if (g)
		g->guest[0] = '\0';
}

/* May it take a VF that nobody has? */
static bool may_take(struct take *t, const struct pf_entry *p, const struct hand_msg *m)
{
	const struct given *g = given_find(t->ctrl, p->address, m->vf);

	if (g && strcmp(g->guest, m->guest) == 0 && g->pid == t->pid && g->start == t->start)
		return true;
	return strcmp(config_owner(p, m->vf), m->guest) == 0;
}

/* The lease it asks for: reserved for its guest, held by itself, or made now because the VF is
 * declared to be this guest's, or was until it gave it back. */
static struct lease *find_or_make(struct take *t, const struct pf_entry *p,
				  const struct hand_msg *m, struct err *e)
{
	struct lease *l = lease_find(&t->ctrl->leases, p->address, m->vf);

	if (l && strcmp(l->guest, m->guest) == 0 && !l->taking && !l->qmp[0] &&
	    (l->state == LEASE_RESERVED ||
	     (l->state == LEASE_HELD && l->pid == t->pid && l->start == t->start)))
		return l;
	if (l && l->state == LEASE_QUARANTINE) {
		err_set(e, -EAGAIN,
			"%s/%u is being made neutral after '%s'; it is free in a moment", m->pf,
			m->vf, l->guest);
		return NULL;
	}
	if (!l && !may_take(t, p, m)) {
		err_set(e, -EACCES,
			"%s/%u is not for '%s'; 'flue vf assign %s %u guest %s' gives it, or owner "
			"in the configuration",
			m->pf, m->vf, m->guest, m->pf, m->vf, m->guest);
		return NULL;
	}
	/* Says whose it is when there is one. */
	l = leases_add(t->ctrl, p, m->vf, LEASE_RESERVED, m->guest, e);
	t->own = l != NULL;
	return l;
}

static struct take *new_take(struct ctrl *c, const struct hand_msg *m, pid_t pid, int pidfd,
			     take_answer answer, void *arg)
{
	struct take *t = calloc(1, sizeof(*t));

	if (!t) {
		close(pidfd);
		return NULL;
	}
	*t = (struct take){.ctrl = c,
			   .vf = m->vf,
			   .pid = pid,
			   .pidfd = pidfd,
			   .start = holder_start_time(pid),
			   .memory = json_incref((json_t *)m->memory),
			   .answer = answer,
			   .arg = arg};
	memcpy(t->nic, m->nic, sizeof(t->nic));
	return t;
}

void take_begin(struct ctrl *c, const struct hand_msg *m, pid_t pid, int pidfd, take_answer answer,
		void *arg)
{
	json_t *which = json_pack("{s:s,s:i}", "pf", m->pf, "index", (int)m->vf);
	struct take *t = new_take(c, m, pid, pidfd, answer, arg);
	struct err e = {0};
	struct pf_entry *p;
	struct lease *l;
	unsigned int vf;

	p = pfs_get_vf(c, which, &vf, &e);
	json_decref(which);
	if (!t) {
		answer(arg, NULL, NULL, 0);
		return;
	}
	l = p && leases_wait(p, &e) == 0 ? find_or_make(t, p, m, &e) : NULL;
	if (!l) {
		refuse(t, &e);
		return;
	}
	memcpy(t->pf, p->address, sizeof(t->pf));
	memcpy(t->vf_address, p->state.vf[vf].address, sizeof(t->vf_address));
	t->epoch = l->epoch;
	l->taking = true;
	ctrl_point(c, "take-reserved");
	p->changing++;
	pf_agent_call(p->agent, "apply",
		      json_pack("{s:o}", "config", config_bind(p, vf, "vfio-pci")), is_bound, t);
}

json_t *take_give(struct ctrl *c, const struct hand_msg *m, pid_t pid)
{
	const struct pf_entry *p = pfs_by_name(c, m->pf);
	struct lease *l = p ? lease_find(&c->leases, p->address, m->vf) : NULL;
	struct err e = {0};

	if (!l)
		err_set(&e, -ESTALE, "nobody has %s/%u; nothing was changed", m->pf, m->vf);
	else if (lease_is(l, m->epoch, &e) == 0 && l->pid != pid)
		err_set(&e, -EACCES, "%s/%u is held by process %d, not by %d", m->pf, m->vf,
			(int)l->pid, (int)pid);
	if (e.code != 0)
		return hand_msg_error(&e);
	ctrl_point(c, "give");
	if (l->state == LEASE_HELD) /* else somebody asked for it */
		given_add(c, l);
	quarantine_begin(c, l, "it was given back");
	return json_object();
}
