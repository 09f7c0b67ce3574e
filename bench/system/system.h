/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A system that is measured: one file a driver, listed in system.c. A driver starts it on given
 * processors, wires it as asked, reads its counters and ends it. Main thread of flue-bench, inside
 * its sandbox.
 */
#ifndef BENCH_SYSTEM_SYSTEM_H
#define BENCH_SYSTEM_SYSTEM_H

#include "base/err.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum port_kind {
	PORT_VHOST, /* a guest behind the vhost-user socket at `socket` */
	PORT_HOST,  /* the system puts interface `ifname` with `address` into namespace `netns` */
};

struct wire_port {
	enum port_kind kind;
	char socket[100];
	bool guest_serves; /* the guest makes the socket and lives on when the system goes; else the
			      system makes it */
	char netns[32], ifname[16], address[64]; /* address: as 10.0.0.1/24 */
	unsigned int mtu;
	bool tso, gro; /* large units may cross this port; with checksum offload */
	unsigned int queues;
	/* What happens to frames on their way out of it, as flued's port option: "loss 1% delay
	 * 10ms"; "": nothing */
	char impair[48];
};

enum { WIRE_PORTS = 8 };

/* What joins a load with a system. The same for every system that is compared. */
struct wiring {
	size_t n_ports;
	struct wire_port ports[WIRE_PORTS];
	unsigned int mtu;      /* of the whole: the largest of its ports */
	unsigned int fdb;      /* addresses it will see; 0: few */
	bool adaptive;	       /* it may rest when idle (idle, host); else it polls all the time */
	uint64_t worker_cpus;  /* bit mask: its datapath threads; 0: the last processor */
	uint64_t control_cpus; /* its other threads; 0: the first processor */
	bool huge_pages;       /* there are free ones */
	bool chimney;	       /* it runs TCP connections that programs offer it */
};

struct system_counters {
	bool known;	  /* false: the system cannot tell */
	uint64_t rx, tx;  /* frames in and out, all ports */
	uint64_t dropped; /* frames it says it dropped, for any reason */
	/* TSC cycles its workers spent in turns that found frames, as it counts them itself; 0: it
	 * cannot tell. */
	uint64_t busy_cycles;
};

/* What a system that runs connections says of them. */
struct system_chimney {
	unsigned int connections;	    /* that it runs now */
	uint64_t offloaded, uploaded, lost; /* so far */
	char why[160];			    /* why others were refused or went back; "" */
	/* How long a connection stood still on its way there and back; negative: too few. */
	struct {
		int64_t p50_ns, p99_ns;
	} handoff, upload;
};

struct rig; /* a running system with its wiring */

struct bench_system {
	const char *name;     /* as written after --vs */
	const char *what;     /* one line */
	bool huge_pages_only; /* cannot run without */
	bool impairs;	      /* it loses and delays frames when it is told to */
	bool guest_serves;    /* the guest makes the sockets, always: rig_start() says so in the
				 rig's wiring, which is what the guest's side goes by */

	/* Its version as it says itself ("3.1.0, DPDK 22.11.1"). -ENOENT with the package that is
	 * missing. */
	int (*version)(char *text, size_t size, struct err *e);

	/* Could it do this? 0; -ENOTSUP with the reason. */
	int (*can)(const struct wiring *w, struct err *e);

	/* Starts it and waits until it forwards. When it fails, stop() is called. */
	int (*start)(struct rig *rig, struct err *e);
	/* Takes away what is no process: rig->procs have been ended already. Also after a start()
	 * that failed half way. NULL: there is nothing. */
	void (*stop)(struct rig *rig);

	/* Counters since start. Frozen systems are not asked. NULL: it has none. */
	int (*counters)(struct rig *rig, struct system_counters *c, struct err *e);

	/* Kills the datapath (SIGKILL) and starts it again with the same configuration, as its
	 * users would: returns once it runs again; the ports meet again by themselves. NULL:
	 * cannot. */
	int (*restart)(struct rig *rig, struct err *e);

	/* TSC cycles its workers spent in turns that found something to do, so far: asked at both
	 * ends of a window, so it is cheap. 0: not known. NULL: it cannot tell. */
	uint64_t (*busy_cycles)(struct rig *rig);

	/* Connections it runs, and giving all of them back to the kernel. NULL: it runs none. Both
	 * only of a wiring with chimney. */
	int (*chimney)(struct rig *rig, struct system_chimney *c, struct err *e);
	int (*chimney_upload)(struct rig *rig, struct err *e);

	/* {"stages":[{"name","packets","cycles"}…]} if it can tell cycles per stage; NULL: cannot.
	 */
	json_t *(*stages)(struct rig *rig);
};

enum { RIG_PROCS = 8 };

struct rig {
	const struct bench_system *system;
	char id[24]; /* unique in this run: names its files and namespaces ("flue", "flue#2") */
	struct wiring wiring;
	struct proc *procs[RIG_PROCS]; /* frozen and counted together */
	size_t n_procs;
	void *state; /* the driver's */
	bool frozen;
};

/* The drivers, in the order `flue-bench list` prints them; ends with NULL. */
extern const struct bench_system *const bench_systems[];
const struct bench_system *system_find(const char *name); /* NULL: none */

/* can + start / stop, with the processes' cleaning up around the driver's. */
int rig_start(const struct bench_system *system, const char *id, const struct wiring *w,
	      struct rig **rig, struct err *e);
void rig_stop(struct rig *rig); /* NULL: nothing */
int rig_freeze(struct rig *rig, struct err *e);
int rig_thaw(struct rig *rig, struct err *e);

/* As the driver's counters(); known is false where it has none. */
int rig_counters(struct rig *rig, struct system_counters *c, struct err *e);

/* Where programs offer their connections: for `flue chimney run socket PATH`. */
void rig_chimney_socket(const struct rig *rig, char *path, size_t size);

/* CPU time of all its processes so far, ns; resident memory, bytes. 0 for a system that is a part
 * of the kernel. */
uint64_t rig_cpu_ns(const struct rig *rig);
uint64_t rig_rss_bytes(const struct rig *rig);

#endif
