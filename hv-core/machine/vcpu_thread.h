/* SPDX-License-Identifier: BSD-3-Clause */
/* A vCPU as an object of KVM and as a thread; the machine's own business. Main thread. */
#ifndef HV_CORE_MACHINE_VCPU_THREAD_H
#define HV_CORE_MACHINE_VCPU_THREAD_H

#include "hv-core/machine/vcpu.h"
#include "hv-core/machine/vm.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

struct hv_vcpu {
	struct hv_vm *vm;
	unsigned int n;
	int fd;
	struct kvm_run *run;
	size_t run_bytes;
	pthread_t thread;
	bool started; /* the thread exists */
	bool parked;  /* under vm->park_lock */
	_Atomic uint64_t exits[HV_EXIT_N];
};

int hv_vcpu_create(struct hv_vm *vm, unsigned int n, struct err *e);
/* Gives it vm->cpuid, numbered as its own. It has not run yet. 0 or negative errno. */
int hv_vcpu_set_cpuid(struct hv_vm *vm, unsigned int n);
/* The thread has ended. */
void hv_vcpu_destroy(struct hv_vm *vm, unsigned int n);
/* Parks all for good and joins the threads. */
void hv_vcpus_stop(struct hv_vm *vm);

#endif
