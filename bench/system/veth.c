/* SPDX-License-Identifier: BSD-3-Clause */
/* veth: two hosts joined directly, without a switch. Nothing can carry more between two namespaces;
 * so it shows what the load itself can do. */
#include "bench/system/rig.h"

#include "bench/machine/netns.h"

static int can(const struct wiring *w, struct err *e)
{
	int rc = rig_can_kinds(w, "a veth pair has no vhost-user ports", NULL, e);

	if (!rc && w->n_ports != 2)
		rc = err_set(e, -ENOTSUP, "a veth pair has two ends");
	return rc;
}

static int start(struct rig *rig, struct err *e)
{
	const struct wire_port *a = &rig->wiring.ports[0], *b = &rig->wiring.ports[1];
	struct rig_args add = {0};
	unsigned int queues = a->queues ? a->queues : 1;

	rig_arg(&add, "ip");
	rig_arg(&add, "-n");
	rig_arg(&add, "%s", a->netns);
	rig_arg(&add, "link");
	rig_arg(&add, "add");
	rig_arg(&add, "%s", a->ifname);
	rig_arg(&add, "numtxqueues");
	rig_arg(&add, "%u", queues);
	rig_arg(&add, "numrxqueues");
	rig_arg(&add, "%u", queues);
	rig_arg(&add, "type");
	rig_arg(&add, "veth");
	rig_arg(&add, "peer");
	rig_arg(&add, "name");
	rig_arg(&add, "%s", b->ifname);
	rig_arg(&add, "numtxqueues");
	rig_arg(&add, "%u", queues);
	rig_arg(&add, "numrxqueues");
	rig_arg(&add, "%u", queues);
	rig_arg(&add, "netns");
	rig_arg(&add, "%s", b->netns);
	int rc = proc_run(add.of, NULL, NULL, e);
	if (rc)
		return rc;
	rig->state = rig; /* the pair is there */
	rc = rig_host_up(a, e);
	return rc ? rc : rig_host_up(b, e);
}

static void stop(struct rig *rig)
{
	if (rig->state)
		rig_link_del(rig->wiring.ports[0].netns, rig->wiring.ports[0].ifname);
}

static int counters(struct rig *rig, struct system_counters *c, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < 2 && !rc; i++) {
		const char *const names[] = {rig->wiring.ports[i].ifname};
		rc = rig_host_counters(rig->wiring.ports[i].netns, names, 1, c, e);
	}
	/* What a host sends goes into the pair. */
	uint64_t out = c->rx;
	c->rx = c->tx;
	c->tx = out;
	return rc;
}

const struct bench_system system_veth = {
	.name = "veth",
	.what = "two hosts joined directly, no switch: the ceiling of loads between hosts",
	.version = rig_kernel_version,
	.can = can,
	.start = start,
	.stop = stop,
	.counters = counters,
};
