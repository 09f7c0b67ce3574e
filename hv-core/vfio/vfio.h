/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A PCI function of the host given to the guest: its registers are mapped into the guest, its
 * interrupts go to KVM by eventfd, its DMA reaches the guest's memory and nothing else. The
 * interface is VFIO's container and group (type 1, version 2).
 *
 * Opening and using are apart. hv_vfio_open() needs the right to open /dev/vfio and runs before
 * the sandbox is closed, or in another process that hands the descriptors over; all else is ioctl
 * and mmap on them.
 */
#ifndef HV_CORE_VFIO_VFIO_H
#define HV_CORE_VFIO_VFIO_H

#include "base/err.h"
#include "hv-core/machine/vm.h"
#include "hv-core/pci/pci.h"

struct hv_vfio;

/* -1: not there. */
struct hv_vfio_fds {
	int container; /* /dev/vfio/vfio. A machine has one; that of its first function serves all
			*/
	int group;     /* /dev/vfio/N. The kernel opens it once: functions of one group share it */
	int device;    /* -1: got from the group by address */
};

/* Checks the host (pci_host_check) and opens what of fds is -1, but the device. Functions of
 * one guest: pass the container got first (or keep -1 and close the new one), and for functions of
 * one group the group. 0; what is missing with its cure: as pci_host_check(), -EACCES, -EBUSY:
 * the group is open already, -ENOTSUP: the kernel has only iommufd. On error fds is unchanged.
 * Any thread. */
int hv_vfio_open(const char *address, struct hv_vfio_fds *fds, struct err *e);

#define HV_VFIO_EJECT_MS 10000

struct hv_vfio_options {
	const char *id;		/* of the device in the machine: "vf0" */
	const char *address;	/* "0000:01:10.0" */
	struct hv_vfio_fds fds; /* container and group: -1 when the machine has them already */
	int slot;		/* of the guest's bus, -1: the first that is free */
	unsigned int eject_ms;	/* how long the guest may take to let go of it; 0:
				   HV_VFIO_EJECT_MS */
	/* It was given back: the guest ejected it, or did not in time. May be NULL. Main thread. */
	void (*gone)(void *arg, const char *id);
	void *arg;
};

/* Gives the function to the guest: maps all guest memory for its DMA (which locks it in RAM), makes
 * and plugs the guest's function, and watches for the host's requests. The descriptors are the
 * machine's from now on, also on error. 0; -EPERM: no interrupt remapping; -ENOMEM: RLIMIT_MEMLOCK;
 * -ERANGE: guest memory where the IOMMU maps nothing; -EBUSY: group not viable; -ENOTSUP: no MSI-X;
 * and others, each with the cure. vCPUs parked or not started. Main thread. */
int hv_vfio_create(struct hv_vm *vm, struct hv_pci *pci, const struct hv_vfio_options *o,
		   struct hv_vfio **v, struct err *e);

/* Asks the guest to let go of it; it is given back when the guest did, or when eject_ms are over.
 * Asking again changes nothing. Main thread. */
void hv_vfio_unplug(struct hv_vfio *v);

/* Takes it from the guest at once: no DMA, no interrupts, reset, memory unmapped, descriptors
 * closed, v freed. Parks the vCPUs meanwhile. Main thread. */
void hv_vfio_give_back(struct hv_vfio *v);

struct hv_pci_fn *hv_vfio_fn(struct hv_vfio *v);

#endif
