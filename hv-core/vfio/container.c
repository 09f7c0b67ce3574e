/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/vfio/container.h"

#include "base/log.h"
#include "hv-core/vfio/iommu.h"

#include <linux/kvm.h>
#include <linux/vfio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Those below are for RAM. */
#define SLOT_FIRST 16
#define SLOTS	   240

struct hv_vfio_container {
	struct hv_vm *vm;
	int fd;
	int kvm_vfio; /* KVM's device that knows of the groups */
	bool mapped;  /* the IOMMU is set and guest memory in it */
	struct hv_vfio_group *groups;
	bool slot[SLOTS];
};

struct hv_vfio_group {
	struct hv_vfio_container *c;
	struct hv_vfio_group *next;
	int fd;
	dev_t dev; /* tells a group from another, whatever the descriptor */
	unsigned int functions;
};

static struct hv_vfio_container *container_new(struct hv_vm *vm, int fd, struct err *e)
{
	struct kvm_create_device make = {.type = KVM_DEV_TYPE_VFIO};
	struct hv_vfio_container *c;

	if (fd < 0) {
		err_set(e, -EINVAL, "no container was handed in: open /dev/vfio/vfio");
		return NULL;
	}
	if (hv_vfio_iommu_check(fd, e))
		goto close_fd;
	if (ioctl(vm->fd, KVM_CREATE_DEVICE, &make)) {
		err_set(e, -ENOTSUP, "this KVM has no VFIO device (KVM_DEV_TYPE_VFIO): %s",
			strerror(errno));
		goto close_fd;
	}
	c = calloc(1, sizeof(*c));
	if (!c) {
		err_set(e, -ENOMEM, "out of memory");
		goto close_kvm;
	}
	c->vm = vm;
	c->fd = fd;
	c->kvm_vfio = (int)make.fd;
	return c;

close_kvm:
	close((int)make.fd);
close_fd:
	close(fd);
	return NULL;
}

static void container_free(struct hv_vfio_container *c)
{
	close(c->kvm_vfio);
	close(c->fd);
	free(c);
}

/* KVM learns of the group, so that it treats the guest's caching and interrupts accordingly. */
static int tell_kvm(struct hv_vfio_group *g, uint64_t what)
{
	struct kvm_device_attr a = {
		.group = KVM_DEV_VFIO_GROUP, .attr = what, .addr = (uintptr_t)&g->fd};

	return ioctl(g->c->kvm_vfio, KVM_SET_DEVICE_ATTR, &a) ? -errno : 0;
}

static int check_viable(int group, struct err *e)
{
	struct vfio_group_status s = {.argsz = sizeof(s)};

	if (ioctl(group, VFIO_GROUP_GET_STATUS, &s))
		return err_set(e, -EINVAL, "the group handed in is no /dev/vfio/N: %s",
			       strerror(errno));
	if (s.flags & VFIO_GROUP_FLAGS_CONTAINER_SET)
		return err_set(e, -EBUSY, "the IOMMU group is in use by another guest");
	if (!(s.flags & VFIO_GROUP_FLAGS_VIABLE))
		return err_set(
			e, -EBUSY,
			"the IOMMU group is not viable: all its functions (ls "
			"/sys/kernel/iommu_groups/N/devices) must be bound to vfio-pci or to "
			"no driver");
	return 0;
}

static void unmap_memory(struct hv_vfio_container *c)
{
	if (c->mapped)
		hv_vfio_iommu_unmap(c->fd, &c->vm->mem);
	c->mapped = false;
}

/* The IOMMU is set, and memory mapped, once there is a first group to do it for; and memory leaves
 * it before the last group does. */
static int group_join(struct hv_vfio_group *g, struct err *e)
{
	struct hv_vfio_container *c = g->c;
	int rc = check_viable(g->fd, e);

	if (rc)
		return rc;
	if (ioctl(g->fd, VFIO_GROUP_SET_CONTAINER, &c->fd)) {
		rc = -errno;
		return err_set(e, rc,
			       "the IOMMU group cannot be added to the guest's container: %s",
			       strerror(-rc));
	}
	if (!c->mapped) {
		rc = hv_vfio_iommu_set(c->fd, e);
		if (rc == 0)
			rc = hv_vfio_iommu_map(c->fd, &c->vm->mem, e);
		c->mapped = rc == 0;
	}
	if (rc)
		goto unset;
	rc = tell_kvm(g, KVM_DEV_VFIO_GROUP_ADD);
	if (rc) {
		err_set(e, rc, "KVM does not take the IOMMU group: %s", strerror(-rc));
		goto unset;
	}
	return 0;

unset:
	if (!c->groups)
		unmap_memory(c);
	ioctl(g->fd, VFIO_GROUP_UNSET_CONTAINER);
	return rc;
}

static struct hv_vfio_group *group_new(struct hv_vfio_container *c, int fd, const struct stat *st,
				       struct err *e)
{
	struct hv_vfio_group *g = calloc(1, sizeof(*g));

	if (!g) {
		err_set(e, -ENOMEM, "out of memory");
		return NULL;
	}
	g->c = c;
	g->fd = fd;
	g->dev = st->st_rdev;
	if (group_join(g, e)) {
		free(g);
		return NULL;
	}
	g->next = c->groups;
	c->groups = g;
	return g;
}

static struct hv_vfio_group *find(struct hv_vfio_container *c, const struct stat *st)
{
	struct hv_vfio_group *g = c->groups;

	while (g && g->dev != st->st_rdev)
		g = g->next;
	return g;
}

/* By the descriptor alone. The C library's fstat() is a call that could look for files by name, and
 * is refused in the sandbox, where a function comes in when the guest runs. */
static bool is_device(int fd, struct stat *st)
{
	return fd >= 0 && syscall(SYS_fstat, fd, st) == 0 && S_ISCHR(st->st_mode);
}

struct hv_vfio_group *hv_vfio_group_get(struct hv_vm *vm, struct hv_vfio_group *other,
					const struct hv_vfio_fds *fds, struct err *e)
{
	struct hv_vfio_container *c = other ? other->c : NULL;
	struct hv_vfio_group *g = NULL;
	struct stat st;

	if (!c)
		c = container_new(vm, fds->container, e);
	else if (fds->container >= 0 && fds->container != c->fd)
		close(fds->container);
	if (!c)
		goto close_group;
	if (!is_device(fds->group, &st)) {
		err_set(e, -EINVAL, "no IOMMU group was handed in: open /dev/vfio/N");
		goto drop_container;
	}
	g = find(c, &st);
	if (g) {
		if (fds->group != g->fd)
			close(fds->group);
		g->functions++;
		return g;
	}
	g = group_new(c, fds->group, &st, e);
	if (!g)
		goto drop_container;
	g->functions = 1;
	return g;

drop_container:
	if (!c->groups)
		container_free(c);
close_group:
	if (fds->group >= 0)
		close(fds->group);
	return NULL;
}

static bool is_last(const struct hv_vfio_group *g)
{
	return g->functions == 1 && g->c->groups == g && !g->next;
}

void hv_vfio_group_put(struct hv_vfio_group *g, int device)
{
	struct hv_vfio_container *c = g->c;
	struct hv_vfio_group **p = &c->groups;

	/* While the function is open the kernel keeps the group, whatever the host does to it. */
	if (is_last(g))
		unmap_memory(c);
	if (device >= 0)
		close(device);
	if (--g->functions)
		return;
	while (*p != g)
		p = &(*p)->next;
	*p = g->next;
	tell_kvm(g, KVM_DEV_VFIO_GROUP_DEL);
	/* EINVAL: the host removed the function, and the kernel has done it. */
	if (ioctl(g->fd, VFIO_GROUP_UNSET_CONTAINER) && errno != EINVAL)
		log_warn("vfio: an IOMMU group stays in the container until it is closed: %s",
			 strerror(errno));
	close(g->fd);
	free(g);
	if (!c->groups)
		container_free(c);
}

int hv_vfio_group_device(struct hv_vfio_group *g, const char *address, struct err *e)
{
	int fd = ioctl(g->fd, VFIO_GROUP_GET_DEVICE_FD, address), code = errno;

	if (fd >= 0)
		return fd;
	return err_set(e, -code,
		       "the kernel does not give %s out of its group: %s; is it bound to vfio-pci "
		       "and of the group handed in?",
		       address, strerror(code));
}

int hv_vfio_slot_alloc(struct hv_vfio_group *g)
{
	for (int i = 0; i < SLOTS; i++) {
		if (g->c->slot[i])
			continue;
		g->c->slot[i] = true;
		return SLOT_FIRST + i;
	}
	return -1;
}

void hv_vfio_slot_free(struct hv_vfio_group *g, int slot)
{
	g->c->slot[slot - SLOT_FIRST] = false;
}
