/* SPDX-License-Identifier: BSD-3-Clause */
/* The requests of ioctl() that each kind of thread may make. */
#include "hv-core/sandbox/lists.h"

#include <linux/kvm.h>
#include <linux/vfio.h>

const struct hv_ioctl hv_ioctls[] = {
	/* A processor: the guest itself, and what its registers were when it crashed. */
	{KVM_RUN, VCPU},
	{KVM_GET_REGS, MAIN | VCPU},
	/* What a guest's access to a device causes: interrupts, their routes, doorbells. */
	{KVM_IRQ_LINE, MAIN | VCPU | CARD},
	{KVM_IRQFD, MAIN | VCPU},
	{KVM_IOEVENTFD, MAIN | VCPU},
	{KVM_SET_GSI_ROUTING, MAIN | VCPU},
	/* BARs of the host's function appear where the guest moves them. */
	{KVM_SET_USER_MEMORY_REGION, MAIN | VCPU},
	{VFIO_DEVICE_SET_IRQS, MAIN | VCPU},
	{VFIO_DEVICE_RESET, MAIN | VCPU},

	/* A snapshot is taken; to restore one comes before the lists. */
	{KVM_GET_MP_STATE, MAIN},
	{KVM_GET_SREGS, MAIN},
	{KVM_GET_XCRS, MAIN},
	{KVM_GET_DEBUGREGS, MAIN},
	{KVM_GET_LAPIC, MAIN},
	{KVM_GET_VCPU_EVENTS, MAIN},
	{KVM_GET_XSAVE, MAIN},
	{KVM_GET_XSAVE2, MAIN},
	{KVM_CHECK_EXTENSION, MAIN},
	{KVM_GET_MSR_INDEX_LIST, MAIN},
	{KVM_GET_MSRS, MAIN},
	{KVM_GET_IRQCHIP, MAIN},
	{KVM_GET_CLOCK, MAIN},

	/* A function of the host's comes or goes while the guest runs. */
	{KVM_CREATE_DEVICE, MAIN},
	{KVM_SET_DEVICE_ATTR, MAIN},
	{VFIO_GET_API_VERSION, MAIN},
	{VFIO_CHECK_EXTENSION, MAIN},
	{VFIO_SET_IOMMU, MAIN},
	{VFIO_IOMMU_GET_INFO, MAIN},
	{VFIO_IOMMU_MAP_DMA, MAIN},
	{VFIO_IOMMU_UNMAP_DMA, MAIN},
	{VFIO_GROUP_GET_STATUS, MAIN},
	{VFIO_GROUP_SET_CONTAINER, MAIN},
	{VFIO_GROUP_UNSET_CONTAINER, MAIN},
	{VFIO_GROUP_GET_DEVICE_FD, MAIN},
	{VFIO_DEVICE_GET_INFO, MAIN},
	{VFIO_DEVICE_GET_REGION_INFO, MAIN},
	{VFIO_DEVICE_GET_IRQ_INFO, MAIN},
};
const size_t hv_ioctls_n = sizeof(hv_ioctls) / sizeof(hv_ioctls[0]);
