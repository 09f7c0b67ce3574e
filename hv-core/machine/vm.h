/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A machine: memory, vCPUs, buses, interrupts, and the list of its devices. Everything a device
 * needs is reached from here.
 *
 * Threads: the main thread runs the event loop (`loop`) and owns the machine's life; each vCPU has
 * a thread; a device may have one of its own. A device's registers are guarded by the device's
 * lock, which vCPU threads hold while they are in a handler and the main thread takes in its
 * callbacks. Nobody waits for a vCPU with a device's lock held.
 */
#ifndef HV_CORE_MACHINE_VM_H
#define HV_CORE_MACHINE_VM_H

#include "base/err.h"
#include "hv-core/machine/bus.h"
#include "hv-core/machine/device.h"
#include "hv-core/machine/irq.h"
#include "hv-core/machine/layout.h"
#include "hv-core/machine/mem.h"

#include <event2/event.h>
#include <stdatomic.h>

struct hv_vcpu;
struct hv_irqs;
struct kvm_cpuid2;

enum hv_cpu_model { HV_CPU_HOST, HV_CPU_BASELINE };

struct hv_vm_options {
	int kvm_fd; /* an open /dev/kvm, borrowed; -1: it is opened here */
	uint64_t mem_bytes, page_bytes;
	unsigned int cpus;
	enum hv_cpu_model cpu_model;
};

/* Why the guest does not go on; the first one counts. */
enum hv_end {
	HV_END_NONE,
	HV_END_POWER_OFF, /* the guest switched itself off */
	HV_END_RESET,	  /* the guest wants to start anew */
	HV_END_CRASH,	  /* triple fault, or KVM gave up: `why` says what */
	HV_END_STOPPED,	  /* we were told to */
};

struct hv_vm {
	int kvm_fd, fd; /* /dev/kvm and the VM */
	struct event_base *loop;
	struct hv_mem mem;
	struct hv_bus *mmio, *pio;
	struct hv_irqs *irqs;
	struct hv_vcpu *vcpu[HV_CPUS_MAX];
	unsigned int cpus;
	enum hv_cpu_model cpu_model;
	struct kvm_cpuid2 *cpuid; /* of processor 0 */
	unsigned int phys_bits;	  /* of guest physical addresses, as the guest's CPUID says */
	struct hv_device *devices;

	_Atomic int end; /* enum hv_end */
	char why[256];	 /* written by who set `end` */
	int end_fd;	 /* eventfd, readable once `end` is set */

	pthread_mutex_t park_lock;
	pthread_cond_t parked, run; /* a vCPU is parked; nobody wants them parked */
	unsigned int parks;	    /* how many want the vCPUs parked */
	bool stopping;		    /* parked vCPUs end */
	int (*thread_init)(void *arg, struct err *e);
	void *thread_arg;
};

/* Makes a machine without devices, its vCPUs not yet running. 0; or what KVM lacks, by name.
 * Main thread. */
int hv_vm_create(struct hv_vm *vm, const struct hv_vm_options *o, struct event_base *loop,
		 struct err *e);
/* Destroys devices in reverse order of registration, then the rest. vCPUs are stopped first. */
void hv_vm_destroy(struct hv_vm *vm);

/* Adds at the end of the list. The id must be unique. 0, -EEXIST, -ENAMETOOLONG. Main thread. */
int hv_vm_add(struct hv_vm *vm, struct hv_device *d, const struct hv_device_ops *ops, void *self,
	      const char *id, struct err *e);
/* Takes it out of the list; does not call destroy. vCPUs parked. Main thread. */
void hv_vm_remove(struct hv_vm *vm, struct hv_device *d);

/* The guest, or we, end it. why: a sentence, or NULL. Only the first call counts. Any thread. */
void hv_vm_end(struct hv_vm *vm, enum hv_end end, const char *why);

/* Starts the vCPUs' threads, parked. thread_init: called first in each, for its seccomp filter; may
 * be NULL. Main thread. */
int hv_vm_start(struct hv_vm *vm, int (*thread_init)(void *arg, struct err *e), void *arg,
		struct err *e);

/* Parks all vCPUs outside the guest, with no half-done instruction; they nest (park twice, run
 * twice). Returns once all are parked. Main thread, no device's lock held. */
void hv_vm_park(struct hv_vm *vm);
void hv_vm_run(struct hv_vm *vm);

/* Quiesces all devices in order; on error those already quiesced are resumed. vCPUs parked. */
int hv_vm_quiesce(struct hv_vm *vm, struct err *e);
void hv_vm_resume(struct hv_vm *vm);

#endif
