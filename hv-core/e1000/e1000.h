/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An emulated network card, Intel's 82540EM (8086:100e), for guests that know nothing of virtio.
 * docs/hv-e1000.md says what of it is there.
 *
 * Registers are the vCPU threads', under the PCI function's lock. Frames are carried by a thread of
 * the card's own, which takes that lock for one frame at a time and sleeps while there is nothing
 * to do. What carries them to the switch is hv-core/vhost/link.h.
 */
#ifndef HV_CORE_E1000_E1000_H
#define HV_CORE_E1000_E1000_H

#include "hv-core/pci/pci.h"
#include "hv-core/vhost/link.h"

#include <stdint.h>

struct hv_e1000;

struct hv_e1000_options {
	const char *name; /* the device's id in the machine: "nic:net0" */
	uint8_t mac[6];
	int slot;		     /* -1: the first that is free */
	struct hv_link_options link; /* its name is `name` above */
	/* The guest let go of the card: remove it. From the loop. NULL: it cannot be taken out. */
	void (*ejected)(void *self);
	void *self;
};

/* Makes, registers and plugs it; its thread does not run yet. NULL with e filled. Main thread. */
struct hv_e1000 *hv_e1000_new(struct hv_vm *vm, struct hv_pci *pci,
			      const struct hv_e1000_options *o, struct err *e);
/* Starts the card's thread; before it no frame is carried. thread_init: called first in it, for its
 * seccomp filter; may be NULL. 0, or negative errno. Main thread, once. */
int hv_e1000_start(struct hv_e1000 *d, int (*thread_init)(void *arg, struct err *e), void *arg,
		   struct err *e);
/* Takes it out of the machine and frees it, before the machine itself does; vCPUs parked. */
void hv_e1000_remove(struct hv_e1000 *d);

/* As hv_vu_give(). Main thread. */
void hv_e1000_give(struct hv_e1000 *d, int fd);

struct hv_pci_fn *hv_e1000_fn(struct hv_e1000 *d);
bool hv_e1000_connected(struct hv_e1000 *d);			       /* any thread */
void hv_e1000_link_stats(struct hv_e1000 *d, struct hv_link_stats *s); /* any thread */

#endif
