/* SPDX-License-Identifier: BSD-3-Clause */
/* Checks of guests, their disks and cards: what no single key can tell. */
#include "api/schema.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define AT_SIZE 128

static bool has(const json_t *obj, const char *key)
{
	return json_object_get(obj, key) != NULL;
}

static int key_error(struct err *e, const char *path, const char *key, const char *text)
{
	char at[AT_SIZE];

	snprintf(at, sizeof(at), "%.90s/%s", path, key);
	return err_at(e, -EINVAL, at, "%s: %s", key, text);
}

static int check_guest(const json_t *vm, const char *path, struct err *e)
{
	const char *page = json_get_str(vm, "page-size", "4k");
	int64_t mib = json_get_int(vm, "memory", 512);

	if (has(vm, "kernel") && has(vm, "native"))
		return key_error(e, path, "native",
				 "a guest boots a kernel or a micro-guest; give one");
	if (!has(vm, "kernel") && !has(vm, "native"))
		return err_at(e, -EINVAL, path,
			      "kernel: missing (the kernel to boot; or native, a micro-guest)");
	if (has(vm, "native") && has(vm, "initrd"))
		return key_error(e, path, "initrd", "a micro-guest has none; leave it out");
	if ((strcmp(page, "2M") == 0 && mib % 2) || (strcmp(page, "1G") == 0 && mib % 1024))
		return key_error(e, path, "memory", "must be a whole number of pages of page-size");
	if (has(vm, "console-path") &&
	    strcmp(json_get_str(vm, "console", "socket"), "socket") != 0 &&
	    strcmp(json_get_str(vm, "console", "socket"), "pty") != 0)
		return key_error(e, path, "console-path", "only a socket or a pty has a path");
	if (has(vm, "log-max") && !has(vm, "log"))
		return key_error(e, path, "log-max", "there is no log; give its file");
	return 0;
}

/* "0000:01:00.0": domain, bus, device 0 to 1f, function 0 to 7. */
static bool is_pci_address(const char *s)
{
	static const char form[] = "xxxx:xx:xx.x";

	for (int i = 0; i < 12; i++)
		if (form[i] == 'x' ? !isxdigit((unsigned char)s[i]) : s[i] != form[i])
			return false;
	return s[12] == '\0' && s[8] < '2' && s[11] < '8';
}

/* "wan/0": the name of a PF as the schema has names, and an index that is written in one way. */
static bool is_vf(const char *s)
{
	const char *slash = strchr(s, '/'), *index = slash ? slash + 1 : "";
	size_t len = strlen(index);

	if (!slash || slash == s || slash - s > 31 || !isalnum((unsigned char)s[0]))
		return false;
	for (const char *p = s; p < slash; p++)
		if (!isalnum((unsigned char)*p) && !strchr("._-", *p))
			return false;
	return len >= 1 && len <= 4 && strspn(index, "0123456789") == len &&
	       (index[0] != '0' || len == 1);
}

static int check_direct(const json_t *nic, const char *path, struct err *e)
{
	static const char *const not [] = {"port",   "socket", "mode", "mac", "queues",
					   "packed", "mtu",    "csum", "tso"};

	for (size_t i = 0; i < sizeof(not ) / sizeof(not [0]); i++)
		if (has(nic, not [i]))
			return key_error(
				e, path, not [i],
				"a direct card has no such key; it is the host's function itself");
	if (has(nic, "address") && has(nic, "vf"))
		return key_error(e, path, "vf",
				 "flue-pf knows its address; leave address out, or vf");
	if (!has(nic, "address") && !has(nic, "vf"))
		return err_at(
			e, -EINVAL, path,
			"address: missing (a direct card is a PCI function, as 0000:01:00.0; or "
			"vf, one that flue-pf hands over)");
	if (has(nic, "vf") && !is_vf(json_get_str(nic, "vf", "")))
		return key_error(e, path, "vf", "is not a PF's name and an index, such as wan/0");
	if (has(nic, "address") && !is_pci_address(json_get_str(nic, "address", "")))
		return key_error(e, path, "address", "is not a PCI address such as 0000:01:00.0");
	return 0;
}

int api_check_nic(const json_t *nic, const char *path, struct err *e)
{
	const char *model = json_get_str(nic, "model", "synthetic");

	if (strcmp(model, "direct") == 0)
		return check_direct(nic, path, e);
	if (has(nic, "address"))
		return key_error(e, path, "address",
				 "only a direct card has one; set model direct");
	if (has(nic, "vf"))
		return key_error(e, path, "vf", "only a direct card has one; set model direct");
	if (has(nic, "port") && (has(nic, "socket") || has(nic, "mode")))
		return key_error(
			e, path, "port",
			"socket and mode follow from the port; leave them out, or the port");
	if (!has(nic, "port") && !has(nic, "socket"))
		return err_at(e, -EINVAL, path,
			      "port: missing (the vhost port it is plugged into; or a socket)");
	if (strcmp(model, "emulated") == 0 && json_get_int(nic, "queues", 1) != 1)
		return key_error(e, path, "queues", "an emulated card has one pair");
	if (!json_get_bool(nic, "csum", true) && json_get_bool(nic, "tso", true))
		return key_error(
			e, path, "csum",
			"segmentation offload needs checksum offload; set tso off as well");
	return 0;
}

int api_resolve_nic(json_t *nic, const json_t *ports, const char *path, struct err *e)
{
	const char *name = json_get_str(nic, "port", NULL);
	const json_t *port = name ? json_find(ports, "name", name) : NULL;
	bool client;
	char at[AT_SIZE];

	if (!name)
		return 0;
	snprintf(at, sizeof(at), "%.90s/port", path);
	if (!port)
		return err_at(e, -ENOENT, at, "port: there is no port '%s'; add it, of kind vhost",
			      name);
	if (strcmp(json_get_str(port, "kind", ""), "vhost") != 0)
		return err_at(e, -EINVAL, at, "port: '%s' is of kind %s; a guest needs kind vhost",
			      name, json_get_str(port, "kind", "?"));
	client = strcmp(json_get_str(port, "mode", "server"), "client") == 0;
	if (json_object_set(nic, "socket", json_object_get(port, "socket")) != 0 ||
	    json_object_set_new(nic, "mode", json_string(client ? "serve" : "connect")) != 0)
		return err_set(e, -ENOMEM, "out of memory");
	return json_object_del(nic, "port");
}

/* Disks and cards: of a guest that is there, each name once a guest, not too many. */
static int check_parts(const json_t *config, const char *member, size_t max, struct err *e)
{
	const json_t *guests = json_object_get(config, "guests");
	const json_t *list = json_object_get(config, member);
	json_t *seen = json_object(), *item;
	char at[AT_SIZE], id[80];
	int ret = seen ? 0 : err_set(e, -ENOMEM, "out of memory");
	size_t i;

	json_array_foreach (list, i, item) {
		const char *guest = json_get_str(item, "guest", "");
		json_int_t n = json_get_int(seen, guest, 0) + 1;

		/* A guest's name alone has no blank: it counts its parts. */
		snprintf(id, sizeof(id), "%.31s %.31s", guest, json_get_str(item, "name", ""));
		snprintf(at, sizeof(at), "/%s/%zu", member, i);
		if (ret != 0)
			break;
		if (!json_find(guests, "name", guest))
			ret = err_at(e, -ENOENT, at,
				     "guest: there is no guest '%s'; add it under guests", guest);
		else if (json_object_get(seen, id))
			ret = err_at(e, -EEXIST, at,
				     "name: guest '%s' has two of name '%s'; rename one", guest,
				     json_get_str(item, "name", ""));
		else if ((size_t)n > max)
			ret = err_at(e, -E2BIG, at, "guest '%s' has more than %zu %s", guest, max,
				     member);
		else if (json_object_set_new(seen, id, json_true()) != 0 ||
			 json_object_set_new(seen, guest, json_integer(n)) != 0)
			ret = err_set(e, -ENOMEM, "out of memory");
	}
	json_decref(seen);
	return ret;
}

/* The far side of a socket takes one card, as a PCI function belongs to one guest. */
static int check_ends(const json_t *config, struct err *e)
{
	const json_t *nics = json_object_get(config, "nics"),
		     *ports = json_object_get(config, "ports");
	json_t *seen = json_object(), *item, *nic;
	int ret = seen ? 0 : err_set(e, -ENOMEM, "out of memory");
	char at[AT_SIZE];
	size_t i;

	json_array_foreach (nics, i, item) {
		const char *end;

		if (ret != 0)
			break;
		snprintf(at, sizeof(at), "/nics/%zu", i);
		nic = json_copy(item);
		ret = api_check_nic(nic, at, e);
		if (ret == 0)
			ret = api_resolve_nic(nic, ports, at, e);
		end = json_get_str(nic, "socket",
				   json_get_str(nic, "address", json_get_str(nic, "vf", "")));
		if (ret == 0 && json_object_get(seen, end))
			ret = err_at(e, -EEXIST, at,
				     "%s: another card uses it already; give each its own", end);
		else if (ret == 0 && json_object_set_new(seen, end, json_true()) != 0)
			ret = err_set(e, -ENOMEM, "out of memory");
		json_decref(nic);
	}
	json_decref(seen);
	return ret;
}

int api_check_guests(const json_t *config, struct err *e)
{
	char at[AT_SIZE];
	json_t *item;
	size_t i;
	int ret;

	json_array_foreach (json_object_get(config, "guests"), i, item) {
		snprintf(at, sizeof(at), "/guests/%zu", i);
		ret = check_guest(item, at, e);
		if (ret != 0)
			return ret;
	}
	ret = check_parts(config, "disks", API_GUEST_DISKS_MAX, e);
	if (ret == 0)
		ret = check_parts(config, "nics", API_GUEST_NICS_MAX, e);
	return ret == 0 ? check_ends(config, e) : ret;
}
