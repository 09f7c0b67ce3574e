/* SPDX-License-Identifier: BSD-3-Clause */
/* ovs-dpdk: Open vSwitch's user-space datapath over DPDK, as Debian packages it, with its own
 * database and sockets in a directory of the rig's. One bridge, and the flow it is made with:
 * NORMAL, that is learning and forwarding. */
#include "bench/machine/netns.h"
#include "bench/system/rig.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { RUN_ENV = 3 };

struct state {
	char dir[128], db[160];
	char env_text[RUN_ENV][160];
	const char *env[RUN_ENV + 1];
};

/* Debian diverts the name by alternatives, which may point at the build without DPDK. */
static const char *program(void)
{
	static const char debian[] = "/usr/lib/openvswitch-switch-dpdk/ovs-vswitchd-dpdk";

	return access(debian, X_OK) == 0 ? debian : "ovs-vswitchd";
}

static int version(char *text, size_t size, struct err *e)
{
	const char *const argv[] = {program(), "--version", NULL};
	char *out;
	int rc = proc_run(argv, NULL, &out, e);

	if (rc)
		return rc;
	const char *ovs = strstr(out, "(Open vSwitch) ");
	const char *dpdk = strstr(out, "\nDPDK ");
	if (!ovs)
		rc = err_set(e, -EPROTO, "ovs-vswitchd does not tell its version");
	else if (!dpdk)
		rc = err_set(e, -ENOENT,
			     "this ovs-vswitchd was built without DPDK; the package "
			     "openvswitch-switch-dpdk has one with it");
	else
		snprintf(text, size, "%.*s, DPDK %.*s", (int)strcspn(ovs + 15, "\n"), ovs + 15,
			 (int)strcspn(dpdk + 6, "\n"), dpdk + 6);
	free(out);
	return rc;
}

static int can(const struct wiring *w, struct err *e)
{
	return rig_can_kinds(w, NULL, NULL, e);
}

/* ovs-vsctl with the arguments; it waits until ovs-vswitchd has done what they ask, but with
 * --no-wait among them. */
static int vsctl(const struct rig *rig, struct rig_args *a, char **out, struct err *e)
{
	const struct state *s = rig->state;
	const char *argv[RIG_ARGS + 4] = {"ovs-vsctl", s->db, "--timeout=60"};

	memcpy(argv + 3, a->of, a->n * sizeof(a->of[0]));
	return proc_run(argv, NULL, out, e);
}

static int start_db(struct rig *rig, struct err *e)
{
	struct state *s = rig->state;
	char conf[160], remote[200], unixctl[160];
	struct proc *p;

	snprintf(conf, sizeof(conf), "%s/conf.db", s->dir);
	snprintf(remote, sizeof(remote), "--remote=punix:%s/db.sock", s->dir);
	snprintf(unixctl, sizeof(unixctl), "--unixctl=%s/db.ctl", s->dir);
	const char *const create[] = {"ovsdb-tool", "create", conf,
				      "/usr/share/openvswitch/vswitch.ovsschema", NULL};
	const char *const serve[] = {"ovsdb-server", conf, remote, unixctl, NULL};
	int rc = proc_run(create, NULL, NULL, e);
	if (!rc)
		rc = rig_proc(rig,
			      &(struct proc_spec){.name = "ovsdb-server",
						  .argv = serve,
						  .env = s->env,
						  .cpus = rig->wiring.control_cpus},
			      &p, e);
	if (rc)
		return rc;
	struct rig_args init = {0};
	rig_arg(&init, "--no-wait"); /* it keeps trying to reach the database all the same */
	rig_arg(&init, "--retry");
	rig_arg(&init, "init");
	return vsctl(rig, &init, NULL, e);
}

static int configure(struct rig *rig, struct err *e)
{
	const struct wiring *w = &rig->wiring;
	struct rig_args a = {0};

	rig_arg(&a, "--no-wait");
	rig_arg(&a, "set");
	rig_arg(&a, "Open_vSwitch");
	rig_arg(&a, ".");
	rig_arg(&a, "other_config:dpdk-init=true");
	rig_arg(&a, "other_config:dpdk-socket-mem=512");
	rig_arg(&a, "other_config:dpdk-lcore-mask=%#" PRIx64, w->control_cpus);
	rig_arg(&a, "other_config:pmd-cpu-mask=%#" PRIx64, w->worker_cpus);
	if (rig_any_tso(w))
		rig_arg(&a, "other_config:userspace-tso-enable=true");
	if (w->adaptive) {
		/* Its name in 3.1, and since 3.2; microseconds. */
		rig_arg(&a, "other_config:pmd-maxsleep=100");
		rig_arg(&a, "other_config:pmd-sleep-max=100");
	}
	return vsctl(rig, &a, NULL, e);
}

static int launch(struct rig *rig, struct err *e)
{
	struct state *s = rig->state;
	char unixctl[160], db[160];
	struct proc *p;

	snprintf(db, sizeof(db), "unix:%s/db.sock", s->dir);
	snprintf(unixctl, sizeof(unixctl), "--unixctl=%s/vswitchd.ctl", s->dir);
	const char *const argv[] = {program(), db, unixctl, NULL};
	/* Its own threads take the processors of their masks; the others stay with control. */
	int rc = rig_proc(rig,
			  &(struct proc_spec){.name = rig->id,
					      .argv = argv,
					      .env = s->env,
					      .cpus = rig->wiring.control_cpus},
			  &p, e);
	if (rc)
		return rc;
	/* Answers once it has read the database and done what it says. */
	struct rig_args wait = {0};
	rig_arg(&wait, "set");
	rig_arg(&wait, "Open_vSwitch");
	rig_arg(&wait, ".");
	rig_arg(&wait, "external_ids:pid=%d", proc_pid(p));
	rc = vsctl(rig, &wait, NULL, e);
	int ended = rc ? proc_alive(p, e) : 0; /* its own words tell more */
	return ended ? ended : rc;
}

static int add_bridge(struct rig *rig, struct err *e)
{
	struct rig_args a = {0};

	rig_arg(&a, "add-br");
	rig_arg(&a, "br0");
	rig_arg(&a, "--");
	rig_arg(&a, "set");
	rig_arg(&a, "bridge");
	rig_arg(&a, "br0");
	rig_arg(&a, "datapath_type=netdev");
	if (rig->wiring.fdb)
		rig_arg(&a, "other_config:mac-table-size=%u", rig->wiring.fdb);
	return vsctl(rig, &a, NULL, e);
}

static int add_vhost(struct rig *rig, size_t i, struct err *e)
{
	const struct state *s = rig->state;
	const struct wire_port *port = &rig->wiring.ports[i];
	char made[160];
	struct rig_args a = {0};

	rig_arg(&a, "add-port");
	rig_arg(&a, "br0");
	rig_arg(&a, "p%zu", i);
	rig_arg(&a, "--");
	rig_arg(&a, "set");
	rig_arg(&a, "interface");
	rig_arg(&a, "p%zu", i);
	rig_arg(&a, "mtu_request=%u", port->mtu);
	if (port->guest_serves) {
		rig_arg(&a, "type=dpdkvhostuserclient");
		rig_arg(&a, "options:vhost-server-path=%s", port->socket);
		return vsctl(rig, &a, NULL, e);
	}
	rig_arg(&a, "type=dpdkvhostuser");
	int rc = vsctl(rig, &a, NULL, e);
	/* It names the socket after the port, in its own directory. */
	snprintf(made, sizeof(made), "%s/p%zu", s->dir, i);
	if (!rc && (unlink(port->socket), symlink(made, port->socket)) != 0)
		rc = err_set(e, -errno, "%s: %s", port->socket, strerror(errno));
	return rc ? rc : rig_wait_sockets(rig, rig->procs[rig->n_procs - 1], e);
}

/* An internal port is a TAP of ovs-vswitchd's, which keeps its descriptor wherever the interface
 * goes. */
static int add_host(struct rig *rig, size_t i, struct err *e)
{
	const struct wire_port *port = &rig->wiring.ports[i];
	char name[16];
	struct rig_args a = {0};

	snprintf(name, sizeof(name), "p%zu", i);
	rig_arg(&a, "add-port");
	rig_arg(&a, "br0");
	rig_arg(&a, "%s", name);
	rig_arg(&a, "--");
	rig_arg(&a, "set");
	rig_arg(&a, "interface");
	rig_arg(&a, "%s", name);
	rig_arg(&a, "type=internal");
	rig_arg(&a, "mtu_request=%u", port->mtu);
	int rc = vsctl(rig, &a, NULL, e);
	const char *const move[] = {"ip",	 "link", "set",	       name, "netns",
				    port->netns, "name", port->ifname, NULL};
	if (!rc)
		rc = proc_run(move, NULL, NULL, e);
	if (!rc)
		rc = rig_host_up(port, e);
	return rc;
}

static int start(struct rig *rig, struct err *e)
{
	static const char *const names[RUN_ENV] = {"OVS_RUNDIR", "OVS_LOGDIR", "OVS_DBDIR"};
	struct state *s = rig->state = calloc(1, sizeof(*s));

	if (!s)
		return err_set(e, -ENOMEM, "no memory");
	rig_path(rig, "ovs", s->dir, sizeof(s->dir));
	if (mkdir(s->dir, 0700) != 0 && errno != EEXIST)
		return err_set(e, -errno, "%s: %s", s->dir, strerror(errno));
	snprintf(s->db, sizeof(s->db), "--db=unix:%s/db.sock", s->dir);
	for (int i = 0; i < RUN_ENV; i++) {
		snprintf(s->env_text[i], sizeof(s->env_text[i]), "%s=%s", names[i], s->dir);
		s->env[i] = s->env_text[i];
	}
	int rc = start_db(rig, e);
	if (!rc)
		rc = configure(rig, e);
	if (!rc)
		rc = launch(rig, e);
	if (!rc)
		rc = add_bridge(rig, e);
	for (size_t i = 0; i < rig->wiring.n_ports && !rc; i++)
		rc = rig->wiring.ports[i].kind == PORT_VHOST ? add_vhost(rig, i, e)
							     : add_host(rig, i, e);
	return rc;
}

static void stop(struct rig *rig)
{
	const struct wiring *w = &rig->wiring;
	struct state *s = rig->state;
	struct rig_args rm = {0};

	for (size_t i = 0; i < w->n_ports; i++)
		if (w->ports[i].kind == PORT_VHOST && !w->ports[i].guest_serves)
			(void)unlink(w->ports[i].socket);
	if (s) {
		rig_arg(&rm, "rm");
		rig_arg(&rm, "-rf");
		rig_arg(&rm, "%s", s->dir);
		(void)proc_run(rm.of, NULL, NULL, NULL);
	}
	free(s);
}

static int restart(struct rig *rig, struct err *e)
{
	for (size_t i = 0; i < rig->wiring.n_ports; i++)
		if (rig->wiring.ports[i].kind == PORT_HOST)
			return err_set(e, -ENOTSUP,
				       "an internal port that was moved to a namespace does not "
				       "come back there");
	proc_kill(rig->procs[--rig->n_procs]);
	return launch(rig, e);
}

/* The value after "name=" in OVS' map, 0 when absent. */
static uint64_t stat_of(const char *map, const char *name)
{
	char key[40];
	const char *at = map;
	size_t n = (size_t)snprintf(key, sizeof(key), "%s=", name);

	/* A key may end with another: tx_dropped, ovs_tx_dropped. */
	while ((at = strstr(at, key)) && at != map && at[-1] != ' ' && at[-1] != '{')
		at++;
	return at ? strtoull(at + n, NULL, 10) : 0;
}

/* OVS writes its statistics to the database every five seconds. */
static int counters(struct rig *rig, struct system_counters *c, struct err *e)
{
	/* tx_dropped of a vhost port is the sum of ovs_tx_*_drops. */
	static const char *const drops[] = {"rx_dropped", "tx_dropped", "rx_errors", "tx_errors"};
	int rc = 0;

	for (size_t i = 0; i < rig->wiring.n_ports && !rc; i++) {
		struct rig_args a = {0};
		char *map;
		rig_arg(&a, "get");
		rig_arg(&a, "interface");
		rig_arg(&a, "p%zu", i);
		rig_arg(&a, "statistics");
		rc = vsctl(rig, &a, &map, e);
		if (rc)
			break;
		c->rx += stat_of(map, "rx_packets");
		c->tx += stat_of(map, "tx_packets");
		for (size_t k = 0; k < sizeof(drops) / sizeof(drops[0]); k++)
			c->dropped += stat_of(map, drops[k]);
		free(map);
	}
	c->known = !rc;
	return rc;
}

const struct bench_system system_ovs_dpdk = {
	.name = "ovs-dpdk",
	.what = "Open vSwitch with its DPDK datapath, flow NORMAL",
	.huge_pages_only = true,
	.version = version,
	.can = can,
	.start = start,
	.stop = stop,
	.counters = counters,
	.restart = restart,
};
