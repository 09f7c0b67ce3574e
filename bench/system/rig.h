/* SPDX-License-Identifier: BSD-3-Clause */
/* What drivers share. Main thread of flue-bench. */
#ifndef BENCH_SYSTEM_RIG_H
#define BENCH_SYSTEM_RIG_H

#include "bench/machine/proc.h"
#include "bench/system/system.h"

#include <stdio.h>

extern const struct bench_system system_flue, system_testpmd, system_testpmd_mac, system_ovs_dpdk,
	system_linux_bridge, system_veth, system_mirror;

enum { RIG_START_MS = 30000, RIG_STOP_MS = 5000, RIG_ANSWER_MS = 5000 };

/* bench_dir()/ID/NAME; the directory is made. */
void rig_path(const struct rig *rig, const char *name, char *path, size_t size);

/* Starts a process as the rig's next; *p may be NULL. */
int rig_proc(struct rig *rig, const struct proc_spec *spec, struct proc **p, struct err *e);

/* Waits until each socket the system makes is there, while its process lives. */
int rig_wait_sockets(struct rig *rig, struct proc *p, struct err *e);

/* Refuses what only some can do. vhost, host: can it have such ports at all? NULL when it can, else
 * why it cannot. */
int rig_can_kinds(const struct wiring *w, const char *no_vhost, const char *no_host, struct err *e);

bool rig_any_tso(const struct wiring *w);

/* A mask as "0,2-3" is not needed: "0,2,3". */
void rig_cpu_list(uint64_t mask, char *text, size_t size);

/* EAL's --lcores: main on the control processors, then a thread on each worker's. */
void rig_lcores(const struct wiring *w, char *text, size_t size);

/* A host's interface that is in its namespace already: MTU, address, offloads, and up. */
int rig_host_up(const struct wire_port *port, struct err *e);

/* Adds up the interfaces' counters in a namespace: frames in and out, and dropped both ways. */
int rig_host_counters(const char *netns, const char *const *names, size_t n,
		      struct system_counters *c, struct err *e);

/* The running kernel, as the version of what is a part of it. */
int rig_kernel_version(char *text, size_t size, struct err *e);

/* Removes an interface; that there is none is no fault. */
void rig_link_del(const char *netns, const char *ifname);

/* An argument list that grows. Too many arguments are a fault of the driver's. */
enum { RIG_ARGS = 64, RIG_ARG_BYTES = 6144 };
struct rig_args {
	const char *of[RIG_ARGS];
	size_t n, used;
	char text[RIG_ARG_BYTES];
};
void rig_arg(struct rig_args *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
