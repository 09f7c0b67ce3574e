/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A guest's definition as flue-vm reads it. What must hold of one that is taken: each number within
 * what the machine can be, each card either with a socket or an address, and a refusal says why.
 */
#include "hv-core/config.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void check_nic(const struct hv_nic_config *n)
{
	must(n->name[0] && n->queues >= 1 && n->queues <= 32);
	if (n->model == HV_NIC_DIRECT)
		must(n->address[0] && !n->socket[0]);
	else
		must(n->socket[0] && !n->address[0]);
	must(n->mtu == 0 || (n->mtu >= 576 && n->mtu <= 9600));
	must(n->csum || !n->tso);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_t *json = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, NULL);
	struct hv_nic_config nic;
	struct err e = {0};
	struct hv_config c;

	if (!json)
		return 0;
	if (hv_config_parse(&c, json, &e) == 0) {
		must(c.name[0] && c.cpus >= 1 && c.cpus <= 64);
		must(!c.kernel == !!c.native);
		must(c.mem_bytes >= 2u << 20 && c.mem_bytes % c.page_bytes == 0);
		must(c.disks <= HV_DISKS_MAX && c.nics <= HV_NICS_MAX);
		for (unsigned int i = 0; i < c.disks; i++)
			must(c.disk[i].name[0] && c.disk[i].path[0]);
		for (unsigned int i = 0; i < c.nics; i++)
			check_nic(&c.nic[i]);
		hv_config_free(&c);
	} else {
		must(e.code < 0 && e.text[0]);
	}
	e = (struct err){0};
	if (hv_config_nic(&nic, json, &e) == 0)
		check_nic(&nic);
	else
		must(e.code < 0 && e.text[0]);
	json_decref(json);
	return 0;
}
