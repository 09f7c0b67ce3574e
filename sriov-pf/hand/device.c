/* SPDX-License-Identifier: BSD-3-Clause */
/* What the function itself has, and the bridges above it. */
#include "sriov-pf/hand/checks.h"

#include "base/pci/function.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct path {
	unsigned int ports, unread;
	char lacking[200]; /* the first ones that do not keep apart what is below them */
};

static void look_at_port(const struct pf_hand_look *look, const char *address, struct path *p)
{
	size_t len = strlen(p->lacking);
	char why[PCI_NAME];
	int isolates = pci_port_isolates(look->host->sysfs, address, why);

	p->ports++;
	if (isolates < 0)
		p->unread++;
	else if (!isolates)
		snprintf(p->lacking + len, sizeof(p->lacking) - len, "%s%s (%s)", len ? ", " : "",
			 address, why);
}

/* The folders above the function's own are the bridges, from the root on. */
static void look_up(const struct pf_hand_look *look, struct path *p)
{
	char link[PATH_MAX], real[PATH_MAX], *part, *rest = NULL;

	snprintf(link, sizeof(link), "%s/bus/pci/devices/%s", look->host->sysfs, look->address);
	if (!realpath(link, real))
		return;
	for (part = strtok_r(real, "/", &rest); part; part = strtok_r(NULL, "/", &rest))
		if (pci_address_ok(part) && strcmp(part, look->address) != 0)
			look_at_port(look, part, p);
}

/* The kernel has concluded what can reach what past the IOMMU, and made groups of it: from ACS, and
 * from what it knows of ports that keep functions apart without saying so. Its group is what
 * counts; ACS explains it. */
void pf_hand_check_acs(const struct pf_hand_look *look, struct pf_hand_finding *f)
{
	unsigned int members = pci_group_members(look->host->sysfs, look->group);
	struct path p = {0};

	look_up(look, &p);
	if (p.unread) {
		pf_hand_warn(f,
			     "the configuration space of %u of %u bridges above it cannot be read",
			     p.unread, p.ports);
		pf_hand_cure(f, "run as root");
	} else if (!p.lacking[0]) {
		pf_hand_ok(f,
			   "all %u ports above it redirect what their functions send one another "
			   "(SV RR CR UF); group %u has %u",
			   p.ports, look->group, members);
	} else if (members <= 1) {
		pf_hand_ok(f,
			   "not all of ACS (SV RR CR UF) is on at %s, but the kernel knows that "
			   "functions are kept apart there: group %u has this one alone",
			   p.lacking, look->group);
	} else {
		pf_hand_warn(f,
			     "not all of ACS (SV RR CR UF) is on at %s, so functions below can "
			     "reach each other past the IOMMU: that is why group %u has %u of them",
			     p.lacking, look->group, members);
		pf_hand_cure(f, "a slot below a port with ACS, or the firmware's setting for it; "
				"else all of the group goes to one guest");
	}
}

void pf_hand_check_reset(const struct pf_hand_look *look, struct pf_hand_finding *f)
{
	char method[PCI_NAME];

	if (pci_can_reset(look->host->sysfs, look->address, method)) {
		pf_hand_ok(f, "it can be reset: %s", method);
		return;
	}
	pf_hand_refuse(
		f, -ENOTSUP,
		"%s cannot be reset (no reset_method, no FLR): what one guest left in it the "
		"next would find",
		look->address);
	pf_hand_cure(f,
		     "echo default > /sys/bus/pci/devices/%s/reset_method, if somebody emptied it; "
		     "else take another card",
		     look->address);
}

void pf_hand_check_bars(const struct pf_hand_look *look, struct pf_hand_finding *f)
{
	uint64_t bytes;
	unsigned int n = pci_bars(look->host->sysfs, look->address, &bytes);

	if (n) {
		pf_hand_ok(f, "%u BARs of %" PRIu64 " KiB have their place", n, bytes >> 10);
		return;
	}
	pf_hand_refuse(f, -ENXIO, "%s has no memory the host gave a place: no BAR of it is mapped",
		       look->address);
	pf_hand_cure(f, "switch SR-IOV and 'above 4G decoding' on in the firmware, or boot the "
			"host with pci=realloc");
}
