/* SPDX-License-Identifier: BSD-3-Clause */
/* The configuration space of a function of the host, of any length: what is found lies within it,
 * and looking ends. */
#include "base/pci/caps.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
	if (!ok)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pci_acs acs = pci_acs(data, size);
	int type = pci_port_type(data, size);
	char text[PCI_ACS_TEXT];
	bool on, ats = pci_ats(data, size, &on);

	for (unsigned int id = 0; id < 256; id++) {
		size_t at = pci_cap(data, size, (uint8_t)id);

		must(!at || (at >= 64 && at + 2 <= size && data[at] == id));
		at = pci_ext_cap(data, size, (uint16_t)id);
		must(!at || (at >= 256 && at + 4 <= size && data[at] == id));
	}
	must(!(acs.on & ~acs.can) && (acs.there || !acs.can));
	must(strlen(pci_acs_text(acs.can, text)) < sizeof(text));
	must(type >= -1 && type < 16 && (ats || !on));
	must(!pci_flr(data, size) || size > 64);
	return 0;
}
