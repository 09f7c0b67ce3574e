/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/config.h"

#include "api/schema.h"
#include "base/mac.h"

#include <stdio.h>
#include <string.h>

_Static_assert(HV_DISKS_MAX == API_GUEST_DISKS_MAX && HV_NICS_MAX == API_GUEST_NICS_MAX,
	       "what the schema allows has room");

/* The index of the key's value among its `values`, absence as the schema has it. */
static unsigned int choice(const struct api_key *keys, const json_t *obj, const char *key)
{
	const struct api_key *k = keys;
	const char *value, *p;
	unsigned int n = 0;
	size_t len;

	while (strcmp(k->name, key) != 0)
		k++;
	value = json_get_str(obj, key, k->def);
	len = strlen(value);
	for (p = k->values; strncmp(p, value, len) != 0 || (p[len] && p[len] != '|'); n++)
		p = strchr(p, '|') + 1;
	return n;
}

/* FNV-1a over both names: the same names give the same address on any host. Locally administered,
 * for one station (IEEE 802-2014 8.4). */
static void derive_mac(uint8_t mac[6], const char *guest, const char *nic)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (const char *s = guest; *s; s++)
		h = (h ^ (uint8_t)*s) * 0x100000001b3u;
	h = (h ^ '/') * 0x100000001b3u;
	for (const char *s = nic; *s; s++)
		h = (h ^ (uint8_t)*s) * 0x100000001b3u;
	h ^= h >> 48;
	for (int i = 0; i < 6; i++)
		mac[i] = (uint8_t)(h >> (8 * i));
	mac[0] = (uint8_t)((mac[0] & 0xfc) | 0x02);
}

/* json is checked. */
static void take_nic(struct hv_nic_config *n, const json_t *json)
{
	const char *mac = json_get_str(json, "mac", NULL), *name = json_get_str(json, "name", "");

	*n = (struct hv_nic_config){
		.model = (enum hv_nic_model)choice(api_nic_keys, json, "model"),
		.serve = choice(api_nic_keys, json, "mode") == 1,
		.queues = (unsigned int)json_get_int(json, "queues", 1),
		.packed = json_get_bool(json, "packed", false),
		.csum = json_get_bool(json, "csum", true),
		.tso = json_get_bool(json, "tso", true),
		.mtu = (unsigned int)json_get_int(json, "mtu", 0),
	};
	snprintf(n->name, sizeof(n->name), "%s", name);
	snprintf(n->socket, sizeof(n->socket), "%s", json_get_str(json, "socket", ""));
	snprintf(n->address, sizeof(n->address), "%s", json_get_str(json, "address", ""));
	snprintf(n->vf, sizeof(n->vf), "%s", json_get_str(json, "vf", ""));
	if (n->model == HV_NIC_DIRECT)
		return;
	if (!mac || !mac_parse(mac, n->mac))
		derive_mac(n->mac, json_get_str(json, "guest", ""), name);
}

static void take_guest(struct hv_config *c, const json_t *json)
{
	static const uint64_t pages[] = {4096, 2u << 20, 1u << 30};

	snprintf(c->name, sizeof(c->name), "%s", json_get_str(json, "name", ""));
	c->kernel = json_get_str(json, "kernel", NULL);
	c->initrd = json_get_str(json, "initrd", NULL);
	c->cmdline = json_get_str(json, "cmdline", "");
	c->native = json_get_str(json, "native", NULL);
	c->cpus = (unsigned int)json_get_int(json, "cpus", 1);
	c->mem_bytes = (uint64_t)json_get_int(json, "memory", 512) << 20;
	c->page_bytes = pages[choice(api_vm_keys, json, "page-size")];
	c->cpu_baseline = choice(api_vm_keys, json, "cpu") == 1;
	c->console = (enum hv_console_kind)choice(api_vm_keys, json, "console");
	c->console_path = json_get_str(json, "console-path", NULL);
	c->log = json_get_str(json, "log", NULL);
	c->log_max_bytes = (uint64_t)json_get_int(json, "log-max", 16) << 20;
	c->restart = (enum hv_restart)choice(api_vm_keys, json, "restart");
	c->stop_timeout_s = (unsigned int)json_get_int(json, "stop-timeout", 60);
}

static int take_nics(struct hv_config *c, struct err *e)
{
	const json_t *ports = json_object_get(c->json, "ports");
	json_t *item;
	char at[32];
	size_t i;

	json_array_foreach (json_object_get(c->json, "nics"), i, item) {
		json_t *nic = json_copy(item);
		int ret;

		snprintf(at, sizeof(at), "/nics/%zu", i);
		ret = api_resolve_nic(nic, ports, at, e);
		if (ret == 0)
			take_nic(&c->nic[c->nics++], nic);
		json_decref(nic);
		if (ret != 0)
			return ret;
	}
	return 0;
}

int hv_config_parse(struct hv_config *c, json_t *json, struct err *e)
{
	const json_t *guests = json_object_get(json, "guests");
	json_t *item;
	size_t i;
	int ret = api_check_config(json, e);

	memset(c, 0, sizeof(*c));
	if (ret != 0)
		return ret;
	if (json_array_size(guests) != 1)
		return err_at(e, -EINVAL, "/guests",
			      "guests: there are %zu, and a flue-vm runs one; give it one",
			      json_array_size(guests));
	c->json = json_incref(json);
	take_guest(c, json_array_get(guests, 0));
	json_array_foreach (json_object_get(json, "disks"), i, item) {
		struct hv_disk_config *d = &c->disk[c->disks++];

		snprintf(d->name, sizeof(d->name), "%s", json_get_str(item, "name", ""));
		d->path = json_get_str(item, "path", "");
		d->readonly = json_get_bool(item, "readonly", false);
		d->direct = json_get_bool(item, "direct", false);
	}
	ret = take_nics(c, e);
	if (ret != 0)
		hv_config_free(c);
	return ret;
}

void hv_config_free(struct hv_config *c)
{
	json_decref(c->json);
	memset(c, 0, sizeof(*c));
}

int hv_config_nic(struct hv_nic_config *nic, const json_t *json, struct err *e)
{
	int ret = api_check_params(api_method_find("nic.add"), json, e);

	if (ret != 0)
		return ret;
	if (json_object_get(json, "port"))
		return err_at(e, -EINVAL, "/port",
			      "port: only flue knows the switch's ports; give socket and mode");
	take_nic(nic, json);
	return 0;
}
