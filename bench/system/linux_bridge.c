/* SPDX-License-Identifier: BSD-3-Clause */
/* linux-bridge: the kernel's bridge in a namespace of its own, joined to each host by a veth pair.
 * The bridge has the settings it is made with. */
#include "bench/machine/netns.h"
#include "bench/system/rig.h"

#include <stdlib.h>
#include <string.h>

struct state {
	char netns[40];
	bool made;
	char names[WIRE_PORTS][24];
	const char *list[WIRE_PORTS];
};

static int can(const struct wiring *w, struct err *e)
{
	return rig_can_kinds(
		w, "the kernel has no vhost-user ports; only host ports can be bridged by it", NULL,
		e);
}

/* `ip -n NETNS WORD...` */
static int ip(const char *netns, const char *words, struct err *e)
{
	struct rig_args a = {0};
	char copy[400];

	rig_arg(&a, "ip");
	rig_arg(&a, "-n");
	rig_arg(&a, "%s", netns);
	snprintf(copy, sizeof(copy), "%s", words);
	for (char *save, *word = strtok_r(copy, " ", &save); word;
	     word = strtok_r(NULL, " ", &save))
		rig_arg(&a, "%s", word);
	return proc_run(a.of, NULL, NULL, e);
}

static int add_port(const struct state *s, size_t i, const struct wire_port *port, struct err *e)
{
	unsigned int queues = port->queues ? port->queues : 1;
	char words[400];

	snprintf(words, sizeof(words),
		 "link add %s mtu %u numtxqueues %u numrxqueues %u type veth peer name %s mtu %u "
		 "numtxqueues %u numrxqueues %u netns %s",
		 s->names[i], port->mtu, queues, queues, port->ifname, port->mtu, queues, queues,
		 port->netns);
	int rc = ip(s->netns, words, e);
	if (!rc)
		rc = netns_offloads(s->netns, s->names[i], port->tso, port->gro, e);
	snprintf(words, sizeof(words), "link set %s master br0 up", s->names[i]);
	if (!rc)
		rc = ip(s->netns, words, e);
	return rc ? rc : rig_host_up(port, e);
}

static int start(struct rig *rig, struct err *e)
{
	const struct wiring *w = &rig->wiring;
	struct state *s = rig->state = calloc(1, sizeof(*s));
	char words[64];

	if (!s)
		return err_set(e, -ENOMEM, "no memory");
	snprintf(s->netns, sizeof(s->netns), "%s-switch", rig->id);
	int rc = netns_add(s->netns, e);
	if (rc)
		return rc;
	s->made = true;
	snprintf(words, sizeof(words), "link add br0 mtu %u type bridge", w->mtu);
	rc = ip(s->netns, words, e);
	for (size_t i = 0; i < w->n_ports && !rc; i++) {
		snprintf(s->names[i], sizeof(s->names[i]), "p%zu", i);
		s->list[i] = s->names[i];
		rc = add_port(s, i, &w->ports[i], e);
	}
	/* Last: a bridge without an MTU of its own takes the least of its ports'. */
	snprintf(words, sizeof(words), "link set br0 mtu %u up", w->mtu);
	return rc ? rc : ip(s->netns, words, e);
}

static void stop(struct rig *rig)
{
	struct state *s = rig->state;

	/* Namespaces go some time later; the hosts' interfaces must be gone now. */
	for (size_t i = 0; s && s->made && i < rig->wiring.n_ports; i++)
		if (s->list[i])
			rig_link_del(s->netns, s->names[i]);
	if (s && s->made)
		netns_del(s->netns);
	free(s);
}

static int counters(struct rig *rig, struct system_counters *c, struct err *e)
{
	struct state *s = rig->state;

	return rig_host_counters(s->netns, s->list, rig->wiring.n_ports, c, e);
}

const struct bench_system system_linux_bridge = {
	.name = "linux-bridge",
	.what = "the kernel's bridge, joined to the hosts by veth pairs",
	.version = rig_kernel_version,
	.can = can,
	.start = start,
	.stop = stop,
	.counters = counters,
};
