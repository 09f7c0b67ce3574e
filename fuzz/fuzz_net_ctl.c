/* SPDX-License-Identifier: BSD-3-Clause */
/* The synthetic card's control queue and its part of a snapshot. Byte 0: which; byte 1: features.
 * Commands: each with a length byte before it. */
#include "hv-core/virtio/net_ctl.h"

#include <linux/virtio_net.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PAIRS = 8 };

static void sound(const struct hv_net_ctl *c)
{
	if (c->pairs < 1 || c->pairs > c->pairs_max || c->pairs_max > PAIRS || c->mac[0] & 1)
		abort();
}

static void commands(uint64_t features, const uint8_t *data, size_t size)
{
	struct hv_net_ctl c = {.mac = {2}, .pairs_max = PAIRS, .pairs = 1, .announce = true};

	while (size > 0) {
		size_t n = data[0] < size - 1 ? data[0] : size - 1;
		const struct hv_net_ctl was = c;

		if (!hv_net_ctl_command(&c, features, data + 1, n) &&
		    memcmp(&was, &c, sizeof(c)) != 0)
			abort();
		sound(&c);
		data += 1 + n;
		size -= 1 + n;
	}
}

static void snapshot(const uint8_t *data, size_t size)
{
	struct hv_in in = {.p = data, .left = size};
	struct hv_net_ctl c = {0};
	uint32_t base[HV_NET_RINGS];
	struct hv_out out = {0};
	unsigned int rings;
	struct err e;

	if (hv_net_ctl_load(&c, PAIRS, base, &rings, &in, &e) != 0)
		return;
	sound(&c);
	if (rings > 2 * PAIRS)
		abort();
	/* What was believed is written again as it was read, but for what only is on or off. */
	hv_net_ctl_save(&c, base, rings, &out);
	if (out.failed || out.len != size - in.left)
		abort();
	hv_out_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t features = 0;

	if (size < 2)
		return 0;
	if (data[1] & 1)
		features |= 1ull << VIRTIO_NET_F_CTRL_RX;
	if (data[1] & 2)
		features |= 1ull << VIRTIO_NET_F_CTRL_MAC_ADDR;
	if (data[1] & 4)
		features |= 1ull << VIRTIO_NET_F_GUEST_ANNOUNCE;
	if (data[1] & 8)
		features |= 1ull << VIRTIO_NET_F_MQ;
	if (data[0] & 1)
		snapshot(data + 2, size - 2);
	else
		commands(features, data + 2, size - 2);
	return 0;
}
