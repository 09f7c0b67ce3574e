/* SPDX-License-Identifier: BSD-3-Clause */
/* How the guest switches itself off or starts anew by ACPI: the sleep control, sleep status and
 * reset registers (ACPI 4.8.3.6, 4.8.3.7) at HV_PORT_SLEEP. */
#ifndef HV_CORE_DEVICE_SLEEP_H
#define HV_CORE_DEVICE_SLEEP_H

#include "hv-core/machine/vm.h"

/* What the tables tell the guest. */
#define HV_SLEEP_CONTROL  0 /* from HV_PORT_SLEEP */
#define HV_SLEEP_STATUS	  1
#define HV_SLEEP_RESET	  2
#define HV_SLEEP_REGS	  3
#define HV_SLEEP_TYPE_S5  5 /* SLP_TYP: bits 2 to 4 of the control register */
#define HV_SLEEP_ENABLE	  0x20
#define HV_SLEEP_DO_RESET 1 /* to the reset register */

/* Registers as a device of the machine. S5 ends it with HV_END_POWER_OFF, a reset with
 * HV_END_RESET. 0, -EEXIST, -ENOMEM. Main thread. */
int hv_sleep_create(struct hv_vm *vm, struct err *e);

#endif
