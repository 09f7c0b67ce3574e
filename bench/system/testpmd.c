/* SPDX-License-Identifier: BSD-3-Clause */
/* testpmd: DPDK's own test program between vhost ports. `io` moves frames from one port of a pair
 * to the other and looks at nothing; `mac` also writes both addresses. */
#include "bench/system/rig.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static int version(char *text, size_t size, struct err *e)
{
	/* It tells once DPDK has started, so DPDK is started as small as it goes. */
	static const char *const argv[] = {"dpdk-testpmd",
					   "--no-pci",
					   "--no-huge",
					   "--no-shconf",
					   "--no-telemetry",
					   "-m",
					   "32",
					   "-v",
					   "--",
					   "--help",
					   NULL};
	static const char mark[] = "RTE Version: 'DPDK ";
	char *out;
	int rc = proc_run(argv, NULL, &out, e);

	if (rc)
		return rc;
	const char *at = strstr(out, mark);
	if (at)
		snprintf(text, size, "%.*s", (int)strcspn(at + strlen(mark), "'\n"),
			 at + strlen(mark));
	else
		rc = err_set(e, -EPROTO, "dpdk-testpmd does not tell its version");
	free(out);
	return rc;
}

static int can(const struct wiring *w, struct err *e)
{
	int rc = rig_can_kinds(
		w, NULL,
		"it is run between vhost ports only: DPDK's TAP ports do not take the "
		"kernel's TSO units",
		e);

	if (!rc && w->n_ports % 2)
		rc = err_set(e, -ENOTSUP, "it forwards between pairs of ports");
	return rc;
}

static int launch(struct rig *rig, struct err *e)
{
	const struct wiring *w = &rig->wiring;
	unsigned int queues = w->ports[0].queues ? w->ports[0].queues : 1;
	struct rig_args args = {0};
	char lcores[512];
	struct proc *p;

	rig_lcores(w, lcores, sizeof(lcores));
	/* Its lines must come when they are whole, also into a file. */
	rig_arg(&args, "stdbuf");
	rig_arg(&args, "-oL");
	rig_arg(&args, "dpdk-testpmd");
	rig_arg(&args, "--no-pci");
	rig_arg(&args, "--no-telemetry");
	rig_arg(&args, "--lcores=%s", lcores);
	rig_arg(&args, "--file-prefix=%s", rig->id);
	if (w->huge_pages) {
		rig_arg(&args, "--in-memory");
		rig_arg(&args, "--single-file-segments");
	} else {
		rig_arg(&args, "--no-huge");
		rig_arg(&args, "--no-shconf");
	}
	rig_arg(&args, "-m");
	rig_arg(&args, "256");
	for (size_t i = 0; i < w->n_ports; i++) {
		const struct wire_port *port = &w->ports[i];
		/* With the older meaning of the offload flags a unit leaves as it came, which is
		 * what forwarding is; the newer one would have it asked for anew. */
		rig_arg(&args, "--vdev=net_vhost%zu,iface=%s,queues=%u,client=%d%s", i,
			port->socket, queues, port->guest_serves,
			port->tso ? ",tso=1,legacy-ol-flags=1" : "");
	}
	rig_arg(&args, "--");
	rig_arg(&args, "-i");
	rig_arg(&args, "--auto-start");
	/* Two reads of a counter a turn, for what its turns take. */
	rig_arg(&args, "--record-core-cycles");
	rig_arg(&args, "--forward-mode=%s", rig->system == &system_testpmd_mac ? "mac" : "io");
	rig_arg(&args, "--rxq=%u", queues);
	rig_arg(&args, "--txq=%u", queues);
	rig_arg(&args, "--nb-cores=%d", __builtin_popcountll(w->worker_cpus));
	/* Larger frames lie in chains of ordinary buffers. */
	rig_arg(&args, "--total-num-mbufs=%d", 32768);
	if (w->mtu > 1500)
		rig_arg(&args, "--max-pkt-len=%u", w->mtu + 18);
	int rc = rig_proc(rig,
			  &(struct proc_spec){.name = rig->id,
					      .argv = args.of,
					      .cpus = w->worker_cpus | w->control_cpus,
					      .console = true},
			  &p, e);
	if (!rc)
		rc = proc_wait_log(p, 0, "testpmd> ", 1, RIG_START_MS, NULL, e);
	return rc ? rc : rig_wait_sockets(rig, p, e);
}

static int start(struct rig *rig, struct err *e)
{
	char path[256];
	/* Looked for first: what stdbuf says when it is missing names no package. */
	int rc = proc_find("dpdk-testpmd", path, sizeof(path), e);

	return rc ? rc : launch(rig, e);
}

static int restart(struct rig *rig, struct err *e)
{
	proc_kill(rig->procs[--rig->n_procs]);
	return launch(rig, e);
}

/* It counts a turn from before it looks to after it sent, and only when it found something: later
 * versions call busy what 22.11 calls total. The line comes last. */
static int busy_cycles(struct proc *p, long from, uint64_t *cycles, struct err *e)
{
	char *text;
	int rc = proc_wait_log(p, from, "MHz Clock", 1, RIG_ANSWER_MS, &text, e);

	if (rc)
		return rc;
	const char *at = strstr(text, " cycles=");
	if (!at || sscanf(at, " cycles=%" SCNu64, cycles) != 1)
		rc = err_set(e, -EPROTO, "dpdk-testpmd's cycles are not understood");
	free(text);
	return rc;
}

static int counters(struct rig *rig, struct system_counters *c, struct err *e)
{
	static const char sum[] = "Accumulated forward statistics for all ports";
	struct proc *p = rig->procs[0];
	uint64_t rx_dropped, tx_dropped;
	long from = proc_log_end(p);
	char *text;
	int rc = proc_say(p, "show fwd stats all", e);

	/* The sum is closed by a line of plus signs as long as the one it begins with. */
	if (!rc)
		rc = proc_wait_log(p, from,
				   "++++++++++++++++++++++++++++++++++++++++++++++++++++++", 1,
				   RIG_ANSWER_MS, &text, e);
	if (rc)
		return rc;
	const char *at = strstr(text, sum);
	const char *rx = at ? strstr(at, "RX-packets:") : NULL;
	const char *tx = at ? strstr(at, "TX-packets:") : NULL;
	c->known = rx && tx &&
		   sscanf(rx, "RX-packets: %" SCNu64 " RX-dropped: %" SCNu64, &c->rx,
			  &rx_dropped) == 2 &&
		   sscanf(tx, "TX-packets: %" SCNu64 " TX-dropped: %" SCNu64, &c->tx,
			  &tx_dropped) == 2;
	if (c->known)
		c->dropped = rx_dropped + tx_dropped;
	else
		rc = err_set(e, -EPROTO, "dpdk-testpmd's statistics are not understood");
	free(text);
	/* Before the first frame it says nothing of cycles. */
	return rc == 0 && c->rx ? busy_cycles(p, from, &c->busy_cycles, e) : rc;
}

const struct bench_system system_testpmd = {
	.name = "testpmd",
	.what = "dpdk-testpmd, io: moves frames between vhost ports, switches nothing",
	.version = version,
	.can = can,
	.start = start,
	.counters = counters,
	.restart = restart,
};

const struct bench_system system_testpmd_mac = {
	.name = "testpmd-mac",
	.what = "dpdk-testpmd, mac: the same, and writes both addresses",
	.version = version,
	.can = can,
	.start = start,
	.counters = counters,
	.restart = restart,
};
