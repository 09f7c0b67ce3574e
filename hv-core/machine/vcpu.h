/* SPDX-License-Identifier: BSD-3-Clause */
/* A virtual processor: its thread, how it starts, what it did, and its state for a snapshot. */
#ifndef HV_CORE_MACHINE_VCPU_H
#define HV_CORE_MACHINE_VCPU_H

#include "base/err.h"
#include "hv-core/state/state.h"

#include <linux/kvm.h>
#include <stdint.h>

struct hv_vcpu;
struct hv_vm;

/* How processor 0 begins. The others wait for the guest's start-up message (SIPI). */
struct hv_start {
	struct kvm_regs regs;
	struct kvm_sregs sregs; /* only what boot code sets is taken: segments, cr0, cr3, cr4, efer,
				   gdt, idt */
};

/* Sets what the processor begins with. Before hv_vm_run(). 0 or negative errno. Main thread. */
int hv_vcpu_start_at(struct hv_vm *vm, const struct hv_start *start, struct err *e);

/* Why a vCPU left the guest. */
enum hv_exit {
	HV_EXIT_IO, /* a port */
	HV_EXIT_MMIO,
	HV_EXIT_HLT,
	HV_EXIT_INTR,		/* a signal of ours */
	HV_EXIT_SHUTDOWN,	/* triple fault */
	HV_EXIT_FAIL_ENTRY,	/* KVM could not enter the guest, */
	HV_EXIT_INTERNAL_ERROR, /* or gave up */
	HV_EXIT_SYSTEM_EVENT,
	HV_EXIT_OTHER,
	HV_EXIT_N
};
/* Their names in `flue vm show -s`. */
extern const char *const hv_exit_names[HV_EXIT_N];

/* How fast the guest's time stamp counter counts; 0: KVM does not say. Main thread. */
uint64_t hv_vcpu_tsc_khz(const struct hv_vm *vm);

struct hv_vcpu_stats {
	uint64_t exits[HV_EXIT_N];
	uint64_t cpu_ns; /* processor time of its thread */
};
/* Any thread. */
void hv_vcpu_stats(const struct hv_vm *vm, unsigned int n, struct hv_vcpu_stats *s);

/* All state KVM has of it. vCPUs parked. load: 0; -EINVAL (the state is broken), or what KVM does
 * not take
 * (-ENOTSUP: an MSR of the guest's that this host lacks). Main thread. */
int hv_vcpu_save(struct hv_vm *vm, unsigned int n, struct hv_out *out, struct err *e);
int hv_vcpu_load(struct hv_vm *vm, unsigned int n, struct hv_in *in, struct err *e);

/* What is the machine's and no processor's: model of the processors, interrupt controllers, clock.
 * load checks that this host can be what the guest was given; it is loaded before the processors.
 */
int hv_board_save(struct hv_vm *vm, struct hv_out *out, struct err *e);
int hv_board_load(struct hv_vm *vm, struct hv_in *in, struct err *e);

#endif
