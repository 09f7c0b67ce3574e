/* SPDX-License-Identifier: BSD-3-Clause */
#include "vswitch/port/vhost_features.h"

#include "vswitch/port/port.h"

#include <linux/virtio_net.h>
#include <rte_vhost.h>

uint32_t vhost_caps(uint64_t features)
{
	uint32_t caps = 0;

	if (features & 1u << VIRTIO_NET_F_GUEST_CSUM)
		caps |= PORT_CAP_CSUM;
	if (features & 1u << VIRTIO_NET_F_GUEST_TSO4)
		caps |= PORT_CAP_TSO4;
	if (features & 1u << VIRTIO_NET_F_GUEST_TSO6)
		caps |= PORT_CAP_TSO6;
	if (features & 1u << VIRTIO_NET_F_GUEST_ECN)
		caps |= PORT_CAP_ECN;
	return caps;
}

uint64_t vhost_withheld(const json_t *conf)
{
	/* F_GSO is virtio 0.9's word for all kinds of units at once, whatever was turned off. */
	uint64_t f =
		1u << VIRTIO_NET_F_HOST_UFO | 1u << VIRTIO_NET_F_GUEST_UFO | 1u << VIRTIO_NET_F_GSO;
	const uint64_t tso = 1u << VIRTIO_NET_F_HOST_TSO4 | 1u << VIRTIO_NET_F_HOST_TSO6 |
			     1u << VIRTIO_NET_F_HOST_ECN | 1u << VIRTIO_NET_F_GUEST_TSO4 |
			     1u << VIRTIO_NET_F_GUEST_TSO6 | 1u << VIRTIO_NET_F_GUEST_ECN;

	if (!json_get_bool(conf, "tso", true))
		f |= tso;
	if (!json_get_bool(conf, "csum", true))
		f |= tso | 1u << VIRTIO_NET_F_CSUM | 1u << VIRTIO_NET_F_GUEST_CSUM;
	return f;
}

/* No record of buffers in flight (INFLIGHT_SHMFD): the used index says as much, as buffers are
 * given back in their order. And rte_vhost's way with a record knows one buffer between the two, so
 * a packet in several of them would have to be given to the guest piece by piece. */
uint64_t vhost_protocol_features(void)
{
	return 1u << VHOST_USER_PROTOCOL_F_MQ | 1u << VHOST_USER_PROTOCOL_F_LOG_SHMFD |
	       1u << VHOST_USER_PROTOCOL_F_RARP | 1u << VHOST_USER_PROTOCOL_F_REPLY_ACK |
	       1u << VHOST_USER_PROTOCOL_F_NET_MTU | 1u << VHOST_USER_PROTOCOL_F_STATUS;
}
