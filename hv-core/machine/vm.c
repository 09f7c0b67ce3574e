/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/machine/vm.h"

#include "hv-core/machine/cpuid.h"
#include "hv-core/machine/irq_table.h"
#include "hv-core/machine/kvm.h"
#include "hv-core/machine/vcpu_thread.h"

#include <linux/kvm.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

static int failed(struct err *e, const char *what)
{
	return err_set(e, -errno, "KVM refuses: %s: %s", what, strerror(errno));
}

static int make_fd(struct hv_vm *vm, struct err *e)
{
	uint64_t identity = HV_IDENTITY_MAP;

	/* A signal while the kernel takes its locks makes this fail without a reason of its own. */
	do
		vm->fd = ioctl(vm->kvm_fd, KVM_CREATE_VM, 0);
	while (vm->fd < 0 && errno == EINTR);
	if (vm->fd < 0)
		return failed(e, "KVM_CREATE_VM");
	/* Intel's real mode needs four pages nobody else uses. */
	if (ioctl(vm->fd, KVM_CHECK_EXTENSION, KVM_CAP_SET_IDENTITY_MAP_ADDR) > 0 &&
	    ioctl(vm->fd, KVM_SET_IDENTITY_MAP_ADDR, &identity))
		return failed(e, "KVM_SET_IDENTITY_MAP_ADDR");
	if (ioctl(vm->fd, KVM_CHECK_EXTENSION, KVM_CAP_SET_TSS_ADDR) > 0 &&
	    ioctl(vm->fd, KVM_SET_TSS_ADDR, HV_TSS))
		return failed(e, "KVM_SET_TSS_ADDR");
	return 0;
}

static int give_memory(struct hv_vm *vm, struct err *e)
{
	for (unsigned int i = 0; i < vm->mem.n; i++) {
		struct kvm_userspace_memory_region r = {
			.slot = i,
			.guest_phys_addr = vm->mem.region[i].gpa,
			.memory_size = vm->mem.region[i].bytes,
			.userspace_addr = (uintptr_t)vm->mem.region[i].host,
		};

		if (r.guest_phys_addr + r.memory_size > 1ull << vm->phys_bits)
			return err_set(e, -EINVAL,
				       "%llu MB of memory need more than the %u address bits this "
				       "host has",
				       (unsigned long long)(vm->mem.bytes >> 20), vm->phys_bits);
		if (ioctl(vm->fd, KVM_SET_USER_MEMORY_REGION, &r))
			return failed(e, "KVM_SET_USER_MEMORY_REGION");
	}
	return 0;
}

/* After the memory: each range and each slot waits for KVM's readers (SRCU), and the wait of a slot
 * that follows the chips' ranges at once is twenty times as long. */
static int make_chips(struct hv_vm *vm, struct err *e)
{
	return ioctl(vm->fd, KVM_CREATE_IRQCHIP, 0) ? failed(e, "KVM_CREATE_IRQCHIP") : 0;
}

static int make_buses(struct hv_vm *vm, struct err *e)
{
	vm->mmio = hv_bus_new();
	vm->pio = hv_bus_new();
	vm->end_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (!vm->mmio || !vm->pio || vm->end_fd < 0)
		return err_set(e, -ENOMEM, "out of memory or descriptors");
	if (hv_irqs_create(vm))
		return failed(e, "KVM_SET_GSI_ROUTING");
	return 0;
}

int hv_vm_create(struct hv_vm *vm, const struct hv_vm_options *o, struct event_base *loop,
		 struct err *e)
{
	int rc;

	*vm = (struct hv_vm){.kvm_fd = -1,
			     .fd = -1,
			     .end_fd = -1,
			     .loop = loop,
			     .mem.fd = -1,
			     .cpu_model = o->cpu_model};
	pthread_mutex_init(&vm->park_lock, NULL);
	pthread_cond_init(&vm->parked, NULL);
	pthread_cond_init(&vm->run, NULL);
	vm->parks = 1;
	if (o->cpus < 1 || o->cpus > HV_CPUS_MAX)
		return err_set(e, -EINVAL, "%u processors: there can be 1 to %u", o->cpus,
			       HV_CPUS_MAX);
	vm->kvm_fd = o->kvm_fd >= 0 ? dup(o->kvm_fd) : hv_kvm_open(e);
	if (vm->kvm_fd < 0) {
		rc = vm->kvm_fd;
		goto destroy;
	}
	if ((rc = hv_kvm_check(vm->kvm_fd, e)) ||
	    (rc = hv_cpuid_make(vm->kvm_fd, o->cpu_model, o->cpus, &vm->cpuid, &vm->phys_bits,
				e)) ||
	    (rc = hv_mem_create(&vm->mem, o->mem_bytes, o->page_bytes, e)) ||
	    (rc = make_fd(vm, e)) || (rc = give_memory(vm, e)) || (rc = make_chips(vm, e)) ||
	    (rc = make_buses(vm, e)))
		goto destroy;
	vm->cpus = o->cpus;
	for (unsigned int i = 0; i < vm->cpus; i++)
		if ((rc = hv_vcpu_create(vm, i, e)))
			goto destroy;
	return 0;

destroy:
	hv_vm_destroy(vm);
	return rc;
}

static void destroy_devices(struct hv_device *d)
{
	if (!d)
		return;
	destroy_devices(d->next);
	if (d->ops->destroy)
		d->ops->destroy(d->self);
}

void hv_vm_destroy(struct hv_vm *vm)
{
	hv_vcpus_stop(vm);
	destroy_devices(vm->devices);
	vm->devices = NULL;
	for (unsigned int i = 0; i < vm->cpus; i++)
		hv_vcpu_destroy(vm, i);
	hv_irqs_destroy(vm);
	hv_bus_free(vm->mmio);
	hv_bus_free(vm->pio);
	if (vm->fd >= 0)
		close(vm->fd);
	hv_mem_destroy(&vm->mem);
	if (vm->kvm_fd >= 0)
		close(vm->kvm_fd);
	if (vm->end_fd >= 0)
		close(vm->end_fd);
	free(vm->cpuid);
	pthread_cond_destroy(&vm->parked);
	pthread_cond_destroy(&vm->run);
	pthread_mutex_destroy(&vm->park_lock);
	*vm = (struct hv_vm){.kvm_fd = -1, .fd = -1, .end_fd = -1, .mem.fd = -1};
}

int hv_vm_add(struct hv_vm *vm, struct hv_device *d, const struct hv_device_ops *ops, void *self,
	      const char *id, struct err *e)
{
	struct hv_device **at = &vm->devices;

	if (strlen(id) >= sizeof(d->id))
		return err_set(e, -ENAMETOOLONG,
			       "the device's name '%s' has more than %zu characters", id,
			       sizeof(d->id) - 1);
	for (; *at; at = &(*at)->next)
		if (!strcmp((*at)->id, id))
			return err_set(e, -EEXIST, "there is a device '%s' already", id);
	*d = (struct hv_device){.ops = ops, .self = self};
	strcpy(d->id, id);
	*at = d;
	return 0;
}

void hv_vm_remove(struct hv_vm *vm, struct hv_device *d)
{
	for (struct hv_device **at = &vm->devices; *at; at = &(*at)->next)
		if (*at == d) {
			*at = d->next;
			return;
		}
}

void hv_vm_end(struct hv_vm *vm, enum hv_end end, const char *why)
{
	uint64_t one = 1;

	pthread_mutex_lock(&vm->park_lock);
	if (atomic_load(&vm->end) == HV_END_NONE) {
		if (why)
			strncpy(vm->why, why, sizeof(vm->why) - 1);
		atomic_store(&vm->end, (int)end);
		(void)!write(vm->end_fd, &one, sizeof(one));
	}
	pthread_mutex_unlock(&vm->park_lock);
}

int hv_vm_quiesce(struct hv_vm *vm, struct err *e)
{
	for (struct hv_device *d = vm->devices; d; d = d->next) {
		int rc = d->ops->quiesce ? d->ops->quiesce(d->self, e) : 0;

		if (!rc)
			continue;
		for (struct hv_device *done = vm->devices; done != d; done = done->next)
			if (done->ops->resume)
				done->ops->resume(done->self);
		return rc;
	}
	return 0;
}

void hv_vm_resume(struct hv_vm *vm)
{
	for (struct hv_device *d = vm->devices; d; d = d->next)
		if (d->ops->resume)
			d->ops->resume(d->self);
}
