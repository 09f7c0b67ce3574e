/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An IOMMU's word, in the kernel's log, that it stopped a function from reaching memory. There is
 * no other place where a host is told which function it was.
 */
#ifndef SRIOV_PF_SYS_DMAR_H
#define SRIOV_PF_SYS_DMAR_H

#include "sriov-pf/model/state.h"

enum pf_dmar_kind { PF_DMAR_READ, PF_DMAR_WRITE, PF_DMAR_INTERRUPT };

struct pf_dmar {
	enum pf_dmar_kind kind;
	char address[PF_ADDRESS]; /* Intel's lines have no domain number: then 0000 */
	uint64_t at;	 /* the address it wanted to reach; of an interrupt: Intel's index */
	char reason[96]; /* Intel's words; "" for AMD, which has none */
};

/* A record of /dev/kmsg ("3,1107,5099311,-;DMAR: [DMA Write NO_PASID] Request device [01:10.0]
 * fault addr 0x1000 [fault reason 0x05] PTE Write access is not set\n"), from the kernel itself and
 * not from a program that wrote there. False: it is about something else. Pure; any thread. */
bool pf_dmar_parse(const char *record, size_t len, struct pf_dmar *fault);

#endif
