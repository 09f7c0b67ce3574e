/* SPDX-License-Identifier: BSD-3-Clause */
#include "vswitch/port/ethdev_gro.h"
#include "vswitch/port/hostif.h"

#include "base/log.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <rte_ethdev.h>
#include <string.h>

static bool captures(const char *driver)
{
	static const char *const names[] = {"net_af_packet", "net_pcap", "net_af_xdp"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(driver, names[i]) == 0)
			return true;
	return false;
}

/* One of ethtool's switches: a bit of the number that `get` reads and `put` writes. 1: changed; 0:
 * it was so already; or a negative errno. */
static int flip(unsigned int index, uint32_t get, uint32_t put, uint32_t bit, bool on)
{
	uint32_t value = 0;
	int ret = hostif_ethtool_of(index, get, &value);

	if (ret != 0 || !(value & bit) == !on)
		return ret;
	value ^= bit;
	ret = hostif_ethtool_of(index, put, &value);
	return ret == 0 ? 1 : ret;
}

/* Returns whether it was on, and is off now. */
static bool off(unsigned int index, const char *port, const char *word, uint32_t get, uint32_t put,
		uint32_t bit)
{
	int ret = flip(index, get, put, bit, false);
	char name[16] = "?";
	uint32_t mtu;

	/* What has no such switch does not coalesce. */
	if (ret >= 0 || ret == -EOPNOTSUPP)
		return ret > 0;
	hostif_mtu_of(index, name, &mtu);
	log_warn("port %s: cannot switch %s of %s off (%s), and frames that the kernel coalesced "
		 "are "
		 "lost: 'ethtool -K %s %s off'",
		 port, word, name, strerror(-ret), name, word);
	return false;
}

void ethdev_gro_off(struct ethdev_gro *g, const char *port, uint16_t dev)
{
	struct rte_eth_dev_info info;

	*g = (struct ethdev_gro){0};
	if (rte_eth_dev_info_get(dev, &info) != 0 || info.if_index == 0 ||
	    !captures(info.driver_name))
		return;
	g->index = info.if_index;
	g->gro = off(g->index, port, "gro", ETHTOOL_GGRO, ETHTOOL_SGRO, 1);
	g->lro = off(g->index, port, "lro", ETHTOOL_GFLAGS, ETHTOOL_SFLAGS, ETH_FLAG_LRO);
}

void ethdev_gro_back(struct ethdev_gro *g)
{
	if (g->gro)
		flip(g->index, ETHTOOL_GGRO, ETHTOOL_SGRO, 1, true);
	if (g->lro)
		flip(g->index, ETHTOOL_GFLAGS, ETHTOOL_SFLAGS, ETH_FLAG_LRO, true);
	*g = (struct ethdev_gro){0};
}
