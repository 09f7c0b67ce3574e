/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Connections of cards that connect. The guest's process may not make any; it asks for one by the
 * card's name, at its start and whenever a switch went away. Which socket that is says this guest's
 * configuration, never the guest's process.
 */
#include "hv-core/super.h"

#include "hv-core/vhost/sock.h"

#include <string.h>
#include <unistd.h>

static const struct hv_nic_config *find(const struct super *s, const char *name)
{
	for (unsigned int i = 0; i < s->config->nics; i++) {
		const struct hv_nic_config *nic = &s->config->nic[i];

		if (strcmp(nic->name, name) == 0 && !nic->serve && nic->model != HV_NIC_DIRECT)
			return nic;
	}
	return NULL;
}

void super_dial(struct super *s, const char *name)
{
	const struct hv_nic_config *nic = find(s, name);
	struct err e = {0};
	/* A UNIX socket that does not wait: connected, or refused, at once. */
	int fd = nic ? hv_vu_connect(nic->socket, &e) : -ENOENT;
	json_t *params = json_pack("{s:s,s:i}", "nic", name, "code", fd < 0 ? fd : 0);

	if (params)
		super_hand(s, "dialed", params, fd);
	json_decref(params);
	if (fd >= 0)
		close(fd);
}
