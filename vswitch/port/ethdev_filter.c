/* SPDX-License-Identifier: BSD-3-Clause */
#include "vswitch/port/ethdev_filter.h"
#include "vswitch/port/hostif.h"

#include "base/log.h"

#include <net/if.h>
#include <rte_ethdev.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The kernel's interface beneath the device, if its PCI device has that file; 0. */
static unsigned int beneath_with(uint16_t dev, const char *file)
{
	struct rte_eth_dev_info info;
	char name[IF_NAMESIZE], path[80];

	if (rte_eth_dev_info_get(dev, &info) != 0 || info.if_index == 0 ||
	    !if_indextoname(info.if_index, name))
		return 0;
	snprintf(path, sizeof(path), "/sys/class/net/%s/device/%s", name, file);
	return access(path, F_OK) == 0 ? info.if_index : 0;
}

bool ethdev_filter_useful(uint16_t dev)
{
	return beneath_with(dev, "sriov_totalvfs") != 0;
}

static bool among(const uint8_t (*mac)[6], unsigned int n, const uint8_t one[6])
{
	for (unsigned int i = 0; i < n; i++)
		if (memcmp(mac[i], one, 6) == 0)
			return true;
	return false;
}

static void refused(struct ethdev_filter *f, const char *port, const char *why)
{
	if (!f->said)
		log_warn("port %s: its card is not told of all addresses behind the bridge (%s): "
			 "virtual "
			 "functions may not reach those guests; use fewer, or a card with room for "
			 "more",
			 port, why);
	f->said = true;
}

void ethdev_filter_set(struct ethdev_filter *f, const char *port, uint16_t dev,
		       const uint8_t (*mac)[6], unsigned int n)
{
	unsigned int index = n > 0 ? beneath_with(dev, "virtfn0") : 0;
	int rc;

	for (unsigned int i = f->n; i-- > 0;) {
		if (index == f->index && among(mac, n, f->mac[i]))
			continue;
		hostif_filter_of(f->index, f->mac[i], false);
		memcpy(f->mac[i], f->mac[--f->n], 6);
	}
	if (index == 0)
		return;
	f->index = index;
	for (unsigned int i = 0; i < n; i++) {
		if (among(f->mac, f->n, mac[i]))
			continue;
		if (f->n == ETHDEV_FILTER_MAX) {
			refused(f, port, "they are too many");
			return;
		}
		rc = hostif_filter_of(index, mac[i], true);
		if (rc == 0)
			memcpy(f->mac[f->n++], mac[i], 6);
		else
			refused(f, port, strerror(-rc));
	}
}
