/* SPDX-License-Identifier: BSD-3-Clause */
/* Pin interrupts: slots share a line of the IOAPIC, which is up while anybody asserts it. */
#include "hv-core/pci/pci_impl.h"

#include "base/log.h"

#include <linux/pci_regs.h>
#include <string.h>

static void count(struct hv_pci_fn *fn, bool asserts)
{
	struct hv_pci *pci = fn->pci;
	unsigned int line = fn->slot % HV_PCI_LINES;
	int rc = 0;

	if (asserts == fn->intx_counted)
		return;
	fn->intx_counted = asserts;
	/* The lock is held for the pin, too: the last one to change it must be right. */
	pthread_mutex_lock(&pci->lock);
	if (asserts ? pci->lines[line]++ == 0 : --pci->lines[line] == 0)
		rc = hv_irq_line(pci->vm, HV_GSI_INTX + line, asserts);
	pthread_mutex_unlock(&pci->lock);
	if (rc)
		log_err("%s: KVM does not take interrupt line %u: %s", fn->name, HV_GSI_INTX + line,
			strerror(-rc));
}

void hv_pci_intx_update(struct hv_pci_fn *fn)
{
	bool disabled = hv_pci_get16(fn, PCI_COMMAND) & PCI_COMMAND_INTX_DISABLE;

	/* PCI 6.2.3: the status bit says what the function wants, disabled or not. */
	fn->config[PCI_STATUS] = (uint8_t)((fn->config[PCI_STATUS] & ~PCI_STATUS_INTERRUPT) |
					   (fn->intx ? PCI_STATUS_INTERRUPT : 0));
	if (fn->pci)
		count(fn, fn->intx && !disabled);
}

void hv_pci_intx(struct hv_pci_fn *fn, bool level)
{
	fn->intx = level;
	hv_pci_intx_update(fn);
}

void hv_pci_intx_drop(struct hv_pci_fn *fn)
{
	count(fn, false);
}
