/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What every device is to the machine: something that can hold still, be saved, loaded and freed.
 *
 * Order, for a snapshot and later for live migration: vCPUs are parked; each device is quiesced, in
 * the order of registration; each is saved in that order. Loading: the same devices are made from
 * the same configuration, each loads its section, then all are resumed, then the vCPUs run.
 */
#ifndef HV_CORE_MACHINE_DEVICE_H
#define HV_CORE_MACHINE_DEVICE_H

#include "base/err.h"
#include "hv-core/state/state.h"

#include <stdint.h>

struct hv_device_ops {
	const char *kind; /* the section's name in a snapshot: "serial", "pci", "virtio-net" */
	uint32_t version; /* of what save writes; load takes this and older ones it knows */

	/* Touch neither guest memory nor the guest's interrupts until resume; what is under way is
	 * finished or taken back first. May wait, but not for the guest; vCPUs are parked. Main
	 * thread. NULL: the device does nothing by itself. */
	int (*quiesce)(void *self, struct err *e);
	void (*resume)(void *self);

	/* Main thread, quiesced. load is called once on a device that was just made; on error the
	 * whole machine is given up, so nothing need be undone. */
	void (*save)(void *self, struct hv_out *out);
	int (*load)(void *self, struct hv_in *in, uint32_t version, struct err *e);

	/* Main thread, vCPUs parked or gone. */
	void (*destroy)(void *self);
};

#define HV_DEVICE_ID 48

/* Embedded in the device. */
struct hv_device {
	const struct hv_device_ops *ops;
	void *self;
	char id[HV_DEVICE_ID]; /* unique in the machine: "com1", "nic:net0" */
	struct hv_device *next;
};

#endif
