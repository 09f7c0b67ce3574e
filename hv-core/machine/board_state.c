/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/machine/cpuid.h"
#include "hv-core/machine/vcpu_thread.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

static const uint32_t chips[] = {KVM_IRQCHIP_PIC_MASTER, KVM_IRQCHIP_PIC_SLAVE, KVM_IRQCHIP_IOAPIC};
#define CHIPS (sizeof(chips) / sizeof(chips[0]))

int hv_board_save(struct hv_vm *vm, struct hv_out *out, struct err *e)
{
	struct kvm_clock_data clock = {0};

	hv_out_u32(out, vm->cpus);
	hv_out_u64(out, vm->mem.bytes);
	hv_out_u64(out, vm->mem.page_bytes);
	hv_out_u8(out, vm->cpu_model);
	hv_out_u32(out, vm->cpuid->nent);
	for (uint32_t i = 0; i < vm->cpuid->nent; i++) {
		const struct kvm_cpuid_entry2 *x = &vm->cpuid->entries[i];
		const uint32_t words[] = {x->function, x->index, x->flags, x->eax,
					  x->ebx,      x->ecx,	 x->edx};

		for (unsigned int k = 0; k < sizeof(words) / sizeof(words[0]); k++)
			hv_out_u32(out, words[k]);
	}
	for (unsigned int i = 0; i < CHIPS; i++) {
		struct kvm_irqchip chip = {.chip_id = chips[i]};

		if (ioctl(vm->fd, KVM_GET_IRQCHIP, &chip))
			return err_set(e, -errno, "KVM does not give the interrupt controllers: %s",
				       strerror(errno));
		hv_out_bytes(out, &chip.chip, sizeof(chip.chip));
	}
	if (ioctl(vm->fd, KVM_GET_CLOCK, &clock))
		return err_set(e, -errno, "KVM does not give the clock: %s", strerror(errno));
	hv_out_u64(out, clock.clock);
	return out->failed ? err_set(e, -ENOMEM, "out of memory") : 0;
}

static int load_cpuid(struct hv_vm *vm, struct hv_in *in, struct err *e)
{
	uint32_t n = hv_in_max(in, HV_CPUID_MAX);
	struct kvm_cpuid2 *want =
		calloc(1, sizeof(*want) + HV_CPUID_MAX * sizeof(want->entries[0]));
	int rc;

	if (!want)
		return err_set(e, -ENOMEM, "out of memory");
	want->nent = n;
	for (uint32_t i = 0; i < n; i++) {
		struct kvm_cpuid_entry2 *x = &want->entries[i];

		x->function = hv_in_u32(in);
		x->index = hv_in_u32(in);
		x->flags = hv_in_u32(in);
		x->eax = hv_in_u32(in);
		x->ebx = hv_in_u32(in);
		x->ecx = hv_in_u32(in);
		x->edx = hv_in_u32(in);
	}
	rc = in->bad ? err_set(e, -EINVAL, "the processors' model in the snapshot is cut short")
		     : hv_cpuid_covers(vm->cpuid, want, e);
	if (!rc) {
		/* The guest has looked: it goes on with what it saw, even where this host has more.
		 */
		struct kvm_cpuid2 *own = vm->cpuid;

		vm->cpuid = want;
		want = own;
		for (unsigned int i = 0; i < vm->cpus && !rc; i++)
			rc = hv_vcpu_set_cpuid(vm, i);
		if (rc)
			err_set(e, rc, "KVM refuses the processors' model: %s", strerror(-rc));
	}
	free(want);
	return rc;
}

int hv_board_load(struct hv_vm *vm, struct hv_in *in, struct err *e)
{
	uint32_t cpus = hv_in_u32(in);
	uint64_t bytes = hv_in_u64(in), page_bytes = hv_in_u64(in);
	uint8_t model = hv_in_u8(in);
	int rc;

	if (!in->bad && (cpus != vm->cpus || bytes != vm->mem.bytes ||
			 page_bytes != vm->mem.page_bytes || model != vm->cpu_model))
		return err_set(e, -EINVAL,
			       "the snapshot is of another machine: %u processors, %llu MB; its "
			       "definition must be the "
			       "one it was made with",
			       cpus, (unsigned long long)(bytes >> 20));
	rc = load_cpuid(vm, in, e);
	if (rc)
		return rc;
	struct kvm_irqchip chip[CHIPS] = {0};
	for (unsigned int i = 0; i < CHIPS; i++) {
		chip[i].chip_id = chips[i];
		hv_in_bytes(in, &chip[i].chip, sizeof(chip[i].chip));
	}
	struct kvm_clock_data clock = {.clock = hv_in_u64(in)};
	rc = hv_in_end(in, "the board", e);
	if (rc)
		return rc;
	for (unsigned int i = 0; i < CHIPS; i++)
		if (ioctl(vm->fd, KVM_SET_IRQCHIP, &chip[i]))
			return err_set(e, -errno, "KVM does not take the interrupt controllers: %s",
				       strerror(errno));
	if (ioctl(vm->fd, KVM_SET_CLOCK, &clock))
		return err_set(e, -errno, "KVM does not take the clock: %s", strerror(errno));
	return 0;
}
