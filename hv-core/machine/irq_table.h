/* SPDX-License-Identifier: BSD-3-Clause */
/* Life of the interrupt routing table; the machine's own business. */
#ifndef HV_CORE_MACHINE_IRQ_TABLE_H
#define HV_CORE_MACHINE_IRQ_TABLE_H

struct hv_vm;

/* The IOAPIC's pins are routed, no message is. 0 or negative errno. Main thread. */
int hv_irqs_create(struct hv_vm *vm);
void hv_irqs_destroy(struct hv_vm *vm);

#endif
