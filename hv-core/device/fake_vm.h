/* SPDX-License-Identifier: BSD-3-Clause */
/* A machine for tests of devices: the bus and the list of devices work, interrupt lines and the
 * guest's end are only noted. It needs no KVM. */
#ifndef HV_CORE_DEVICE_FAKE_VM_H
#define HV_CORE_DEVICE_FAKE_VM_H

#include "hv-core/machine/vm.h"

struct fake_vm {
	struct hv_vm vm;
	bool line[HV_GSI_PINS];
	unsigned int raised[HV_GSI_PINS]; /* how often it went up */
};

void fake_vm_init(struct fake_vm *f);
void fake_vm_destroy(struct fake_vm *f); /* with its devices */
struct hv_device *fake_vm_device(struct fake_vm *f, const char *id);

/* As the guest does them; ports and memory. Nobody there: all ones. */
uint64_t fake_in(struct fake_vm *f, uint64_t port, unsigned int len);
void fake_out(struct fake_vm *f, uint64_t port, unsigned int len, uint64_t v);
uint64_t fake_read(struct fake_vm *f, uint64_t addr, unsigned int len);
void fake_write(struct fake_vm *f, uint64_t addr, unsigned int len, uint64_t v);

/* Quiesces and saves the device; the caller frees what was written. */
void fake_save(struct fake_vm *f, const char *id, struct hv_out *out);
/* Loads it, and resumes when that worked. Returns what load returned. */
int fake_load(struct fake_vm *f, const char *id, const void *p, size_t len, struct err *e);

#endif
