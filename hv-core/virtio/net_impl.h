/* SPDX-License-Identifier: BSD-3-Clause */
/* What the card's files share; nobody else includes it. */
#ifndef HV_CORE_VIRTIO_NET_IMPL_H
#define HV_CORE_VIRTIO_NET_IMPL_H

#include "hv-core/virtio/net.h"
#include "hv-core/virtio/net_ctl.h"
#include "hv-core/virtio/queue.h"

#include <linux/virtio_config.h>
#include <linux/virtio_net.h>
#include <linux/virtio_ring.h>

#define BIT(n) (1ull << (n))

/* What the switch must be able to do, because it does it. */
#define NET_CSUM (BIT(VIRTIO_NET_F_CSUM) | BIT(VIRTIO_NET_F_GUEST_CSUM))
#define NET_TSO                                                                                   \
	(BIT(VIRTIO_NET_F_HOST_TSO4) | BIT(VIRTIO_NET_F_HOST_TSO6) | BIT(VIRTIO_NET_F_HOST_ECN) | \
	 BIT(VIRTIO_NET_F_GUEST_TSO4) | BIT(VIRTIO_NET_F_GUEST_TSO6) |                            \
	 BIT(VIRTIO_NET_F_GUEST_ECN))
#define NET_RING                                                           \
	(BIT(VIRTIO_F_VERSION_1) | BIT(VIRTIO_NET_F_MRG_RXBUF) |           \
	 BIT(VIRTIO_RING_F_INDIRECT_DESC) | BIT(VIRTIO_RING_F_EVENT_IDX) | \
	 BIT(VIRTIO_F_RING_PACKED))
#define NET_SWITCH (NET_CSUM | NET_TSO | NET_RING)
/* What is done here. A switch that knows of these bits is told what the guest agreed to. */
#define NET_TOLD                                                                         \
	(BIT(VIRTIO_NET_F_MTU) | BIT(VIRTIO_NET_F_CTRL_VQ) | BIT(VIRTIO_NET_F_CTRL_RX) | \
	 BIT(VIRTIO_NET_F_GUEST_ANNOUNCE) | BIT(VIRTIO_NET_F_MQ))
#define NET_HERE                                                                        \
	(BIT(VIRTIO_NET_F_MAC) | BIT(VIRTIO_NET_F_STATUS) | BIT(VIRTIO_NET_F_CTRL_VQ) | \
	 BIT(VIRTIO_NET_F_CTRL_RX) | BIT(VIRTIO_NET_F_CTRL_MAC_ADDR) |                  \
	 BIT(VIRTIO_NET_F_GUEST_ANNOUNCE))

struct hv_net {
	struct hv_vm *vm;
	struct hv_device device;
	struct hv_virtio *virtio;
	struct hv_vu *vu;
	char id[HV_DEVICE_ID];
	uint8_t mac[6]; /* as it was made with */
	uint16_t mtu;
	unsigned int pairs; /* as it was made with: 2 * pairs + 1 queues */
	uint64_t can;	    /* features, if the switch has them all */
	void (*ejected)(void *arg);
	void *arg;

	/* A descriptor of descriptors, so that a vCPU thread can have the loop look at one: the
	 * control queue's kicks, and `wake`. */
	int epoll, wake;
	struct event *event;

	/* Under the virtio device's lock. */
	struct hv_net_ctl ctl;
	struct hv_vq control;
	struct hv_vu_ring ring[HV_NET_RINGS];
	unsigned int rings; /* of the running driver */
	bool started;	    /* the driver runs; else nothing of the guest's may be touched */
	bool listening;	    /* to the control queue's kicks */
	bool quiesced;
	bool up;     /* the link, as the guest is told */
	bool handed; /* the switch has the rings, or had when it went: where they stand now must be
			read from them */
	bool restored; /* from a snapshot: the guest is here now */
	uint64_t lost;
};

/* net_link.c: rings to the switch and back. Lock held, but for the ops of hv_vu. */
extern const struct hv_vu_ops hv_net_link_ops;
/* Which rings the driver has set up: pairs from the first on, until one is not. */
void hv_net_rings_find(struct hv_net *n);
/* Hands them over, if a switch is there and nothing speaks against it. */
void hv_net_rings_start(struct hv_net *n);
/* Afterwards the switch touches no memory, and each ring's base is where it stands. False: that
 * cannot be known; then the device needs a reset. */
bool hv_net_rings_stop(struct hv_net *n);
/* What is offered, as far as the switch that is there has it. */
void hv_net_offer(struct hv_net *n);

/* net_control.c: the control queue. Lock held. */
unsigned int hv_net_control_index(const struct hv_net *n);
void hv_net_control_listen(struct hv_net *n, bool on);
void hv_net_control_run(struct hv_net *n);

/* net_state.c: as a device of the machine. */
extern const struct hv_device_ops hv_net_device_ops;
void hv_net_destroy(void *self);

#endif
