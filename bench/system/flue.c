/* SPDX-License-Identifier: BSD-3-Clause */
/* flue: flued with one bridge, started with a configuration file as its users would. */
#include "api/client.h"
#include "bench/machine/netns.h"
#include "bench/system/flue_chimney.h"
#include "bench/system/rig.h"

#include <stdlib.h>
#include <string.h>

struct state {
	struct client *client;
};

static int version(char *text, size_t size, struct err *e)
{
	const char *const argv[] = {bench_program("flued"), "--version", NULL};
	char *out;
	int rc = proc_run(argv, NULL, &out, e);

	if (rc)
		return rc;
	out[strcspn(out, "\n")] = '\0';
	snprintf(text, size, "%s", strncmp(out, "flued ", 6) == 0 ? out + 6 : out);
	free(out);
	return 0;
}

static int can(const struct wiring *w, struct err *e)
{
	return rig_can_kinds(w, NULL, NULL, e);
}

static void write_port(FILE *f, const struct wire_port *p, size_t i)
{
	fprintf(f, "  - name: p%zu\n    bridge: br0\n    mtu: %u\n    queues: %u\n", i, p->mtu,
		p->queues ? p->queues : 1);
	if (p->impair[0])
		fprintf(f, "    impair: \"%s\"\n", p->impair);
	fprintf(f, "    csum: %s\n    tso: %s\n", p->tso ? "on" : "off", p->tso ? "on" : "off");
	if (p->kind == PORT_VHOST) {
		fprintf(f, "    kind: vhost\n    socket: \"%s\"\n    mode: %s\n", p->socket,
			p->guest_serves ? "client" : "server");
		return;
	}
	fprintf(f, "    kind: host\n    netns: \"%s\"\n    ifname: \"%s\"\n", p->netns, p->ifname);
	if (p->address[0])
		fprintf(f, "    address: \"%s\"\n", p->address);
}

static int write_config(const struct rig *rig, const char *path, struct err *e)
{
	const struct wiring *w = &rig->wiring;
	FILE *f = fopen(path, "we");

	if (!f)
		return err_set(e, -errno, "%s: %s", path, strerror(errno));
	fprintf(f, "version: 1\nswitch:\n  poll: %s\n", w->adaptive ? "adaptive" : "always");
	fprintf(f, "bridges:\n  - name: br0\n    mtu: %u\n", w->mtu);
	if (w->fdb)
		fprintf(f, "    fdb-max: %u\n", w->fdb < 1024 ? 1024 : w->fdb);
	fprintf(f, "ports:\n");
	for (size_t i = 0; i < w->n_ports; i++)
		write_port(f, &w->ports[i], i);
	if (fclose(f) != 0)
		return err_set(e, -errno, "%s: %s", path, strerror(errno));
	return 0;
}

/* A host's interface as the other systems' are: with the offloads asked for. */
static int set_offloads(const struct wiring *w, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < w->n_ports && !rc; i++)
		if (w->ports[i].kind == PORT_HOST)
			rc = netns_offloads(w->ports[i].netns, w->ports[i].ifname, w->ports[i].tso,
					    w->ports[i].gro, e);
	return rc;
}

static int launch(struct rig *rig, struct err *e)
{
	const struct wiring *w = &rig->wiring;
	struct state *s = rig->state;
	char config[128], sock[128], chimney[128], cores[256];
	struct rig_args args = {0};
	struct proc *p;

	rig_path(rig, "flue.yaml", config, sizeof(config));
	rig_path(rig, "flued.sock", sock, sizeof(sock));
	rig_cpu_list(w->worker_cpus, cores, sizeof(cores));
	rig_arg(&args, "%s", bench_program("flued"));
	rig_arg(&args, "--socket");
	rig_arg(&args, "%s", sock);
	rig_arg(&args, "--cores");
	rig_arg(&args, "%s", cores);
	rig_arg(&args, "--config");
	rig_arg(&args, "%s", config);
	if (w->chimney) {
		rig_chimney_socket(rig, chimney, sizeof(chimney));
		rig_arg(&args, "--chimney-socket");
		rig_arg(&args, "%s", chimney);
	}
	if (!w->huge_pages)
		rig_arg(&args, "--no-huge");
	/* flued keeps its control thread on those of its processors that no worker has. */
	int rc = rig_proc(rig,
			  &(struct proc_spec){.name = rig->id,
					      .argv = args.of,
					      .cpus = w->worker_cpus | w->control_cpus},
			  &p, e);
	if (!rc)
		rc = proc_wait_log(p, 0, "ready", 1, RIG_START_MS, NULL, e);
	if (!rc)
		rc = set_offloads(w, e);
	if (!rc)
		rc = client_open(sock, RIG_ANSWER_MS, &s->client, e);
	return rc;
}

static int start(struct rig *rig, struct err *e)
{
	char config[128];

	rig->state = calloc(1, sizeof(struct state));
	if (!rig->state)
		return err_set(e, -ENOMEM, "no memory");
	rig_path(rig, "flue.yaml", config, sizeof(config));
	int rc = write_config(rig, config, e);
	return rc ? rc : launch(rig, e);
}

static void stop(struct rig *rig)
{
	struct state *s = rig->state;

	if (s)
		client_close(s->client);
	free(s);
}

static int restart(struct rig *rig, struct err *e)
{
	struct state *s = rig->state;

	client_close(s->client);
	s->client = NULL;
	proc_kill(rig->procs[--rig->n_procs]);
	return launch(rig, e);
}

/* What the workers spent, of rounds over all ports in which something came. */
static int add_busy_cycles(const struct state *s, uint64_t *cycles, struct err *e)
{
	json_t *shown, *worker;
	size_t i;
	int rc = client_call(s->client, "switch.show", NULL, &shown, e);

	if (rc)
		return rc;
	json_array_foreach (json_object_get(shown, "workers"), i, worker)
		*cycles += (uint64_t)json_get_int(worker, "busy_cycles", 0);
	json_decref(shown);
	return 0;
}

static int counters(struct rig *rig, struct system_counters *c, struct err *e)
{
	struct state *s = rig->state;
	json_t *ports, *port, *drop, *params = json_pack("{s:b}", "stats", 1);
	const char *name;
	size_t i;
	int rc = client_call(s->client, "port.show", params, &ports, e);

	json_decref(params);
	if (rc)
		return rc;
	json_array_foreach (ports, i, port) {
		json_t *stats = json_object_get(port, "stats");
		c->rx += (uint64_t)json_get_int(stats, "rx_packets", 0);
		c->tx += (uint64_t)json_get_int(stats, "tx_packets", 0);
		json_object_foreach (json_object_get(stats, "drops"), name, drop)
			c->dropped += (uint64_t)json_get_int(drop, "count", 0);
	}
	c->known = true;
	json_decref(ports);
	return add_busy_cycles(s, &c->busy_cycles, e);
}

/* Adds a worker's stage to the sum of all workers. */
static void add_stage(json_t *sum, const json_t *stage)
{
	const char *name = json_get_str(stage, "name", "");
	json_t *to = json_find(sum, "name", name);

	if (!to) {
		to = json_pack("{s:s,s:i,s:i,s:i}", "name", name, "calls", 0, "packets", 0,
			       "cycles", 0);
		json_array_append_new(sum, to);
	}
	static const char *const keys[] = {"calls", "packets", "cycles"};
	for (size_t i = 0; i < 3; i++)
		json_object_set_new(to, keys[i],
				    json_integer(json_get_int(to, keys[i], 0) +
						 json_get_int(stage, keys[i], 0)));
}

static json_t *stages(struct rig *rig)
{
	struct state *s = rig->state;
	json_t *result, *worker, *stage, *sum;
	size_t i, k;

	if (client_call(s->client, "pipeline.show", NULL, &result, NULL) != 0)
		return NULL;
	sum = json_array();
	json_array_foreach (json_object_get(result, "workers"), i, worker)
		json_array_foreach (json_object_get(worker, "stages"), k, stage)
			add_stage(sum, stage);
	json_decref(result);
	return json_pack("{s:o}", "stages", sum);
}

static uint64_t busy_cycles(struct rig *rig)
{
	uint64_t cycles = 0;

	return add_busy_cycles(rig->state, &cycles, NULL) ? 0 : cycles;
}

static int chimney(struct rig *rig, struct system_chimney *c, struct err *e)
{
	struct state *s = rig->state;
	json_t *shown;
	int rc = client_call(s->client, "chimney.show", NULL, &shown, e);

	if (rc)
		return rc;
	flue_chimney_read(shown, c);
	json_decref(shown);
	return 0;
}

static int chimney_upload(struct rig *rig, struct err *e)
{
	struct state *s = rig->state;
	json_t *result, *params = json_pack("{s:b}", "all", 1);
	int rc = client_call(s->client, "chimney.upload", params, &result, e);

	json_decref(params);
	if (rc == 0)
		json_decref(result);
	return rc;
}

const struct bench_system system_flue = {
	.name = "flue",
	.what = "this switch",
	.version = version,
	.can = can,
	.start = start,
	.stop = stop,
	.counters = counters,
	.restart = restart,
	.stages = stages,
	.impairs = true,
	.busy_cycles = busy_cycles,
	.chimney = chimney,
	.chimney_upload = chimney_upload,
};
