/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/machine/kvm.h"

#include <fcntl.h>
#include <linux/kvm.h>
#include <string.h>
#include <sys/ioctl.h>

/* Asked one by one: a KVM is what it can do, not what the processor below it can. */
static const struct {
	int cap;
	const char *name;
} needed[] = {
	{KVM_CAP_USER_MEMORY, "user memory"},
	{KVM_CAP_IRQCHIP, "interrupt controllers in the kernel"},
	{KVM_CAP_IRQ_ROUTING, "interrupt routing"},
	{KVM_CAP_IRQFD, "interrupts by eventfd"},
	{KVM_CAP_IOEVENTFD, "kicks by eventfd"},
	{KVM_CAP_IOEVENTFD_ANY_LENGTH, "kicks of any length"},
	{KVM_CAP_SIGNAL_MSI, "message-signalled interrupts"},
	{KVM_CAP_EXT_CPUID, "CPUID lists"},
	{KVM_CAP_MP_STATE, "processor states"},
	{KVM_CAP_VCPU_EVENTS, "pending events"},
	{KVM_CAP_DEBUGREGS, "debug registers"},
	{KVM_CAP_XSAVE, "extended register state"},
	{KVM_CAP_XCRS, "extended control registers"},
	{KVM_CAP_ADJUST_CLOCK, "a clock that can be set"},
	{KVM_CAP_IMMEDIATE_EXIT, "leaving the guest at once"},
};

int hv_kvm_open(struct err *e)
{
	int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);

	if (fd >= 0)
		return fd;
	switch (errno) {
	case ENOENT:
		return err_set(e, -ENOENT,
			       "there is no /dev/kvm: load kvm_intel or kvm_amd, switch "
			       "virtualization on in the "
			       "firmware, or, in a virtual machine, let its host nest");
	case EACCES:
	case EPERM:
		return err_set(e, -EACCES,
			       "no permission to open /dev/kvm: add the user to its group (kvm)");
	}
	return err_set(e, -errno, "cannot open /dev/kvm: %s", strerror(errno));
}

int hv_kvm_check(int kvm_fd, struct err *e)
{
	int version = ioctl(kvm_fd, KVM_GET_API_VERSION, 0);

	if (version != 12)
		return err_set(e, -ENOTSUP, "/dev/kvm speaks version %d of its interface, not 12",
			       version);
	for (unsigned int i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		if (ioctl(kvm_fd, KVM_CHECK_EXTENSION, needed[i].cap) <= 0)
			return err_set(e, -ENOTSUP, "this kernel's KVM lacks %s (capability %d)",
				       needed[i].name, needed[i].cap);
	return 0;
}
