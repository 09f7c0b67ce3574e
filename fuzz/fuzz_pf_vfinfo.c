/* SPDX-License-Identifier: BSD-3-Clause */
/* A link's message with its VFs: what is told is within what there is, and known only where it was
 * told. */
#include "sriov-pf/sys/vfinfo.h"

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
	struct pf_ifinfo info;
	unsigned int told = 0;

	if (pf_ifinfo_parse(data, size, &info) != 0) {
		must(!info.vf);
		return 0;
	}
	must(info.ifindex && info.num_vf <= PF_VFS_MAX && info.told <= info.num_vf);
	must(memchr(info.ifname, 0, sizeof(info.ifname)) &&
	     memchr(info.parent, 0, sizeof(info.parent)));
	for (unsigned int i = 0; i < info.num_vf; i++) {
		const struct pf_vf *vf = &info.vf[i];

		told += vf->known != 0;
		must(vf->vid <= 4095 && vf->qos <= 7 && vf->link <= PF_LINK_DISABLE);
		must(!(vf->known & ~(PF_ATTR_BIT(PF_VF_DRIVER) - 1)));
	}
	must(told == info.told);
	pf_ifinfo_clear(&info);
	return 0;
}
