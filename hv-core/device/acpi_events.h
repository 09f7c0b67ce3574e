/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the machine tells the guest by ACPI events: the power button, and PCI slots that fill or are
 * to be emptied. One interrupt (GSI 9) behind a Generic Event Device (ACPI 5.6.9), registers in a
 * page at HV_GED that the DSDT's methods read and write.
 */
#ifndef HV_CORE_DEVICE_ACPI_EVENTS_H
#define HV_CORE_DEVICE_ACPI_EVENTS_H

#include "hv-core/machine/vm.h"

struct hv_ged;

/* Registers as a device of the machine. Main thread. */
int hv_ged_create(struct hv_vm *vm, struct hv_ged **ged, struct err *e);

/* Who wants to know that the guest ejected a slot (_EJ0); called by a vCPU thread, no lock held. */
void hv_ged_on_eject(struct hv_ged *ged, void (*eject)(void *arg, unsigned int slot), void *arg);

/* Each: any thread. */
void hv_ged_power_button(struct hv_ged *ged);
void hv_ged_slot_filled(struct hv_ged *ged, unsigned int slot);
void hv_ged_slot_wanted(struct hv_ged *ged, unsigned int slot); /* please eject */

#endif
