/* SPDX-License-Identifier: BSD-3-Clause */
#include "vswitch/port/ethdev_mtu.h"

#include "vswitch/port/hostif.h"

#include <rte_errno.h>
#include <rte_ethdev.h>

/* The most rte_eth_dev_set_mtu() lets pass: the device's largest MTU, or else its largest frame
 * less the Ethernet header and check sum. */
static uint32_t max_mtu(const struct rte_eth_dev_info *info)
{
	const uint32_t around = RTE_ETHER_HDR_LEN + RTE_ETHER_CRC_LEN;

	if (info->max_mtu != UINT16_MAX || info->max_rx_pktlen <= around)
		return info->max_mtu;
	return info->max_rx_pktlen - around;
}

static int refused(const struct rte_eth_dev_info *info, uint16_t mtu, int ret, struct err *e)
{
	if (mtu < info->min_mtu || mtu > max_mtu(info))
		return err_set(e, ret,
			       "mtu: the device refuses %u (it takes %u to %u); give the port an "
			       "mtu in between",
			       mtu, info->min_mtu, max_mtu(info));
	return err_set(e, ret, "mtu: the device refuses %u: %s", mtu, rte_strerror(-ret));
}

int ethdev_mtu_set(uint16_t dev, uint16_t mtu, bool *has, struct err *e)
{
	int ret = rte_eth_dev_set_mtu(dev, mtu);
	struct rte_eth_dev_info info;

	*has = ret != -ENOTSUP;
	if (ret == -EBUSY)
		return err_set(e, ret,
			       "mtu: this device cannot change it while it runs; remove the "
			       "port and add it again");
	if (ret == 0 || ret == -ENOTSUP)
		return 0;
	if (rte_eth_dev_info_get(dev, &info) != 0)
		info = (struct rte_eth_dev_info){.max_mtu = UINT16_MAX};
	return refused(&info, mtu, ret, e);
}

void ethdev_mtu_read(uint16_t dev, bool has, struct port_mtu *out)
{
	struct rte_eth_dev_info info;
	uint16_t mtu;

	if (rte_eth_dev_info_get(dev, &info) != 0)
		return;
	if (hostif_mtu_of(info.if_index, out->ifname, &out->beneath) != 0)
		out->ifname[0] = '\0'; /* index 0: there is no interface */
	/* Of a device that cannot be told, DPDK answers 1500, which means nothing. */
	if (!has)
		return;
	out->max = max_mtu(&info);
	if (rte_eth_dev_get_mtu(dev, &mtu) == 0)
		out->actual = mtu;
}

unsigned int ethdev_mtu_beneath(uint16_t dev, uint32_t *mtu)
{
	struct rte_eth_dev_info info;
	char name[16];

	if (rte_eth_dev_info_get(dev, &info) != 0 || hostif_mtu_of(info.if_index, name, mtu) != 0)
		return 0;
	return info.if_index;
}
