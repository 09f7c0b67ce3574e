/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A whole guest: the machine and its devices, composed from a configuration.
 *
 * It lives in the guest process (hv-core/child.h), which has opened nothing itself: all files come
 * in as descriptors. Order: guest_create(), then the sandbox closes, then guest_run(). Main thread
 * of that process, all of it.
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
	int socket; /* a listening one for a card that serves; else connect by its path */
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
};

struct guest;

/* Makes the machine, loads what boots, plugs all devices; nothing runs yet. config: borrowed until
 * guest_destroy(). 0, or negative errno with the cure in e. */
int guest_create(struct guest **g, const struct hv_config *config, const struct hv_fds *fds,
		 struct event_base *loop, struct err *e);

/* Instead of booting: memory, processors and devices as a snapshot has them. Between guest_create()
 * and guest_run(). Takes fd over. On error the guest can only be destroyed. */
int guest_restore(struct guest *g, int fd, struct err *e);

/* Starts the processors' threads, which begin to run. Once. */
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
