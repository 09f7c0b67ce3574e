/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A vCPU's state, in the order in which KVM must be given it: the APIC's base is in sregs and says
 * in which form the APIC's registers are; the APIC's timer mode must be known before the deadline
 * MSR is written; events come last, as setting registers may clear them.
 */
#include "hv-core/machine/vcpu_thread.h"

#include "hv-core/machine/cpuid.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#define MSRS_MAX     1024
#define XSAVE_MAX    (64u << 10)
#define MSR_DEADLINE 0x6e0

struct part {
	unsigned long get, set;
	size_t bytes;
	const char *name;
};

static const struct part before_msrs[] = {
	{KVM_GET_MP_STATE, KVM_SET_MP_STATE, sizeof(struct kvm_mp_state), "processor state"},
	{KVM_GET_SREGS, KVM_SET_SREGS, sizeof(struct kvm_sregs), "system registers"},
	{KVM_GET_REGS, KVM_SET_REGS, sizeof(struct kvm_regs), "registers"},
	{KVM_GET_XCRS, KVM_SET_XCRS, sizeof(struct kvm_xcrs), "extended control registers"},
	{KVM_GET_DEBUGREGS, KVM_SET_DEBUGREGS, sizeof(struct kvm_debugregs), "debug registers"},
	{KVM_GET_LAPIC, KVM_SET_LAPIC, sizeof(struct kvm_lapic_state), "local APIC"},
};
static const struct part after_msrs[] = {
	{KVM_GET_VCPU_EVENTS, KVM_SET_VCPU_EVENTS, sizeof(struct kvm_vcpu_events),
	 "pending events"},
};
#define N(a) (sizeof(a) / sizeof((a)[0]))

union buffer {
	struct kvm_lapic_state lapic;
	struct kvm_sregs sregs;
	uint8_t bytes[4096];
};

static int save_parts(int fd, const struct part *p, size_t n, struct hv_out *out, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		union buffer b = {0};

		if (ioctl(fd, p[i].get, &b))
			return err_set(e, -errno, "KVM does not give the %s: %s", p[i].name,
				       strerror(errno));
		hv_out_u32(out, (uint32_t)p[i].bytes);
		hv_out_bytes(out, &b, p[i].bytes);
	}
	return 0;
}

static int load_parts(int fd, const struct part *p, size_t n, struct hv_in *in, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		union buffer b = {0};

		if (hv_in_u32(in) != p[i].bytes)
			return err_set(e, -EINVAL, "the %s in the snapshot are of another size",
				       p[i].name);
		hv_in_bytes(in, &b, p[i].bytes);
		if (in->bad)
			return err_set(e, -EINVAL, "the %s in the snapshot are cut short",
				       p[i].name);
		if (ioctl(fd, p[i].set, &b))
			return err_set(e, -errno, "KVM does not take the %s: %s", p[i].name,
				       strerror(errno));
	}
	return 0;
}

/* The MSRs KVM keeps for a guest. */
static struct kvm_msr_list *msr_list(int kvm_fd)
{
	struct kvm_msr_list *list = calloc(1, sizeof(*list) + MSRS_MAX * sizeof(list->indices[0]));

	if (!list)
		return NULL;
	list->nmsrs = MSRS_MAX;
	if (ioctl(kvm_fd, KVM_GET_MSR_INDEX_LIST, list)) {
		free(list);
		return NULL;
	}
	return list;
}

union msr {
	struct kvm_msrs head;
	struct {
		uint8_t pad[sizeof(struct kvm_msrs)];
		struct kvm_msr_entry entry;
	} one;
};

/* Each by itself: KVM stops at the first of a list that this guest does not have. */
static int save_msrs(int kvm_fd, int fd, struct hv_out *out, struct err *e)
{
	struct kvm_msr_list *list = msr_list(kvm_fd);
	struct hv_out some = {0};
	uint32_t n = 0;

	if (!list)
		return err_set(e, -EIO, "KVM does not list the model-specific registers");
	for (uint32_t i = 0; i < list->nmsrs; i++) {
		union msr m = {.one.entry.index = list->indices[i]};

		m.head.nmsrs = 1;
		if (ioctl(fd, KVM_GET_MSRS, &m) != 1)
			continue;
		hv_out_u32(&some, m.one.entry.index);
		hv_out_u64(&some, m.one.entry.data);
		n++;
	}
	hv_out_u32(out, n);
	hv_out_bytes(out, some.buf, some.len);
	hv_out_free(&some);
	free(list);
	return 0;
}

/* What reads as 0 need not be settable: a KVM may list it for others. */
static int set_msr(int fd, uint32_t index, uint64_t data, struct err *e)
{
	union msr m = {.one.entry = {.index = index, .data = data}};
	union msr now = {.one.entry.index = index};

	m.head.nmsrs = now.head.nmsrs = 1;
	if (ioctl(fd, KVM_SET_MSRS, &m) == 1)
		return 0;
	if (!data || (ioctl(fd, KVM_GET_MSRS, &now) == 1 && now.one.entry.data == data))
		return 0;
	return err_set(e, -ENOTSUP, "this host does not take the guest's MSR %#x with %#llx", index,
		       (unsigned long long)data);
}

static int load_msrs(int fd, struct hv_in *in, struct err *e)
{
	uint32_t n = hv_in_max(in, MSRS_MAX);
	uint64_t deadline = 0;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t index = hv_in_u32(in);
		uint64_t data = hv_in_u64(in);

		if (in->bad)
			return err_set(
				e, -EINVAL,
				"the model-specific registers in the snapshot are cut short");
		/* Compared with the TSC when it is written, so the TSC comes first. */
		if (index == MSR_DEADLINE) {
			deadline = data;
			continue;
		}
		int rc = set_msr(fd, index, data, e);
		if (rc)
			return rc;
	}
	return deadline ? set_msr(fd, MSR_DEADLINE, deadline, e) : 0;
}

static size_t xsave_bytes(int vm_fd)
{
	int n = ioctl(vm_fd, KVM_CHECK_EXTENSION, KVM_CAP_XSAVE2);

	return n > (int)sizeof(struct kvm_xsave) ? (size_t)n : sizeof(struct kvm_xsave);
}

static int save_xsave(const struct hv_vcpu *v, struct hv_out *out, struct err *e)
{
	size_t bytes = xsave_bytes(v->vm->fd);
	void *x = calloc(1, bytes);
	int rc = 0;

	if (!x)
		return err_set(e, -ENOMEM, "out of memory");
	if (ioctl(v->fd, bytes > sizeof(struct kvm_xsave) ? KVM_GET_XSAVE2 : KVM_GET_XSAVE, x))
		rc = err_set(e, -errno, "KVM does not give the extended registers: %s",
			     strerror(errno));
	hv_out_u32(out, (uint32_t)bytes);
	hv_out_bytes(out, x, bytes);
	free(x);
	return rc;
}

static int load_xsave(const struct hv_vcpu *v, struct hv_in *in, struct err *e)
{
	uint32_t bytes = hv_in_max(in, XSAVE_MAX);
	size_t own = xsave_bytes(v->vm->fd);
	int rc = 0;

	if (in->bad || bytes > in->left)
		return err_set(e, -EINVAL, "the extended registers in the snapshot are cut short");
	void *x = calloc(1, own > bytes ? own : bytes);
	if (!x)
		return err_set(e, -ENOMEM, "out of memory");
	hv_in_bytes(in, x, bytes);
	if (ioctl(v->fd, KVM_SET_XSAVE, x))
		rc = err_set(e, -errno, "KVM does not take the extended registers: %s",
			     strerror(errno));
	free(x);
	return rc;
}

int hv_vcpu_save(struct hv_vm *vm, unsigned int n, struct hv_out *out, struct err *e)
{
	const struct hv_vcpu *v = vm->vcpu[n];
	int rc;

	if ((rc = save_parts(v->fd, before_msrs, N(before_msrs), out, e)) ||
	    (rc = save_xsave(v, out, e)) || (rc = save_msrs(vm->kvm_fd, v->fd, out, e)) ||
	    (rc = save_parts(v->fd, after_msrs, N(after_msrs), out, e)))
		return rc;
	return out->failed ? err_set(e, -ENOMEM, "out of memory") : 0;
}

int hv_vcpu_load(struct hv_vm *vm, unsigned int n, struct hv_in *in, struct err *e)
{
	const struct hv_vcpu *v = vm->vcpu[n];
	int rc;

	if ((rc = load_parts(v->fd, before_msrs, N(before_msrs), in, e)) ||
	    (rc = load_xsave(v, in, e)) || (rc = load_msrs(v->fd, in, e)) ||
	    (rc = load_parts(v->fd, after_msrs, N(after_msrs), in, e)))
		return rc;
	/* Tells a guest with kvmclock that it stood still, so that its watchdog does not bite. */
	ioctl(v->fd, KVM_KVMCLOCK_CTRL, 0);
	return hv_in_end(in, "a processor", e);
}
