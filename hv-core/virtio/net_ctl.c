/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/virtio/net_ctl.h"

#include <linux/virtio_net.h>
#include <string.h>

#define HAS(features, bit) ((features) >> (bit)&1)

struct argument {
	const uint8_t *at;
	size_t bytes;
};

static bool is_unicast(const uint8_t mac[6])
{
	static const uint8_t zero[6];

	return !(mac[0] & 1) && memcmp(mac, zero, sizeof(zero)) != 0;
}

/* 5.1.6.5.1: on or off. The switch delivers what it knows to be for the card; that the guest asked
 * for more is only noted. */
static bool set_mode(bool *mode, const struct argument *a)
{
	if (a->bytes != 1 || a->at[0] > 1)
		return false;
	*mode = a->at[0];
	return true;
}

/* 5.1.6.5.2: two tables, each a count and that many addresses. */
static bool filter_makes_sense(const struct argument *a)
{
	size_t at = 0;

	for (int table = 0; table < 2; table++) {
		uint32_t entries;

		if (a->bytes - at < sizeof(entries))
			return false;
		memcpy(&entries, a->at + at, sizeof(entries));
		at += sizeof(entries);
		if (entries > (a->bytes - at) / 6)
			return false;
		at += (size_t)entries * 6;
	}
	return at == a->bytes;
}

static bool rx_command(struct hv_net_ctl *c, uint8_t number, const struct argument *a)
{
	switch (number) {
	case VIRTIO_NET_CTRL_RX_PROMISC:
		return set_mode(&c->promisc, a);
	case VIRTIO_NET_CTRL_RX_ALLMULTI:
		return set_mode(&c->allmulti, a);
	default:
		return false;
	}
}

static bool mac_command(struct hv_net_ctl *c, uint64_t features, uint8_t number,
			const struct argument *a)
{
	if (number == VIRTIO_NET_CTRL_MAC_TABLE_SET)
		return HAS(features, VIRTIO_NET_F_CTRL_RX) && filter_makes_sense(a);
	if (number != VIRTIO_NET_CTRL_MAC_ADDR_SET || !HAS(features, VIRTIO_NET_F_CTRL_MAC_ADDR) ||
	    a->bytes != 6 || !is_unicast(a->at))
		return false;
	memcpy(c->mac, a->at, 6);
	return true;
}

static bool mq_command(struct hv_net_ctl *c, uint8_t number, const struct argument *a)
{
	uint16_t pairs;

	if (number != VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET || a->bytes != sizeof(pairs))
		return false;
	memcpy(&pairs, a->at, sizeof(pairs));
	if (pairs < 1 || pairs > c->pairs_max)
		return false;
	c->pairs = pairs;
	return true;
}

bool hv_net_ctl_command(struct hv_net_ctl *c, uint64_t features, const uint8_t *cmd, size_t bytes)
{
	struct argument a = {.at = cmd + 2, .bytes = bytes - 2};

	if (bytes < 2)
		return false;
	switch (cmd[0]) {
	case VIRTIO_NET_CTRL_RX:
		return HAS(features, VIRTIO_NET_F_CTRL_RX) && rx_command(c, cmd[1], &a);
	case VIRTIO_NET_CTRL_MAC:
		return mac_command(c, features, cmd[1], &a);
	case VIRTIO_NET_CTRL_ANNOUNCE:
		if (!HAS(features, VIRTIO_NET_F_GUEST_ANNOUNCE) ||
		    cmd[1] != VIRTIO_NET_CTRL_ANNOUNCE_ACK || a.bytes != 0)
			return false;
		c->announce = false;
		return true;
	case VIRTIO_NET_CTRL_MQ:
		return HAS(features, VIRTIO_NET_F_MQ) && mq_command(c, cmd[1], &a);
	default:
		return false;
	}
}

void hv_net_ctl_save(const struct hv_net_ctl *c, const uint32_t *base, unsigned int rings,
		     struct hv_out *out)
{
	hv_out_bytes(out, c->mac, sizeof(c->mac));
	hv_out_u16(out, c->pairs_max);
	hv_out_u16(out, c->pairs);
	hv_out_u8(out, c->promisc);
	hv_out_u8(out, c->allmulti);
	hv_out_u8(out, c->announce);
	hv_out_u8(out, (uint8_t)rings);
	for (unsigned int i = 0; i < rings; i++)
		hv_out_u32(out, base[i]);
}

int hv_net_ctl_load(struct hv_net_ctl *c, unsigned int pairs, uint32_t *base, unsigned int *rings,
		    struct hv_in *in, struct err *e)
{
	hv_in_bytes(in, c->mac, sizeof(c->mac));
	c->pairs_max = hv_in_u16(in);
	c->pairs = hv_in_u16(in);
	c->promisc = hv_in_u8(in);
	c->allmulti = hv_in_u8(in);
	c->announce = hv_in_u8(in);
	*rings = hv_in_u8(in);
	if (!in->bad && c->pairs_max > pairs)
		return err_set(
			e, -EINVAL,
			"the snapshot's network card has %u queue pairs, this one %u; make it "
			"with as many",
			c->pairs_max, pairs);
	if (in->bad || !is_unicast(c->mac) || c->pairs_max < 1 || c->pairs < 1 ||
	    c->pairs > c->pairs_max || *rings > 2u * c->pairs_max || *rings % 2 != 0)
		return err_set(e, -EINVAL, "the network card's state in the snapshot is damaged");
	for (unsigned int i = 0; i < *rings; i++)
		base[i] = hv_in_u32(in);
	return in->bad ? err_set(e, -EINVAL,
				 "the network card's state in the snapshot is cut short")
		       : 0;
}
