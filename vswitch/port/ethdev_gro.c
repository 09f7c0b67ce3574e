/* SPDX-License-Identifier: BSD-3-Clause */
#include "vswitch/port/ethdev_gro.h"
#include "vswitch/port/hostif.h"

#include "base/log.h"

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

static bool is_on(unsigned int index, uint32_t get, uint32_t bit)
{
	uint32_t value = 0;

	return hostif_ethtool_of(index, get, &value) == 0 && (value & bit) != 0;
}

static int set(unsigned int index, uint32_t get, uint32_t put, uint32_t bit, bool on)
{
	uint32_t value = 0;
	int ret = hostif_ethtool_of(index, get, &value);

	if (ret != 0)
		return ret;
	value = on ? value | bit : value & ~bit;
	return hostif_ethtool_of(index, put, &value);
}

/* Returns whether it was on, and is off now. */
static bool off(unsigned int index, const char *port, const char *word, uint32_t get, uint32_t put,
		uint32_t bit)
{
	int ret;

	if (!is_on(index, get, bit))
		return false;
	ret = set(index, get, put, bit, false);
	if (ret == 0)
		return true;
	log_warn("port %s: cannot switch %s of its interface off (%s): frames that the kernel "
		 "coalesced are lost; 'ethtool -K' may",
		 port, word, strerror(-ret));
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
		set(g->index, ETHTOOL_GGRO, ETHTOOL_SGRO, 1, true);
	if (g->lro)
		set(g->index, ETHTOOL_GFLAGS, ETHTOOL_SFLAGS, ETH_FLAG_LRO, true);
	*g = (struct ethdev_gro){0};
}
