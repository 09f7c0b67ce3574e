/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/machine/irq.h"

#include "hv-core/machine/irq_table.h"
#include "hv-core/machine/vm.h"

#include <linux/kvm.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/ioctl.h>

/* KVM_MAX_IRQ_ROUTES on x86. */
#define GSI_MAX 4096

enum { FREE, TAKEN, SET };

struct message {
	uint8_t state;
	uint32_t data;
	uint64_t address;
};

struct hv_irqs {
	pthread_mutex_t lock;
	unsigned int n; /* of messages that were ever taken */
	struct message msi[GSI_MAX - HV_GSI_MSI];
};

/* Gives KVM the whole table: there is no way to change one entry. */
static int publish(struct hv_vm *vm)
{
	struct hv_irqs *q = vm->irqs;
	struct kvm_irq_routing *table =
		calloc(1, sizeof(*table) + (HV_GSI_PINS + q->n) * sizeof(table->entries[0]));

	if (!table)
		return -ENOMEM;
	for (unsigned int pin = 0; pin < HV_GSI_PINS; pin++)
		table->entries[table->nr++] = (struct kvm_irq_routing_entry){
			.gsi = pin,
			.type = KVM_IRQ_ROUTING_IRQCHIP,
			.u.irqchip = {.irqchip = KVM_IRQCHIP_IOAPIC, .pin = pin},
		};
	for (unsigned int i = 0; i < q->n; i++)
		if (q->msi[i].state == SET)
			table->entries[table->nr++] = (struct kvm_irq_routing_entry){
				.gsi = HV_GSI_MSI + i,
				.type = KVM_IRQ_ROUTING_MSI,
				.u.msi = {.address_lo = (uint32_t)q->msi[i].address,
					  .address_hi = (uint32_t)(q->msi[i].address >> 32),
					  .data = q->msi[i].data},
			};
	int rc = ioctl(vm->fd, KVM_SET_GSI_ROUTING, table) ? -errno : 0;
	free(table);
	return rc;
}

int hv_irqs_create(struct hv_vm *vm)
{
	vm->irqs = calloc(1, sizeof(*vm->irqs));
	if (!vm->irqs)
		return -ENOMEM;
	pthread_mutex_init(&vm->irqs->lock, NULL);
	return publish(vm);
}

void hv_irqs_destroy(struct hv_vm *vm)
{
	if (!vm->irqs)
		return;
	pthread_mutex_destroy(&vm->irqs->lock);
	free(vm->irqs);
	vm->irqs = NULL;
}

int hv_irq_line(struct hv_vm *vm, unsigned int gsi, bool level)
{
	struct kvm_irq_level line = {.irq = gsi, .level = level};

	return ioctl(vm->fd, KVM_IRQ_LINE, &line) ? -errno : 0;
}

int hv_msi_alloc(struct hv_vm *vm)
{
	struct hv_irqs *q = vm->irqs;
	int gsi = -ENOSPC;

	pthread_mutex_lock(&q->lock);
	for (unsigned int i = 0; gsi < 0 && i < GSI_MAX - HV_GSI_MSI; i++) {
		if (q->msi[i].state != FREE)
			continue;
		q->msi[i].state = TAKEN;
		gsi = (int)(HV_GSI_MSI + i);
		if (i >= q->n)
			q->n = i + 1;
	}
	pthread_mutex_unlock(&q->lock);
	return gsi;
}

void hv_msi_free(struct hv_vm *vm, unsigned int gsi)
{
	struct message *m = &vm->irqs->msi[gsi - HV_GSI_MSI];

	pthread_mutex_lock(&vm->irqs->lock);
	bool was_set = m->state == SET;
	*m = (struct message){.state = FREE};
	if (was_set)
		publish(vm);
	pthread_mutex_unlock(&vm->irqs->lock);
}

int hv_msi_set(struct hv_vm *vm, unsigned int gsi, uint64_t address, uint32_t data)
{
	struct message *m = &vm->irqs->msi[gsi - HV_GSI_MSI];
	int rc = 0;

	pthread_mutex_lock(&vm->irqs->lock);
	/* A driver masks and unmasks far more often than it changes what is sent. */
	if (m->state != SET || m->address != address || m->data != data) {
		*m = (struct message){.state = SET, .data = data, .address = address};
		rc = publish(vm);
	}
	pthread_mutex_unlock(&vm->irqs->lock);
	return rc;
}

static int irqfd(struct hv_vm *vm, int fd, unsigned int gsi, int resample, unsigned int flags)
{
	struct kvm_irqfd arg = {.fd = (uint32_t)fd, .gsi = gsi, .flags = flags};

	if (resample >= 0) {
		arg.flags |= KVM_IRQFD_FLAG_RESAMPLE;
		arg.resamplefd = (uint32_t)resample;
	}
	return ioctl(vm->fd, KVM_IRQFD, &arg) ? -errno : 0;
}

int hv_irqfd_add(struct hv_vm *vm, int fd, unsigned int gsi, int resample)
{
	return irqfd(vm, fd, gsi, resample, 0);
}

int hv_irqfd_del(struct hv_vm *vm, int fd, unsigned int gsi)
{
	return irqfd(vm, fd, gsi, -1, KVM_IRQFD_FLAG_DEASSIGN);
}

static int ioeventfd(struct hv_vm *vm, bool pio, uint64_t addr, unsigned int len,
		     const uint64_t *match, int fd, unsigned int flags)
{
	struct kvm_ioeventfd arg = {.addr = addr, .len = len, .fd = fd, .flags = flags};

	if (pio)
		arg.flags |= KVM_IOEVENTFD_FLAG_PIO;
	if (match) {
		arg.flags |= KVM_IOEVENTFD_FLAG_DATAMATCH;
		arg.datamatch = *match;
	}
	return ioctl(vm->fd, KVM_IOEVENTFD, &arg) ? -errno : 0;
}

int hv_ioeventfd_add(struct hv_vm *vm, bool pio, uint64_t addr, unsigned int len,
		     const uint64_t *match, int fd)
{
	return ioeventfd(vm, pio, addr, len, match, fd, 0);
}

int hv_ioeventfd_del(struct hv_vm *vm, bool pio, uint64_t addr, unsigned int len,
		     const uint64_t *match, int fd)
{
	return ioeventfd(vm, pio, addr, len, match, fd, KVM_IOEVENTFD_FLAG_DEASSIGN);
}
