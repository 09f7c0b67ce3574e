/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/mtu_probe.h"

#include <string.h>

const struct api_key mtu_probe_keys[] = {
	{"address", API_STR, 1, 63, NULL, NULL, API_ID | API_REQUIRED, NULL,
	 "the IPv4 or IPv6 address to probe"},
	{"from", API_NAME, 1, 31, NULL, NULL, 0, "port",
	 "probe from this port's interface (kind host), in its namespace"},
	{"netns", API_STR, 1, 255, NULL, NULL, 0, NULL,
	 "probe from this network namespace (ip-netns(8))"},
	{"max", API_UINT, PROBE_LEAST6, PROBE_LARGEST, NULL, NULL, 0, NULL,
	 "largest packet of interest in bytes; the interface's MTU when absent"},
	{"timeout", API_UINT, 10, 60000, NULL, "1000", 0, NULL,
	 "how long an answer may take, in milliseconds"},
	{0},
};

/* An echo needs a socket where the address is; of a guest or a device, flued has the frames only.
 */
static int not_a_host(struct cli *c, const char *name, const char *kind)
{
	if (strcmp(kind, "vhost") == 0)
		return cli_fail(c, CLI_REFUSED,
				"port %s is a guest's: its addresses are inside the guest, and so "
				"must the probe be; run 'flue mtu probe' there, or here 'from' a "
				"port of kind host on the same bridge",
				name);
	return cli_fail(c, CLI_REFUSED,
			"port %s is a DPDK device: this host has no address on it; probe 'from' a "
			"port of kind host on the same bridge, or from the far side",
			name);
}

/* Where `from` is. *answer is what the strings of config belong to, the caller's. */
static int find_port(struct cli *c, const char *name, struct probe_config *config, json_t **answer)
{
	json_t *params = json_pack("{s:s}", "name", name), *port;
	int ret = cli_call(c, "port.show", params, answer);
	const char *kind;

	json_decref(params);
	if (ret != CLI_OK)
		return ret;
	port = json_array_get(*answer, 0);
	kind = json_get_str(port, "kind", "");
	if (strcmp(kind, "host") != 0)
		return not_a_host(c, name, kind);
	if (strcmp(json_get_str(port, "state", "up"), "up") != 0)
		return cli_fail(c, CLI_REFUSED,
				"port %s has lost its interface; remove the port and add it again",
				name);
	config->ifname = json_get_str(port, "ifname", name);
	config->netns = json_get_str(port, "netns", NULL);
	return CLI_OK;
}

static int probe(struct cli *c, const struct cli_verb *verb, const json_t *params,
		 const struct probe_config *config)
{
	const struct probe_result *r;
	struct err e = {0};
	struct probe *p;
	json_t *result, *ports;
	int ret;

	if (probe_open(config, &p, &e) != 0)
		return cli_fail(c, e.code == -EINVAL ? CLI_USAGE : CLI_REFUSED, "%s", e.text);
	if (probe_run(p, &e) != 0) {
		probe_close(p);
		return cli_fail(c, CLI_REFUSED, "%s", e.text);
	}
	r = probe_result_of(p);
	result = probe_json(config->target, r);
	ports = r->fails ? mtu_where(c, p, r) : NULL;
	if (ports)
		json_object_set_new(json_object_get(result, "shrinks_at"), "flue", ports);
	if (config->ifname)
		json_object_set_new(result, "interface", json_string(config->ifname));
	if (config->netns)
		json_object_set_new(result, "netns", json_string(config->netns));
	cli_print(c, verb, params, result);
	ret = probe_carries(r) ? CLI_OK
			       : (r->state == PROBE_UNREACHABLE ? CLI_NO_ANSWER : CLI_SHRINKS);
	json_decref(result);
	probe_close(p);
	return ret;
}

int mtu_probe_run(struct cli *c, const struct cli_verb *verb, json_t *params)
{
	const char *from = json_get_str(params, "from", NULL);
	struct probe_config config = {
		.target = json_get_str(params, "address", ""),
		.netns = json_get_str(params, "netns", NULL),
		.max_bytes = (uint32_t)json_get_int(params, "max", 0),
		.timeout_ms = (unsigned int)json_get_int(params, "timeout", 0),
	};
	json_t *answer = NULL;
	int ret = CLI_OK;

	if (from && config.netns)
		return cli_fail(c, CLI_USAGE, "from and netns: a port says where it is; give one");
	if (from)
		ret = find_port(c, from, &config, &answer);
	if (ret == CLI_OK)
		ret = probe(c, verb, params, &config);
	json_decref(answer);
	return ret;
}
