/* SPDX-License-Identifier: BSD-3-Clause */
/* The kernel's other answers over netlink: acknowledgements, devlink's, and links that are watched.
 */
#include "sriov-pf/sys/ack.h"
#include "sriov-pf/sys/devlink_msg.h"
#include "sriov-pf/sys/watch.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ENDED(text) (memchr(text, 0, sizeof(text)) != NULL)

static void must(bool ok)
{
	if (!ok)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pf_event event;
	struct pf_dl_msg m;
	struct pf_ack ack;

	if (pf_ack_parse(data, size, &ack) == 1) {
		must(ack.error <= 0 && ack.error >= -4095 && ENDED(ack.text));
		for (const char *c = ack.text; *c; c++)
			must(*c >= ' ' && *c < 0x7f);
	}
	if (pf_dl_parse(data, size, &m)) {
		must(ENDED(m.bus) && ENDED(m.dev) && ENDED(m.serial));
		must(!(m.has & PF_DL_PORT) || m.port != UINT32_MAX);
		must(!(m.has & PF_DL_VF) || m.vf <= UINT16_MAX);
	}
	pf_dl_family_parse(data, size);
	if (pf_watch_link(data, size, &event))
		must(event.ifindex && ENDED(event.ifname));
	return 0;
}
