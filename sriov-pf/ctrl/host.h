/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the daemon needs of a host, so that all of it runs against one in memory, too. The calls of
 * struct pf_host_agent may block, so only agents make them.
 */
#ifndef SRIOV_PF_CTRL_HOST_H
#define SRIOV_PF_CTRL_HOST_H

#include "sriov-pf/engine/backend.h"

#include <event2/event.h>
#include <sys/types.h>

/* Made by begin(), in the agent's own process. */
struct pf_host_agent {
	struct pf_backend backend;
	/* Checks that the VF of that address may go to a guest and opens it: fd[0] VFIO's
	 * container, fd[1] the group; the caller's. pid: who gets it; memory: where the guest's
	 * lies, [[first,last],..], or NULL. 0; -EBUSY: somebody has it open; others name what is
	 * missing and the cure. */
	int (*open)(void *ctx, const char *vf, pid_t pid, const json_t *memory, int fd[2],
		    unsigned int *group, struct err *e);
	/* Has somebody the VF open? 0: nobody; -EBUSY; others. */
	int (*held)(void *ctx, const char *vf, struct err *e);
	void *ctx;
};

/* What the kernel told without being asked. Main thread. */
struct pf_host_events {
	/* Something of that interface, or of VFs behind it, was set; 0: look at everything. */
	void (*changed)(void *arg, unsigned int ifindex);
	/* The IOMMU blocked what the function of that address did: "DMA write to 0x1000". */
	void (*fault)(void *arg, const char *address, const char *what);
	void *arg;
};

struct pf_host {
	int (*begin)(struct pf_host_agent *a, struct err *e);
	/* Reports events in that loop until stop(). NULL: this host tells nothing. */
	void *(*watch)(struct event_base *base, const struct pf_host_events *events, struct err *e);
	void (*stop)(void *watch);
	/* Each write to a file and each step on the way of a lease, by its name; NULL: nothing. */
	void (*point)(const char *name);
};

#endif
