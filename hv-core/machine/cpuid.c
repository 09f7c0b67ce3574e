/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/machine/cpuid.h"

#include <stdlib.h>
#include <sys/ioctl.h>

enum reg { EAX, EBX, ECX, EDX };

#define BIT(n)	     (1u << (n))
#define ECX_DEADLINE BIT(24) /* leaf 1: the local APIC's timer takes a TSC value */
#define ECX_HYPER    BIT(31) /* leaf 1: there is a hypervisor */
#define EDX_HTT	     BIT(28) /* leaf 1: the package has several logical processors */

/*
 * Leaves of features, and which bits of them x86-64-v2 has (System V ABI, x86-64 psABI 3.1.1). What
 * is not in this table and reports features is 0 at the baseline.
 */
static const struct {
	uint32_t leaf, subleaf;
	enum reg reg;
	uint32_t baseline;
} features[] = {
	/* SSE3 PCLMULQDQ SSSE3 CX16 SSE4.1 SSE4.2 x2APIC MOVBE? no; POPCNT TSC-deadline AES
	   hypervisor */
	{0x1, 0, ECX,
	 BIT(0) | BIT(1) | BIT(9) | BIT(13) | BIT(19) | BIT(20) | BIT(21) | BIT(23) | ECX_DEADLINE |
		 BIT(25) | ECX_HYPER},
	/* FPU VME DE PSE TSC MSR PAE MCE CX8 APIC SEP MTRR PGE MCA CMOV PAT PSE36 CLFSH MMX FXSR
	 * SSE SSE2 HTT */
	{0x1, 0, EDX, 0x178bfbff},
	{0x6, 0, EAX, BIT(2)}, /* the APIC's timer always runs */
	{0x7, 0, EBX, 0},
	{0x7, 0, ECX, 0},
	{0x7, 0, EDX,
	 0xac000000}, /* IBRS, STIBP, ARCH_CAPABILITIES, SSBD: what keeps guests apart */
	{0x7, 1, EAX, 0},
	{0x7, 1, EBX, 0},
	{0x7, 1, ECX, 0},
	{0x7, 1, EDX, 0},
	{0x7, 2, EDX, 0},
	{0xd, 1, EAX, 0},
	{0x80000001, 0, ECX, BIT(0)}, /* LAHF in long mode */
	/* as leaf 1, and SYSCALL NX LM */
	{0x80000001, 0, EDX, 0x2193fbff | BIT(11) | BIT(20) | BIT(29)},
	{0x80000007, 0, EDX, BIT(8)},	  /* the TSC is invariant */
	{0x80000008, 0, EBX, 0x0708f000}, /* IBPB, IBRS, STIBP, SSBD */
	{0x8000000a, 0, EDX, 0},
	{0x8000001f, 0, EAX, 0},
	{0x80000021, 0, EAX, 0},
	{0x40000001, 0, EAX, 0x01000eff & ~BIT(4)}, /* kvmclock and what stands on it */
};

/* Leaves that the baseline has not: counters, processor trace, SGX, AMX, SVM, SEV. */
static const uint32_t not_baseline[] = {0xa,  0x10, 0x12, 0x14, 0x17, 0x18,
					0x19, 0x1d, 0x1e, 0x23, 0x24};

static uint32_t *reg_of(struct kvm_cpuid_entry2 *x, enum reg reg)
{
	uint32_t *regs[] = {&x->eax, &x->ebx, &x->ecx, &x->edx};

	return regs[reg];
}

struct kvm_cpuid_entry2 *hv_cpuid_find(struct kvm_cpuid2 *c, uint32_t leaf, uint32_t subleaf)
{
	for (uint32_t i = 0; i < c->nent; i++) {
		struct kvm_cpuid_entry2 *x = &c->entries[i];

		if (x->function == leaf &&
		    (x->index == subleaf || !(x->flags & KVM_CPUID_FLAG_SIGNIFCANT_INDEX)))
			return x;
	}
	return NULL;
}

void hv_cpuid_baseline(struct kvm_cpuid2 *c)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < c->nent; i++) {
		bool keep = true;

		for (unsigned int k = 0; k < sizeof(not_baseline) / sizeof(not_baseline[0]); k++)
			keep = keep && c->entries[i].function != not_baseline[k];
		/* Of the extended state, x87 and SSE only: XCR0 bits 0 and 1 need no subleaf. */
		if (c->entries[i].function == 0xd && c->entries[i].index > 1)
			keep = false;
		if (keep)
			c->entries[kept++] = c->entries[i];
	}
	c->nent = kept;
	for (unsigned int i = 0; i < sizeof(features) / sizeof(features[0]); i++) {
		struct kvm_cpuid_entry2 *x =
			hv_cpuid_find(c, features[i].leaf, features[i].subleaf);

		if (x)
			*reg_of(x, features[i].reg) &= features[i].baseline;
	}
	struct kvm_cpuid_entry2 *state = hv_cpuid_find(c, 0xd, 0);
	if (state) {
		state->eax &= 3;
		state->edx = 0;
		state->ebx = state->ecx = 576; /* legacy region and header, SDM 13.4 */
	}
}

static struct kvm_cpuid_entry2 *add(struct kvm_cpuid2 *c, uint32_t leaf, uint32_t subleaf)
{
	struct kvm_cpuid_entry2 *x = &c->entries[c->nent];

	if (c->nent == HV_CPUID_MAX)
		return NULL;
	c->nent++;
	*x = (struct kvm_cpuid_entry2){
		.function = leaf, .index = subleaf, .flags = KVM_CPUID_FLAG_SIGNIFCANT_INDEX};
	return x;
}

static void set_topology(struct kvm_cpuid2 *c, uint32_t leaf, unsigned int id, unsigned int cpus)
{
	static const struct {
		uint32_t type;
	} levels[] = {{1}, {2}, {0}}; /* threads, cores, end of list: SDM CPUID.0BH */
	unsigned int bits = 0;

	while (1u << bits < cpus)
		bits++;
	for (uint32_t i = 0; i < 3; i++) {
		struct kvm_cpuid_entry2 *x = hv_cpuid_find(c, leaf, i);

		if (!x)
			x = add(c, leaf, i);
		if (!x)
			return;
		x->eax = i == 1 ? bits : 0;
		x->ebx = i == 0 ? 1 : i == 1 ? cpus : 0;
		x->ecx = i | levels[i].type << 8;
		x->edx = id;
	}
}

void hv_cpuid_number(struct kvm_cpuid2 *c, unsigned int id, unsigned int cpus)
{
	struct kvm_cpuid_entry2 *x = hv_cpuid_find(c, 0x1, 0);

	if (x) {
		x->ebx = (x->ebx & 0xffff) | cpus << 16 | id << 24;
		x->edx = cpus > 1 ? x->edx | EDX_HTT : x->edx & ~EDX_HTT;
	}
	for (uint32_t i = 0; i < c->nent; i++)
		if (c->entries[i].function == 0x4)
			/* Each core's caches are its own but for the last level, which all share.
			 */
			c->entries[i].eax = (c->entries[i].eax & 0x3fff) |
					    (((c->entries[i].eax >> 5) & 7) >= 3 ? cpus - 1 : 0)
						    << 14 |
					    (cpus - 1) << 26;
	x = hv_cpuid_find(c, 0, 0);
	if (x && x->eax >= 0xb)
		set_topology(c, 0xb, id, cpus);
	if (x && x->eax >= 0x1f && hv_cpuid_find(c, 0x1f, 0))
		set_topology(c, 0x1f, id, cpus);
	x = hv_cpuid_find(c, 0x80000008, 0);
	if (x) {
		unsigned int bits = 0;

		while (1u << bits < cpus)
			bits++;
		x->ecx = (x->ecx & ~0xf0ffu) | bits << 12 | (cpus - 1);
	}
	x = hv_cpuid_find(c, 0x8000001e, 0);
	if (x) {
		x->eax = id;
		x->ebx = id;
		x->ecx = 0;
	}
}

int hv_cpuid_covers(const struct kvm_cpuid2 *here, const struct kvm_cpuid2 *want, struct err *e)
{
	static const char *const names[] = {"EAX", "EBX", "ECX", "EDX"};

	for (unsigned int i = 0; i < sizeof(features) / sizeof(features[0]); i++) {
		struct kvm_cpuid_entry2 *w = hv_cpuid_find((struct kvm_cpuid2 *)(uintptr_t)want,
							   features[i].leaf, features[i].subleaf);
		struct kvm_cpuid_entry2 *h = hv_cpuid_find((struct kvm_cpuid2 *)(uintptr_t)here,
							   features[i].leaf, features[i].subleaf);
		uint32_t wanted = w ? *reg_of(w, features[i].reg) : 0;
		uint32_t missing = wanted & ~(h ? *reg_of(h, features[i].reg) : 0);

		if (features[i].leaf == 1 && features[i].reg == EDX)
			missing &= ~EDX_HTT;
		if (missing)
			return err_set(e, -ENOTSUP,
				       "this host's processors lack what the guest was given: "
				       "CPUID leaf %#x.%u %s "
				       "bits %#x; give guests that move `cpu baseline`",
				       features[i].leaf, features[i].subleaf,
				       names[features[i].reg], missing);
	}
	struct kvm_cpuid_entry2 *w = hv_cpuid_find((struct kvm_cpuid2 *)(uintptr_t)want, 0xd, 0);
	struct kvm_cpuid_entry2 *h = hv_cpuid_find((struct kvm_cpuid2 *)(uintptr_t)here, 0xd, 0);
	if (w && (w->eax & ~(h ? h->eax : 0)))
		return err_set(
			e, -ENOTSUP,
			"this host's processors lack register state the guest was given: XCR0 %#x",
			w->eax & ~(h ? h->eax : 0));
	return 0;
}

int hv_cpuid_make(int kvm_fd, enum hv_cpu_model model, unsigned int cpus, struct kvm_cpuid2 **cpuid,
		  unsigned int *phys_bits, struct err *e)
{
	struct kvm_cpuid2 *c = calloc(1, sizeof(*c) + HV_CPUID_MAX * sizeof(c->entries[0]));

	if (!c)
		return err_set(e, -ENOMEM, "out of memory");
	c->nent = HV_CPUID_MAX;
	if (ioctl(kvm_fd, KVM_GET_SUPPORTED_CPUID, c)) {
		int rc = err_set(
			e, -errno,
			"KVM does not say which processor it offers (KVM_GET_SUPPORTED_CPUID)");

		free(c);
		return rc;
	}
	struct kvm_cpuid_entry2 *x = hv_cpuid_find(c, 0x1, 0);
	if (x) {
		x->ecx |= ECX_HYPER;
		/* KVM's own list leaves it out, as not every monitor uses the APIC in the kernel.
		 */
		if (ioctl(kvm_fd, KVM_CHECK_EXTENSION, KVM_CAP_TSC_DEADLINE_TIMER) > 0)
			x->ecx |= ECX_DEADLINE;
	}
	if (model == HV_CPU_BASELINE)
		hv_cpuid_baseline(c);
	hv_cpuid_number(c, 0, cpus);
	x = hv_cpuid_find(c, 0x80000008, 0);
	*phys_bits = x && (x->eax & 0xff) ? x->eax & 0xff : 36;
	*cpuid = c;
	return 0;
}
