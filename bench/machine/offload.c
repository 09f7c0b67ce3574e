/* SPDX-License-Identifier: BSD-3-Clause */
/* Offloads of an interface, by the ethtool ioctl that every kernel has. */
#include "bench/machine/netns.h"

#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

struct wish {
	const char *netns, *ifname;
	bool tso, gro;
	struct err *e;
};

static int set_one(int fd, const struct wish *w, uint32_t get, uint32_t set, const char *what,
		   bool on)
{
	struct ethtool_value value = {.cmd = set, .data = on};
	struct ifreq ifr = {.ifr_data = (char *)&value};

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", w->ifname);
	if (ioctl(fd, SIOCETHTOOL, &ifr) != 0)
		return err_set(w->e, -errno, "%s of %s in %s cannot be set: %s", what, w->ifname,
			       w->netns, strerror(errno));
	/* A driver may take the request and keep to its own. */
	value.cmd = get;
	if (ioctl(fd, SIOCETHTOOL, &ifr) != 0 || (value.data != 0) != on)
		return err_set(w->e, -ENOTSUP, "%s of %s in %s does not turn %s", what, w->ifname,
			       w->netns, on ? "on" : "off");
	return 0;
}

static int set_all(void *arg)
{
	const struct wish *w = arg;
	/* Segmentation needs checksums, so they come on first and go off last. */
	const struct {
		uint32_t get, set;
		const char *what;
		bool on;
	} steps[] = {
		{ETHTOOL_GTXCSUM, ETHTOOL_STXCSUM, "tx checksum", true},
		{ETHTOOL_GSG, ETHTOOL_SSG, "scatter-gather", true},
		{ETHTOOL_GTSO, ETHTOOL_STSO, "TSO", w->tso},
		{ETHTOOL_GGSO, ETHTOOL_SGSO, "GSO", w->tso},
		{ETHTOOL_GTXCSUM, ETHTOOL_STXCSUM, "tx checksum", w->tso},
		{ETHTOOL_GGRO, ETHTOOL_SGRO, "GRO", w->gro},
	};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int rc = 0;

	if (fd < 0)
		return err_set(w->e, -errno, "no socket: %s", strerror(errno));
	for (size_t i = w->tso ? 0 : 2; i < sizeof(steps) / sizeof(steps[0]) && !rc; i++)
		rc = set_one(fd, w, steps[i].get, steps[i].set, steps[i].what, steps[i].on);
	close(fd);
	return rc;
}

int netns_offloads(const char *name, const char *ifname, bool tso, bool gro, struct err *e)
{
	struct wish wish = {.netns = name, .ifname = ifname, .tso = tso, .gro = gro, .e = e};

	return netns_do(name, set_all, &wish, e);
}
