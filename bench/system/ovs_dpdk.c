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
	char netns[40];
	bool netns_made, moved[WIRE_PORTS];
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
	int rc = rig_can_kinds(w, NULL, NULL, e);

	for (size_t i = 0; i < w->n_ports && !rc; i++)
		if (w->ports[i].kind == PORT_HOST && w->ports[i].mtu > 1500 && !rig_any_tso(w))
			rc = err_set(e, -ENOTSUP,
				     "from an internal port that was moved to a namespace it reads "
				     "1500 bytes at most, but with TSO");
	return rc;
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
						  .netns = s->netns,
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

/* Internal ports are served by the main thread and not by a PMD thread, so with them it is main
 * that does a worker's work, and gets a worker's processor. */
static uint64_t main_cpus(const struct wiring *w)
{
	for (size_t i = 0; i < w->n_ports; i++)
		if (w->ports[i].kind == PORT_HOST)
			return w->worker_cpus;
	return w->control_cpus;
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
	rig_arg(&a, "other_config:dpdk-lcore-mask=%#" PRIx64, main_cpus(w));
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
	/* PMD threads take the processors of their mask; the others stay with main. */
	int rc = rig_proc(rig,
			  &(struct proc_spec){.name = rig->id,
					      .argv = argv,
					      .env = s->env,
					      .netns = s->netns,
					      .cpus = main_cpus(&rig->wiring)},
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

/* OVS' own advice is to let the guest make the socket; and only such ports count in 3.1. */
static int add_vhost(struct rig *rig, size_t i, struct err *e)
{
	const struct wire_port *port = &rig->wiring.ports[i];
	struct rig_args a = {0};

	rig_arg(&a, "add-port");
	rig_arg(&a, "br0");
	rig_arg(&a, "p%zu", i);
	rig_arg(&a, "--");
	rig_arg(&a, "set");
	rig_arg(&a, "interface");
	rig_arg(&a, "p%zu", i);
	rig_arg(&a, "mtu_request=%u", port->mtu);
	rig_arg(&a, "type=dpdkvhostuserclient");
	rig_arg(&a, "options:vhost-server-path=%s", port->socket);
	return vsctl(rig, &a, NULL, e);
}

/* An internal port is a TAP. ovs-vswitchd keeps its descriptor wherever the interface goes, but no
 * longer finds it by its name; it is persistent, so it must be taken away at the end. */
static int add_host(struct rig *rig, size_t i, struct err *e)
{
	struct state *s = rig->state;
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
	const char *const move[] = {"ip",    "-n",	  s->netns, "link",	  "set", name,
				    "netns", port->netns, "name",   port->ifname, NULL};
	if (!rc)
		rc = proc_run(move, NULL, NULL, e);
	s->moved[i] = !rc;
	if (!rc)
		rc = rig_host_up(port, e);
	return rc;
}

static int start(struct rig *rig, struct err *e)
{
	static const char *const names[RUN_ENV] = {"OVS_RUNDIR", "OVS_LOGDIR", "OVS_DBDIR"};
	struct state *s = rig->state = calloc(1, sizeof(*s));
	char dir[sizeof(s->dir)];

	if (!s)
		return err_set(e, -ENOMEM, "no memory");
	rig_path(rig, "ovs", dir, sizeof(dir));
	if (mkdir(dir, 0700) != 0 && errno != EEXIST)
		return err_set(e, -errno, "%s: %s", dir, strerror(errno));
	strcpy(s->dir, dir);
	snprintf(s->db, sizeof(s->db), "--db=unix:%s/db.sock", dir);
	for (int i = 0; i < RUN_ENV; i++) {
		snprintf(s->env_text[i], sizeof(s->env_text[i]), "%s=%s", names[i], dir);
		s->env[i] = s->env_text[i];
	}
	/* Its interfaces have fixed names, and stay when it ends. */
	snprintf(s->netns, sizeof(s->netns), "%s-switch", rig->id);
	int rc = netns_add(s->netns, e);
	s->netns_made = !rc;
	if (!rc)
		rc = start_db(rig, e);
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
		if (w->ports[i].kind == PORT_HOST && s && s->moved[i])
			rig_link_del(w->ports[i].netns, w->ports[i].ifname);
	if (s && s->netns_made)
		netns_del(s->netns);
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

/* The port's part of what ovs-ofctl dump-ports prints: " port NAME: rx pkts=1, ..., drop=2,
 * errs=3\n tx pkts=..."; a port without a guest has "?" for all. */
static bool port_part(const char *text, const char *name, struct system_counters *c)
{
	static const char *const keys[] = {"pkts=", "drop=", "errs="};
	uint64_t of[2][3] = {{0}};
	char key[32];

	snprintf(key, sizeof(key), "%s: rx ", name);
	const char *at = strstr(text, key);
	for (int way = 0; way < 2 && at; way++) {
		at = strstr(at, way ? "tx " : "rx ");
		for (size_t k = 0; k < 3 && at; k++) {
			const char *value = strstr(at, keys[k]);
			if (value)
				of[way][k] = strtoull(value + 5, NULL, 10);
		}
		at = at ? at + 2 : NULL;
	}
	if (!at)
		return false;
	c->rx += of[0][0];
	c->tx += of[1][0];
	c->dropped += of[0][1] + of[0][2] + of[1][1] + of[1][2];
	return true;
}

/* Asked over OpenFlow, OVS answers with the present numbers; in its database they are up to five
 * seconds old. */
static int add_vhost_counters(struct rig *rig, struct system_counters *c, struct err *e)
{
	const struct state *s = rig->state;
	char bridge[180], name[24], *text;
	const char *const argv[] = {"ovs-ofctl",  "--names", "--timeout=20",
				    "dump-ports", bridge,    NULL};

	snprintf(bridge, sizeof(bridge), "unix:%s/br0.mgmt", s->dir);
	int rc = proc_run(argv, NULL, &text, e);
	if (rc)
		return rc;
	for (size_t i = 0; i < rig->wiring.n_ports && !rc; i++) {
		snprintf(name, sizeof(name), "p%zu", i);
		if (rig->wiring.ports[i].kind == PORT_VHOST && !port_part(text, name, c))
			rc = err_set(e, -EPROTO, "ovs-ofctl tells nothing of port %s", name);
	}
	free(text);
	return rc;
}

/* OVS does not find an interface that was moved, so its counters are read where it is. */
static int add_host_counters(const struct wire_port *port, struct system_counters *c, struct err *e)
{
	struct system_counters one = {0};
	const char *const names[] = {port->ifname};
	int rc = rig_host_counters(port->netns, names, 1, &one, e);

	/* What the host sends comes in here. */
	c->rx += one.tx;
	c->tx += one.rx;
	c->dropped += one.dropped;
	return rc;
}

static int counters(struct rig *rig, struct system_counters *c, struct err *e)
{
	const struct wiring *w = &rig->wiring;
	int rc = add_vhost_counters(rig, c, e);

	for (size_t i = 0; i < w->n_ports && !rc; i++)
		if (w->ports[i].kind == PORT_HOST)
			rc = add_host_counters(&w->ports[i], c, e);
	c->known = !rc;
	return rc;
}

const struct bench_system system_ovs_dpdk = {
	.name = "ovs-dpdk",
	.what = "Open vSwitch with its DPDK datapath, flow NORMAL",
	.huge_pages_only = true,
	.guest_serves = true,
	.version = version,
	.can = can,
	.start = start,
	.stop = stop,
	.counters = counters,
	.restart = restart,
};
