/* SPDX-License-Identifier: BSD-3-Clause */
/* The list of systems, and their common life. */
#include "bench/system/system.h"

#include "bench/machine/machine.h"
#include "bench/system/rig.h"

#include <stdlib.h>
#include <string.h>

const struct bench_system *const bench_systems[] = {
	&system_flue,	      &system_testpmd, &system_testpmd_mac, &system_ovs_dpdk,
	&system_linux_bridge, &system_mirror,  &system_veth,	    NULL};

const struct bench_system *system_find(const char *name)
{
	for (size_t i = 0; bench_systems[i]; i++)
		if (strcmp(bench_systems[i]->name, name) == 0)
			return bench_systems[i];
	return NULL;
}

static void settle(const struct bench_system *system, struct wiring *w)
{
	int cpus[64];
	unsigned int n = machine_cpus(cpus, 64);

	if (!w->worker_cpus && n)
		w->worker_cpus = 1ull << cpus[n - 1];
	if (!w->control_cpus && n)
		w->control_cpus = 1ull << cpus[0];
	for (size_t i = 0; i < w->n_ports; i++)
		w->ports[i].guest_serves |= system->guest_serves && w->ports[i].kind == PORT_VHOST;
}

/* What only some can do, then what the driver says of the rest. */
static int can(const struct bench_system *system, const struct wiring *w, struct err *e)
{
	if (w->chimney && !system->chimney)
		return err_set(e, -ENOTSUP,
			       "it runs no TCP connections; beside one that does it is written as "
			       "%s:chimney=none",
			       system->name);
	for (size_t i = 0; i < w->n_ports; i++)
		if (w->ports[i].impair[0] && !system->impairs)
			return err_set(e, -ENOTSUP, "it cannot lose or delay frames on purpose");
	return system->can(w, e);
}

int rig_start(const struct bench_system *system, const char *id, const struct wiring *w,
	      struct rig **out, struct err *e)
{
	struct err why = {0};

	*out = NULL;
	if (system->huge_pages_only && !w->huge_pages)
		return err_set(e, -ENOTSUP,
			       "%s cannot run without huge pages; as root flue-bench reserves them "
			       "where there is memory (flue-bench check)",
			       system->name);
	int rc = can(system, w, &why);
	if (rc)
		return err_set(e, rc, "%s: %s", system->name, why.text);
	struct rig *rig = calloc(1, sizeof(*rig));
	if (!rig)
		return err_set(e, -ENOMEM, "no memory");
	rig->system = system;
	snprintf(rig->id, sizeof(rig->id), "%s", id);
	rig->wiring = *w;
	settle(system, &rig->wiring);
	rc = system->start(rig, &why);
	if (rc) {
		rig_stop(rig);
		return err_set(e, rc, "%s does not start: %s", id, why.text);
	}
	*out = rig;
	return 0;
}

void rig_stop(struct rig *rig)
{
	if (!rig)
		return;
	/* The last first: it leans on those before it. */
	while (rig->n_procs)
		proc_stop(rig->procs[--rig->n_procs], RIG_STOP_MS);
	if (rig->system->stop)
		rig->system->stop(rig);
	free(rig);
}

int rig_freeze(struct rig *rig, struct err *e)
{
	for (size_t i = 0; i < rig->n_procs; i++) {
		int rc = proc_freeze(rig->procs[i], e);
		if (rc) {
			while (i)
				(void)proc_thaw(rig->procs[--i], NULL);
			return rc;
		}
	}
	rig->frozen = true;
	return 0;
}

int rig_thaw(struct rig *rig, struct err *e)
{
	int first = 0;

	for (size_t i = 0; i < rig->n_procs; i++) {
		int rc = proc_thaw(rig->procs[i], first ? NULL : e);
		if (rc && !first)
			first = rc;
	}
	rig->frozen = false;
	return first;
}

int rig_counters(struct rig *rig, struct system_counters *c, struct err *e)
{
	memset(c, 0, sizeof(*c));
	if (rig->frozen)
		return err_set(e, -EBUSY, "%s is frozen", rig->id);
	return rig->system->counters ? rig->system->counters(rig, c, e) : 0;
}

void rig_chimney_socket(const struct rig *rig, char *path, size_t size)
{
	rig_path(rig, "chimney.sock", path, size);
}

uint64_t rig_cpu_ns(const struct rig *rig)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < rig->n_procs; i++)
		sum += proc_cpu_ns(proc_pid(rig->procs[i]));
	return sum;
}

uint64_t rig_rss_bytes(const struct rig *rig)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < rig->n_procs; i++)
		sum += proc_rss_bytes(proc_pid(rig->procs[i]));
	return sum;
}
