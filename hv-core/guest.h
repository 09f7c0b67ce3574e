/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A whole guest: the machine and its devices, composed from a configuration.
 *
 * It lives in the guest process (hv-core/child.h), which has opened nothing itself: all files come
 * in as descriptors. guest_create() is called with nothing else opened, and in guest_run(), where
 * all is there and nothing of the guest has run yet, each thread gets its list of system calls.
 * Main thread of that process, all of it.
 */
#ifndef HV_CORE_GUEST_H
#define HV_CORE_GUEST_H

#include "base/err.h"
#include "base/json.h"
#include "hv-core/config.h"
#include "hv-core/machine/vm.h"

#include <event2/event.h>

/* -1 where there is none. */
struct hv_nic_fds {
	int socket; /* listening, for a card that serves; connected, or -1, for one that connects */
	int container, group, device; /* of VFIO, for a direct one: hv_vfio_open() */
};

/* Handed in by the supervisor; the guest takes over those it uses and closes the rest. */
struct hv_fds {
	int kvm;	    /* /dev/kvm, read and write */
	int kernel, initrd; /* kernel: the micro-guest's image where the guest is native */
	int restore;	    /* a snapshot to begin from; for guest_restore() */
	/* The serial console: pipes of 64 KB, both ends of ours non-blocking. What does not fit
	 * console_out is lost and counted; a vCPU never waits for it. See hv-core/tty.h. */
	int console_in, console_out;
	int disk[HV_DISKS_MAX]; /* opened as the configuration says (readonly, direct) */
	struct hv_nic_fds nic[HV_NICS_MAX];
	/* Who its process is to be; -1: who it is. */
	uid_t uid;
	gid_t gid;
};

/* What a guest asks of who made it. */
struct guest_ops {
	/* A connection for a card that connects: guest_dialed() follows. 0 or negative errno. */
	int (*dial)(void *arg, const char *nic);
	/* A direct card is the guest's no more, and its descriptors are closed. */
	void (*gone)(void *arg, const char *nic);
	void *arg;
};

struct guest;

/* Locks the process in (hv-core/sandbox), then makes the machine, loads what boots, plugs all
 * devices; nothing runs yet. config: borrowed until guest_destroy(). ops: copied. 0, or negative
 * errno with the cure in e. */
int guest_create(struct guest **g, const struct hv_config *config, const struct hv_fds *fds,
		 const struct guest_ops *ops, struct event_base *loop, struct err *e);

/* Instead of booting: memory, processors and devices as a snapshot has them. Between guest_create()
 * and guest_run(). Takes fd over. On error the guest can only be destroyed. */
int guest_restore(struct guest *g, int fd, struct err *e);

/* Starts the processors' threads, which begin to run. Once. Runs the loop while it waits for
 * switches. */
int guest_run(struct guest *g, struct err *e);

/* Presses the power button; the guest decides. */
void guest_power_button(struct guest *g);

/* Hold still and go on; pausing a paused guest is nothing, as is resuming a running one. */
void guest_pause(struct guest *g);
void guest_resume(struct guest *g);

/* Writes the whole state to fd (not taken over). The guest holds still meanwhile and is afterwards
 * as it was: paused or running. */
int guest_snapshot(struct guest *g, int fd, struct err *e);

/* Adds a card while it runs. fds: taken over, on error too. */
int guest_nic_add(struct guest *g, const struct hv_nic_config *nic, const struct hv_nic_fds *fds,
		  struct err *e);
/* What ops->dial asked for: a connected socket, taken over, or negative errno. */
void guest_dialed(struct guest *g, const char *nic, int fd);
/* Asks the guest to let go of it; the card is gone once guest_show() has it no more. 0, -ENOENT, or
 * why it cannot be taken out. */
int guest_nic_del(struct guest *g, const char *name, struct err *e);

/* What vm.show answers of the machine (docs/rpc.md): {"paused":b,"nics":[..],"disks":[..]}, with
 * stats "vcpus":[{"cpu_ns":n,"exits":{"io":n,..}}] too. A new reference; NULL: no memory. */
json_t *guest_show(struct guest *g, bool stats);

/* Readable once the guest does not go on; then guest_end() says why, and guest_why() in words. */
int guest_end_fd(const struct guest *g);
enum hv_end guest_end(const struct guest *g);
const char *guest_why(const struct guest *g);

void guest_destroy(struct guest *g); /* NULL: nothing */

#endif
