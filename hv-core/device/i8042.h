/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The PC's keyboard controller, without a keyboard. It is there because kernels without ACPI reset
 * the machine through it, and because some look whether it passes its self test. Ports 0x60 (data)
 * and 0x64 (status and commands), no interrupt.
 */
#ifndef HV_CORE_DEVICE_I8042_H
#define HV_CORE_DEVICE_I8042_H

#include "hv-core/machine/vm.h"

#define HV_PORT_I8042_DATA    0x60
#define HV_PORT_I8042_COMMAND 0x64

/* Registers as a device of the machine. A reset ends it with HV_END_RESET. 0, -EEXIST, -ENOMEM.
 * Main thread. */
int hv_i8042_create(struct hv_vm *vm, struct err *e);

#endif
