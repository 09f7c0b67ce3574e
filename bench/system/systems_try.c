/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * systems_try SYSTEM host|vhost|serve MTU on|off [HUGE-PAGES]: starts a system with two ports
 * (serve: the guest makes the sockets), sends something across, looks at its counters, freezes and
 * thaws it, kills and restarts it where it can, and stops it. The fourth word turns TSO on. For
 * tests/smoke/bench-systems.sh; not installed. Status 77: it cannot run here, and why.
 */
#include "base/clock.h"
#include "bench/machine/netns.h"
#include "bench/machine/sandbox.h"
#include "bench/system/rig.h"

#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { TRY_MS = 20000 };

struct trial {
	const struct bench_system *system;
	struct wiring wiring;
	struct rig *rig;
	struct proc *guest;
};

static void __attribute__((noreturn)) die(const char *what, const char *why)
{
	printf("FAILED: %s: %s\n", what, why);
	exit(1);
}

static void check(const char *what, int rc, const struct err *e)
{
	if (rc)
		die(what, e->text);
	printf("-- %s\n", what);
	fflush(stdout);
}

static void fill(struct trial *t, const char *kind, unsigned int mtu, bool tso, bool huge)
{
	struct wiring *w = &t->wiring;

	*w = (struct wiring){.n_ports = 2, .mtu = mtu, .huge_pages = huge, .fdb = 4096};
	for (int i = 0; i < 2; i++) {
		struct wire_port *p = &w->ports[i];
		*p = (struct wire_port){.mtu = mtu, .tso = tso, .gro = tso, .queues = 1};
		p->kind = strcmp(kind, "host") == 0 ? PORT_HOST : PORT_VHOST;
		p->guest_serves = strcmp(kind, "serve") == 0 ||
				  (t->system->guest_serves && p->kind == PORT_VHOST);
		snprintf(p->socket, sizeof(p->socket), "%s/g%d.sock", bench_dir(), i);
		snprintf(p->netns, sizeof(p->netns), "h%d", i);
		snprintf(p->ifname, sizeof(p->ifname), "eth0");
		snprintf(p->address, sizeof(p->address), "10.0.0.%d/24", i + 1);
	}
}

static int ping(unsigned int mtu, struct err *e)
{
	char size[16];
	const char *const argv[] = {"ping", "-c", "1",	"-W", "1",	  "-q",
				    "-M",   "do", "-s", size, "10.0.0.2", NULL};

	snprintf(size, sizeof(size), "%u", mtu - 28);
	return proc_run(argv, "h0", NULL, e);
}

static void ping_until(const struct trial *t, struct err *e)
{
	uint64_t end = clock_now_ns() + TRY_MS * 1000000ull;
	int rc;

	while ((rc = ping(t->wiring.mtu, e)) && clock_now_ns() < end)
		;
	check("a packet as large as the MTU goes there and back", rc, e);
}

/* Both ends of all traffic: frames go round between the two, each with the other's address. */
static void guest_start(struct trial *t, struct err *e)
{
	const struct wiring *w = &t->wiring;
	struct rig_args a = {0};

	rig_arg(&a, "stdbuf");
	rig_arg(&a, "-oL");
	rig_arg(&a, "dpdk-testpmd");
	rig_arg(&a, "--no-pci");
	rig_arg(&a, "--no-huge");
	rig_arg(&a, "--no-shconf");
	rig_arg(&a, "--no-telemetry");
	rig_arg(&a, "-m");
	rig_arg(&a, "384");
	rig_arg(&a, "--lcores=0@0,1@0");
	for (int i = 0; i < 2; i++)
		rig_arg(&a, "--vdev=virtio_user%d,path=%s,mac=02:00:00:00:00:0%d,queue_size=256%s",
			i, w->ports[i].socket, i + 1, w->ports[i].guest_serves ? ",server=1" : "");
	rig_arg(&a, "--");
	rig_arg(&a, "-i");
	rig_arg(&a, "--forward-mode=mac");
	rig_arg(&a, "--total-num-mbufs=8192");
	if (w->mtu > 1500) {
		rig_arg(&a, "--mbuf-size=9728");
		rig_arg(&a, "--max-pkt-len=%u", w->mtu + 18);
	}
	rig_arg(&a, "--txpkts=%u", w->mtu > 1500 ? 9000 : 64);
	rig_arg(&a, "--eth-peer=0,02:00:00:00:00:02");
	rig_arg(&a, "--eth-peer=1,02:00:00:00:00:01");
	check("guests start",
	      proc_start(&(struct proc_spec){.name = "guest", .argv = a.of, .console = true},
			 &t->guest, e),
	      e);
}

static void guest_ready(struct trial *t, struct err *e)
{
	check("guests are connected", proc_wait_log(t->guest, 0, "testpmd> ", 1, TRY_MS, NULL, e),
	      e);
}

/* Sends again and again: what is sent before a port meets its guest again is lost. */
static void count_until(struct trial *t, struct err *e)
{
	uint64_t end = clock_now_ns() + TRY_MS * 1000000ull;
	struct system_counters c = {0};
	int rc = 0;
	bool vhost = t->guest != NULL;

	do {
		if (vhost) {
			(void)proc_say(t->guest, "stop", e);
			rc = proc_say(t->guest, "start tx_first 4", e);
		} else {
			rc = ping(t->wiring.mtu, e);
		}
		if (!rc)
			rc = rig_counters(t->rig, &c, e);
		if (rc && !vhost)
			continue; /* an answer may get lost */
		if (rc || !c.known || (c.rx > 8 && c.tx > 8))
			break;
		nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
	} while (clock_now_ns() < end);
	if (!rc && c.known && (c.rx <= 8 || c.tx <= 8))
		die("counters", "nothing crosses it");
	check(c.known ? "its counters move" : "it has no counters", rc, e);
	printf("rx %llu tx %llu dropped %llu\n", (unsigned long long)c.rx, (unsigned long long)c.tx,
	       (unsigned long long)c.dropped);
}

/*
 * Less than an instant in 20 ms: a worker that polls would use all of it. A thread on its way off a
 * processor which the host of this machine took away accounts for that time later, once: so one of
 * several looks has to find it still.
 */
static bool stands_still(const struct rig *rig)
{
	for (int look = 0; look < 5; look++) {
		uint64_t cpu = rig_cpu_ns(rig);
		nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
		if (rig_cpu_ns(rig) - cpu < 2000000)
			return true;
	}
	return false;
}

static void freeze_and_thaw(struct trial *t, struct err *e)
{
	struct system_counters c;

	check("it is frozen", rig_freeze(t->rig, e), e);
	if (rig_counters(t->rig, &c, e) != -EBUSY)
		die("freeze", "a frozen system was asked");
	if (t->rig->n_procs && !t->guest && ping(t->wiring.mtu, e) == 0)
		die("freeze", "a frozen switch forwards");
	if (!stands_still(t->rig))
		die("freeze", "a frozen system uses CPU time");
	check("it is thawed", rig_thaw(t->rig, e), e);
}

/* Process 1 and this one. */
static void alone(void)
{
	DIR *d = opendir("/proc");
	struct dirent *entry;
	char text[300] = "";

	while (d && (entry = readdir(d)))
		if (isdigit((unsigned char)entry->d_name[0]) && strcmp(entry->d_name, "1") != 0 &&
		    atoi(entry->d_name) != getpid())
			snprintf(text, sizeof(text), "process %s", entry->d_name);
	if (d)
		closedir(d);
	if (text[0])
		die("something is left", text);
}

static int has_eth0(void *arg)
{
	return access("/proc/sys/net/ipv4/conf/eth0", F_OK) == 0;
}

static void stop(struct trial *t, struct err *e)
{
	rig_stop(t->rig);
	proc_stop(t->guest, TRY_MS);
	alone();
	for (size_t i = 0; i < 2; i++) {
		const struct wire_port *p = &t->wiring.ports[i];
		if (p->kind == PORT_VHOST && !p->guest_serves && access(p->socket, F_OK) == 0)
			die("a socket is left", p->socket);
		if (p->kind == PORT_HOST && netns_do(p->netns, has_eth0, NULL, e) != 0)
			die("an interface is left", p->netns);
	}
	check("it is stopped, and nothing is left", 0, e);
}

static void open_hosts(struct err *e)
{
	check("namespaces", netns_add("h0", e) || netns_add("h1", e), e);
}

/* What cannot start leaves nothing either. */
static void fail_and_clean(struct trial *t, struct err *e)
{
	struct wiring w = t->wiring;
	struct rig *rig;

	if (w.ports[1].kind == PORT_HOST)
		strcpy(w.ports[1].netns, "none");
	else
		strcpy(w.ports[1].socket, "/none/such.sock");
	if (w.ports[1].kind == PORT_VHOST && (w.ports[1].guest_serves || !t->system->stop))
		return; /* it keeps trying */
	if (rig_start(t->system, "bad", &w, &rig, e) == 0)
		die("start", "it started with a port that cannot be");
	printf("refused: %s\n", e->text);
	alone();
}

static void session(struct trial *t, bool again, struct err *e)
{
	bool vhost = t->wiring.ports[0].kind == PORT_VHOST;

	/* Who makes the sockets is first. */
	if (vhost && t->wiring.ports[0].guest_serves)
		guest_start(t, e);
	check("it starts", rig_start(t->system, again ? "try#2" : "try", &t->wiring, &t->rig, e),
	      e);
	if (vhost && !t->guest)
		guest_start(t, e);
	if (vhost)
		guest_ready(t, e);
	else
		ping_until(t, e);
	count_until(t, e);
	freeze_and_thaw(t, e);
	count_until(t, e);
	if (t->system->stages) {
		json_t *stages = t->system->stages(t->rig);
		if (!json_array_size(json_object_get(stages, "stages")))
			die("stages", "there are none");
		json_decref(stages);
	}
	if (t->system->restart && (!vhost || t->wiring.ports[0].guest_serves)) {
		int rc = t->system->restart(t->rig, e);
		if (rc == -ENOTSUP)
			printf("no restart: %s\n", e->text);
		else
			check("it is killed and starts again", rc, e);
		if (!rc)
			count_until(t, e);
	}
	printf("cpu %llu ns, resident %llu bytes\n", (unsigned long long)rig_cpu_ns(t->rig),
	       (unsigned long long)rig_rss_bytes(t->rig));
	stop(t, e);
	t->rig = NULL;
	t->guest = NULL;
}

int main(int argc, char **argv)
{
	struct trial t = {0};
	struct sandbox s;
	struct err e = {0};
	char text[128];

	if (argc < 5 || !(t.system = system_find(argv[1])))
		die("usage", "systems_try SYSTEM host|vhost|serve MTU on|off [HUGE-PAGES]");
	const struct sandbox_wish wish = {argc > 5 ? (unsigned int)atoi(argv[5]) : 0};
	int rc = sandbox_enter(&wish, &s, &e);
	if (!rc)
		rc = t.system->version(text, sizeof(text), &e);
	fill(&t, argv[2], (unsigned int)atoi(argv[3]), strcmp(argv[4], "on") == 0,
	     !rc && wish.huge_pages && s.huge_pages >= wish.huge_pages);
	if (!rc && t.system->huge_pages_only && !t.wiring.huge_pages)
		rc = err_set(&e, -ENOTSUP, "%s needs huge pages", t.system->name);
	if (!rc)
		rc = t.system->can(&t.wiring, &e);
	if (rc) {
		printf("skip: %s\n", e.text);
		return rc == -ENOENT || rc == -ENOTSUP || rc == -EPERM ? 77 : 1;
	}
	printf("== %s %s, %s ports\n", t.system->name, text, argv[2]);
	open_hosts(&e);
	fail_and_clean(&t, &e);
	session(&t, false, &e);
	/* In the same place, at once: nothing of the first is in the way. */
	session(&t, true, &e);
	return 0;
}
