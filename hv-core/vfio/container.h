/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What all assigned functions of a machine share: the IOMMU's address space with guest memory
 * mapped in it, the groups, KVM's knowledge of them, and KVM's memory slots for mapped BARs. It
 * exists as long as the machine has an assigned function. Main thread.
 */
#ifndef HV_CORE_VFIO_CONTAINER_H
#define HV_CORE_VFIO_CONTAINER_H

#include "hv-core/machine/vm.h"
#include "hv-core/vfio/vfio.h"

struct hv_vfio_container;
struct hv_vfio_group;

/* The function's group, in the machine's container. other: a group the machine has already, NULL:
 * none, then the container is made of fds. fds' container and group are taken, also on error. NULL
 * with e filled on error. */
struct hv_vfio_group *hv_vfio_group_get(struct hv_vm *vm, struct hv_vfio_group *other,
					const struct hv_vfio_fds *fds, struct err *e);
/* Closes the function's descriptor (-1: there is none) and leaves its group. The last one out takes
 * guest memory out of the IOMMU first, and closes the container. */
void hv_vfio_group_put(struct hv_vfio_group *g, int device);

/* The function's descriptor, or negative errno with e filled. */
int hv_vfio_group_device(struct hv_vfio_group *g, const char *address, struct err *e);

/* An id for KVM_SET_USER_MEMORY_REGION; -1: none left. */
int hv_vfio_slot_alloc(struct hv_vfio_group *g);
void hv_vfio_slot_free(struct hv_vfio_group *g, int slot);

#endif
