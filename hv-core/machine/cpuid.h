/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which processor the guest sees. `host`: all KVM can give it. `baseline`: x86-64-v2 and nothing
 * more, so that the guest can go to any machine of the last fifteen years by the same vendor.
 */
#ifndef HV_CORE_MACHINE_CPUID_H
#define HV_CORE_MACHINE_CPUID_H

#include "hv-core/machine/vm.h"

#include <linux/kvm.h>

#define HV_CPUID_MAX 256

/* What KVM supports, cut to the model, with `cpus` processors. On success *cpuid is the caller's to
 * free and *phys_bits what it says of addresses. Main thread. */
int hv_cpuid_make(int kvm_fd, enum hv_cpu_model model, unsigned int cpus, struct kvm_cpuid2 **cpuid,
		  unsigned int *phys_bits, struct err *e);

/* Pure functions. Cuts the list to the baseline. */
void hv_cpuid_baseline(struct kvm_cpuid2 *c);
/* What differs between processors: APIC ids and topology of `cpus` cores in one package. */
void hv_cpuid_number(struct kvm_cpuid2 *c, unsigned int id, unsigned int cpus);
/* Can a machine that has `here` run a guest that was given `want`? 0, or -ENOTSUP naming the leaf
 * and the bits that are missing. */
int hv_cpuid_covers(const struct kvm_cpuid2 *here, const struct kvm_cpuid2 *want, struct err *e);

/* The entry of that leaf and subleaf, or NULL. */
struct kvm_cpuid_entry2 *hv_cpuid_find(struct kvm_cpuid2 *c, uint32_t leaf, uint32_t subleaf);

#endif
