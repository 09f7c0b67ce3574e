/* SPDX-License-Identifier: BSD-3-Clause */
#include "sriov-pf/sys/uevent.h"
#include "sriov-pf/sys/sysfs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What it says, as far as it matters; each points into the datagram, "" where it is not there. */
struct said {
	const char *action, *path, *subsystem, *slot, *driver, *interface, *ifindex;
};

static void take_pair(struct said *s, const char *pair)
{
	const struct {
		const char *key, **value;
	} keys[] = {
		{"ACTION=", &s->action},       {"DEVPATH=", &s->path},
		{"SUBSYSTEM=", &s->subsystem}, {"PCI_SLOT_NAME=", &s->slot},
		{"DRIVER=", &s->driver},       {"INTERFACE=", &s->interface},
		{"IFINDEX=", &s->ifindex},
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		size_t n = strlen(keys[i].key);

		if (strncmp(pair, keys[i].key, n) == 0)
			*keys[i].value = pair + n;
	}
}

/* The device an interface hangs on: what is before "/net/" in its path. A name that is not the
 * address of a function is none of ours. */
static void parent_of(const char *path, char address[PF_ADDRESS])
{
	const char *end = strstr(path, "/net/"), *start = end;

	address[0] = '\0';
	while (start && start > path && start[-1] != '/')
		start--;
	if (start && end - start < PF_ADDRESS)
		snprintf(address, PF_ADDRESS, "%.*s", (int)(end - start), start);
}

static enum pf_uevent_action action_of(const char *word)
{
	static const char *const words[] = {"add", "remove", "bind", "unbind"};
	unsigned int i = 0;

	while (i < PF_UEVENT_CHANGE && strcmp(word, words[i]) != 0)
		i++;
	return (enum pf_uevent_action)i;
}

/* Copies what fits whole, else nothing. */
static void copy(char *to, size_t room, const char *from)
{
	if (strlen(from) < room)
		strcpy(to, from);
}

bool pf_uevent_parse(const char *buf, size_t len, struct pf_uevent *u)
{
	struct said s = {"", "", "", "", "", "", ""};
	const char *last;

	memset(u, 0, sizeof(*u));
	/* Its first line repeats action and path; libudev's messages to its own listeners begin
	 * otherwise. */
	if (len == 0 || buf[len - 1] != '\0' || !strchr(buf, '@'))
		return false;
	for (const char *at = buf + strlen(buf) + 1; at < buf + len; at += strlen(at) + 1)
		take_pair(&s, at);
	if (!s.action[0])
		return false;
	u->action = action_of(s.action);
	u->net = strcmp(s.subsystem, "net") == 0;
	if (u->net) {
		parent_of(s.path, u->address);
		copy(u->ifname, sizeof(u->ifname), s.interface);
		u->ifindex = (unsigned int)strtoul(s.ifindex, NULL, 10);
	} else if (strcmp(s.subsystem, "pci") == 0) {
		copy(u->address, sizeof(u->address), s.slot);
		copy(u->driver, sizeof(u->driver), s.driver);
	} else if (strcmp(s.subsystem, "netdevsim") == 0) {
		last = strrchr(s.path, '/');
		copy(u->address, sizeof(u->address), last ? last + 1 : "");
		copy(u->driver, sizeof(u->driver), s.driver);
	}
	return pf_sysfs_bus(u->address) != NULL;
}
