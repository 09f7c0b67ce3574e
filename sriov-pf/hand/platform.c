/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the platform around the function does: interrupts, and memory it keeps for itself.
 *
 * Whether interrupts are remapped no file of sysfs tells: what an IOMMU's registers (ecap) say is
 * that it could. VFIO knows: it refuses a group's IOMMU (VFIO_SET_IOMMU: EPERM) when a device of it
 * could send the host any interrupt. So that is tried where it can be. Where not yet, the names of
 * the interrupts' chips tell: those behind remapping begin with "IR-", on Intel and AMD alike; and
 * VFIO is asked again when the group is opened.
 *
 * With allow_unsafe_interrupts VFIO takes any group, so its word is worth nothing; then the names
 * alone decide.
 */
#include "sriov-pf/hand/checks.h"

#include "base/pci/function.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define MODULE "module/vfio_iommu_type1/parameters/allow_unsafe_interrupts"

static void judge_unsafe(struct pf_hand_finding *f, bool named)
{
	if (named)
		pf_hand_warn(f, "interrupts are remapped, but vfio_iommu_type1 has "
				"allow_unsafe_interrupts on: VFIO would take a group without");
	else
		pf_hand_refuse(f, -EPERM,
			       "vfio_iommu_type1 has allow_unsafe_interrupts on, and nothing shows "
			       "that interrupts are remapped: a guest's device could send any "
			       "interrupt to the host");
	pf_hand_cure(f, "echo N > /sys/" MODULE
			", and take it out of /etc/modprobe.d and the kernel's command line");
}

static void refuse_trial(struct pf_hand_finding *f, unsigned int group, bool named)
{
	if (named) {
		pf_hand_refuse(f, -EPERM,
			       "VFIO refuses IOMMU group %u although interrupts are remapped: the "
			       "firmware keeps memory for a device of it (RMRR; dmesg says which)",
			       group);
		pf_hand_cure(f, "switch that off in the firmware, or take another card");
		return;
	}
	pf_hand_refuse(f, -EPERM,
		       "the host has no interrupt remapping, so a guest's device could send any "
		       "interrupt to the host");
	pf_hand_cure(f, "switch it on in the firmware (VT-d, AMD-Vi) and boot the host without "
			"intremap=off");
}

void pf_hand_check_remapping(const struct pf_hand_look *look, struct pf_hand_finding *f)
{
	bool named = pci_interrupts_remapped(look->host->proc);
	char unsafe[4];
	int tried;

	pci_read_text(unsafe, sizeof(unsafe), "%s/" MODULE, look->host->sysfs);
	if (unsafe[0] == 'Y' || unsafe[0] == '1') {
		judge_unsafe(f, named);
		return;
	}
	tried = look->host->trial(look->group);
	if (tried == -EPERM) {
		refuse_trial(f, look->group, named);
	} else if (tried == 0) {
		pf_hand_ok(f, "VFIO takes the group, which it does only with interrupt remapping");
	} else if (named) {
		pf_hand_ok(f, "this host's interrupts are remapped (IR- in /proc/interrupts)");
	} else {
		pf_hand_warn(f, "nothing shows yet that interrupts are remapped (no IR- in "
				"/proc/interrupts); VFIO tells when the group is opened");
		pf_hand_cure(f, "should it refuse: switch remapping on in the firmware and boot "
				"the host without intremap=off");
	}
}

/* The guest's first range that meets that region. */
static const struct pf_hand_range *met(const struct pf_hand_guest *guest, uint64_t first,
				       uint64_t last)
{
	for (unsigned int i = 0; guest && i < guest->ranges; i++)
		if (guest->range[i].first <= last && guest->range[i].last >= first)
			return &guest->range[i];
	return NULL;
}

static bool refuse_region(const struct pf_hand_look *look, struct pf_hand_finding *f,
			  uint64_t first, uint64_t last, const char *kind)
{
	const struct pf_hand_range *r = met(look->guest, first, last);

	if (!r)
		return false;
	pf_hand_refuse(f, -ERANGE,
		       "the guest's memory at %#" PRIx64 "-%#" PRIx64
		       " lies where the platform keeps %#" PRIx64 "-%#" PRIx64
		       " for itself (%s): its device could not reach it",
		       r->first, r->last, first, last, kind);
	pf_hand_cure(f,
		     "give the guest less memory, so that it ends below %#" PRIx64
		     "; /sys/kernel/iommu_groups/%u/reserved_regions lists them",
		     first, look->group);
	return true;
}

/* "0x00000000fee00000 0x00000000feefffff msi" a line. VFIO, too, leaves out what is relaxable. */
void pf_hand_check_regions(const struct pf_hand_look *look, struct pf_hand_finding *f)
{
	bool known = look->guest && look->guest->ranges, direct = false;
	char text[4096], kind[32], *line, *rest = NULL;
	uint64_t first, last;
	unsigned int n = 0;

	pci_read_text(text, sizeof(text), "%s/kernel/iommu_groups/%u/reserved_regions",
		      look->host->sysfs, look->group);
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		if (sscanf(line, "%" SCNx64 " %" SCNx64 " %31s", &first, &last, kind) != 3 ||
		    strcmp(kind, "direct-relaxable") == 0)
			continue;
		if (refuse_region(look, f, first, last, kind))
			return;
		n++;
		direct |= strcmp(kind, "direct") == 0;
	}
	if (direct) {
		pf_hand_warn(f, "the firmware keeps memory for a device of the group (direct); the "
				"kernel may refuse to give it away");
		pf_hand_cure(f, "switch that off in the firmware (RMRR), or take another card");
	} else {
		pf_hand_ok(f, "%u reserved, %s", n,
			   known ? "none in the guest's memory"
				 : "compared with the guest's memory by its own process");
	}
}
