/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The header that virtio-net puts before each packet (virtio 1.2, 5.1.6), to and from the offload
 * intent of an mbuf (packet/burst.h). It comes from outside: what it says is checked.
 */
#ifndef VSWITCH_PORT_VNET_HDR_H
#define VSWITCH_PORT_VNET_HDR_H

#include <linux/virtio_net.h>
#include <rte_mbuf.h>

/* VIRTIO_NET_HDR_GSO_UDP_L4 came with Linux 6.2. */
#define VNET_GSO_UDP_L4 5

/* Sets m's intent as hdr (little-endian, the packet behind it in m) asks. A checksum request that
 * is not for the outermost TCP or UDP header is carried out here and now.
 * 0; -EAGAIN: that needs all bytes and m has a tail, so settle it first (packet/tail.h); -EINVAL:
 * the request lies outside the packet, or is of an unknown kind. Worker. */
int vnet_hdr_to_mbuf(const struct virtio_net_hdr *hdr, struct rte_mbuf *m);

/* Writes the header that tells m's intent. Lengths and flags as the parse stage left them. Worker.
 */
void vnet_hdr_from_mbuf(const struct rte_mbuf *m, struct virtio_net_hdr *hdr);

#endif
