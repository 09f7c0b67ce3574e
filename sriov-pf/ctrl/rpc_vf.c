/* SPDX-License-Identifier: BSD-3-Clause */
/* vf.assign, vf.release and vf.prepare. */
#include "base/log.h"
#include "sriov-pf/ctrl/config.h"
#include "sriov-pf/ctrl/holder.h"
#include "sriov-pf/ctrl/leases.h"
#include "sriov-pf/ctrl/pfs.h"
#include "sriov-pf/ctrl/qmp.h"
#include "sriov-pf/ctrl/quarantine.h"
#include "sriov-pf/ctrl/release.h"
#include "sriov-pf/ctrl/take.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define QMP_TIMEOUT_S 10

/* A request that goes on when an agent, or QEMU, has answered. */
struct request {
	struct ctrl *ctrl;
	struct rpc_reply *reply;
	char pf[PF_ADDRESS], address[PF_ADDRESS];
	unsigned int vf;
	uint64_t epoch;
};

static void refuse(struct rpc_reply *r, const struct err *e)
{
	rpc_reply_error(r, e);
}

static struct lease *lease_of(const struct request *q)
{
	struct lease *l = lease_find(&q->ctrl->leases, q->pf, q->vf);

	return l && l->epoch == q->epoch ? l : NULL;
}

/* Ends one that failed: the VF goes back. */
static void request_fail(struct request *q, const struct err *e)
{
	struct lease *l = lease_of(q);

	if (l) {
		l->taking = false;
		quarantine_begin(q->ctrl, l, e->text);
	}
	refuse(q->reply, e);
	free(q);
}

/* A lease made, and the VF being bound to vfio-pci for it; bound goes on. */
static void begin(struct ctrl *c, struct rpc_reply *r, const struct pf_entry *p, struct lease *l,
		  pf_agent_done bound)
{
	struct pf_entry *entry = pfs_by_address(c, p->address);
	struct request *q = calloc(1, sizeof(*q));
	struct err e = {0};

	if (!q) {
		leases_drop(c, l);
		err_set(&e, -ENOMEM, "out of memory");
		refuse(r, &e);
		return;
	}
	*q = (struct request){.ctrl = c, .reply = r, .vf = l->vf, .epoch = l->epoch};
	memcpy(q->pf, p->address, sizeof(q->pf));
	memcpy(q->address, p->state.vf[l->vf].address, sizeof(q->address));
	l->taking = true;
	take_forget(c, p->address, l->vf);
	entry->changing++;
	pf_agent_call(entry->agent, "apply",
		      json_pack("{s:o}", "config", config_bind(p, l->vf, "vfio-pci")), bound, q);
}

static int check_owner(const struct pf_entry *p, unsigned int vf, const char *guest, struct err *e)
{
	const char *owner = config_owner(p, vf);

	if (!owner[0] || strcmp(owner, guest) == 0)
		return 0;
	return err_at(e, -EACCES, "/guest", "guest: %s/%u is declared to be for '%s' only", p->name,
		      vf, owner);
}

static json_t *assigned(const struct pf_entry *p, const struct lease *l)
{
	return json_pack("{s:s,s:i,s:s,s:I}", "pf", p->name, "index", (int)l->vf, "address",
			 p->state.vf[l->vf].address, "epoch", (json_int_t)l->epoch);
}

static void is_plugged(void *arg, const struct err *e)
{
	struct request *q = arg;
	struct pf_entry *p = pfs_by_address(q->ctrl, q->pf);
	struct lease *l = lease_of(q);
	struct err lost = {0};

	if (!l)
		err_set(&lost, -ECANCELED, "the virtual function was released meanwhile");
	if (e || !l) {
		request_fail(q, e ? e : &lost);
		return;
	}
	l->taking = false;
	rpc_reply_result(q->reply, assigned(p, l));
	free(q);
}

static void bound_for_qemu(void *arg, const json_t *result, int *fds, unsigned int n,
			   const struct err *e)
{
	struct request *q = arg;
	struct lease *l = lease_of(q);
	struct err why = {0};

	pfs_by_address(q->ctrl, q->pf)->changing--;
	if (!result)
		why = *e;
	else if (!l || l->state != LEASE_RESERVED)
		err_set(&why, -ECANCELED, "the virtual function was released meanwhile");
	else if (leases_move(q->ctrl, l, LEASE_HELD, NULL, &why) == 0 &&
		 holder_watch(q->ctrl, l, -1) != 0)
		err_set(&why, -ESRCH, "QEMU has ended");
	if (why.code != 0)
		request_fail(q, &why);
	else
		qmp_plug(q->ctrl, l, q->address, QMP_TIMEOUT_S, is_plugged, q);
}

static void assign_to_qemu(struct ctrl *c, const struct pf_entry *p, unsigned int vf,
			   const char *guest, const char *path, struct rpc_reply *r)
{
	struct err e = {0};
	struct lease *l = NULL;
	pid_t pid = 0;

	if (strlen(path) >= LEASE_PATH)
		err_at(&e, -ENAMETOOLONG, "/to", "to: the socket's path is too long");
	else
		pid = qmp_pid(c->base, path, &e);
	if (pid > 0)
		l = leases_add(c, p, vf, LEASE_RESERVED, guest[0] ? guest : "qemu", &e);
	else if (e.code == 0)
		err_at(&e, -ESRCH, "/to", "to: the process behind %s is not of this namespace",
		       path);
	if (!l) {
		refuse(r, &e);
		return;
	}
	snprintf(l->qmp, sizeof(l->qmp), "%s", path);
	l->pid = pid;
	l->start = holder_start_time(pid);
	begin(c, r, p, l, bound_for_qemu);
}

static void vf_assign(void *ctx, const json_t *params, struct rpc_reply *r)
{
	const char *guest = json_get_str(params, "guest", "");
	const char *to = json_get_str(params, "to", "");
	struct ctrl *c = ctx;
	struct err e = {0};
	struct lease *l = NULL;
	unsigned int vf;
	struct pf_entry *p = pfs_get_vf(c, params, &vf, &e);

	if (p && to[0] && strncmp(to, "qemu:", 5) != 0)
		err_at(&e, -EINVAL, "/to", "to: must be qemu: and the path of a QMP socket");
	else if (p && !to[0] && !guest[0])
		err_at(&e, -EINVAL, "/guest", "guest: name the guest that gets it, or give to");
	else if (p)
		check_owner(p, vf, guest, &e);
	if (e.code == 0 && to[0]) {
		assign_to_qemu(c, p, vf, guest, to + 5, r);
		return;
	}
	if (e.code == 0)
		l = leases_add(c, p, vf, LEASE_RESERVED, guest, &e);
	if (!l) {
		refuse(r, &e);
		return;
	}
	take_forget(c, p->address, vf);
	log_info("virtual function %s/%u is reserved for '%s', epoch %llu", p->name, vf, guest,
		 (unsigned long long)l->epoch);
	rpc_reply_result(r, assigned(p, l));
}

static void is_released(void *arg, const struct err *e)
{
	if (e)
		refuse(arg, e);
	else
		rpc_reply_result(arg, json_pack("{s:b}", "free", 1));
}

static void vf_release(void *ctx, const json_t *params, struct rpc_reply *r)
{
	unsigned int vf, timeout_s = (unsigned int)json_get_int(params, "timeout", 10);
	uint64_t epoch = (uint64_t)json_get_int(params, "epoch", 0);
	bool force = json_get_bool(params, "force", false);
	struct ctrl *c = ctx;
	struct err e = {0};
	const struct pf_entry *p = pfs_by_name(c, json_get_str(params, "pf", ""));
	struct lease *l;

	vf = (unsigned int)json_get_int(params, "index", 0);
	if (!p && !pfs_get_vf(c, params, &vf, &e)) {
		refuse(r, &e);
		return;
	}
	l = lease_find(&c->leases, p->address, vf);
	if (!l && epoch)
		err_at(&e, -ESTALE, "/epoch",
		       "epoch: that lease has ended; nobody has %s/%u, and nothing was changed",
		       p->name, vf);
	else if (!l)
		err_at(&e, -ENOENT, "/index", "index: nobody has %s/%u", p->name, vf);
	else
		lease_is(l, epoch, &e);
	if (e.code != 0)
		refuse(r, &e);
	else
		release_begin(c, l, timeout_s, force, is_released, r);
}

static const char *hint(bool libvirt)
{
	return libvirt ? "<hostdev mode='subsystem' type='pci' managed='no'> with this address; "
			 "'flue vf release' when the domain is gone"
		       : "-a ADDRESS, as a user who may open /dev/vfio/GROUP; 'flue vf release' "
			 "when "
			 "the program has ended";
}

static void is_prepared(void *arg, const json_t *result, int *fds, unsigned int n,
			const struct err *e)
{
	struct request *q = arg;
	struct pf_entry *p = pfs_by_address(q->ctrl, q->pf);
	struct lease *l = lease_of(q);
	struct err lost = {0};
	bool libvirt;

	p->changing--;
	if (!l || l->state != LEASE_PREPARED)
		err_set(&lost, -ECANCELED, "the virtual function was released meanwhile");
	if (!result || lost.code != 0) {
		request_fail(q, result ? &lost : e);
		return;
	}
	libvirt = strcmp(l->guest, "libvirt") == 0;
	l->taking = false;
	rpc_reply_result(q->reply, json_pack("{s:s,s:I,s:s,s:[s,s],s:s}", "address", q->address,
					     "epoch", (json_int_t)l->epoch, "driver", "vfio-pci",
					     "done", "set what is declared of it",
					     "bound it to vfio-pci", "hint", hint(libvirt)));
	free(q);
}

static void vf_prepare(void *ctx, const json_t *params, struct rpc_reply *r)
{
	struct ctrl *c = ctx;
	struct err e = {0};
	struct lease *l = NULL;
	unsigned int vf;
	struct pf_entry *p = pfs_get_vf(c, params, &vf, &e);

	if (p && !p->state.vf[vf].address[0])
		err_at(&e, -ENODEV, "/index", "index: %s/%u is no PCI device", p->name, vf);
	if (e.code == 0)
		l = leases_add(c, p, vf, LEASE_PREPARED, json_get_str(params, "for", ""), &e);
	if (l)
		begin(c, r, p, l, is_prepared);
	else
		refuse(r, &e);
}

const struct rpc_handler ctrl_handlers[] = {
	{"pf.show", ctrl_pf_show}, {"vf.show", ctrl_vf_show}, {NULL, NULL}};

const struct rpc_later ctrl_laters[] = {
	{"pf.apply", ctrl_pf_apply}, {"vf.set", ctrl_vf_set},	 {"vf.assign", vf_assign},
	{"vf.release", vf_release},  {"vf.prepare", vf_prepare}, {NULL, NULL},
};
