/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The synthetic network card: virtio-net (virtio 1.2, 5.1) whose receive and transmit queues are
 * served by a switch in another process, over vhost-user. The guest's kicks and the switch's
 * interrupts are eventfds that KVM knows: no thread of ours runs for a packet. Here live what is
 * agreed on, the configuration, the control queue, and the switch's coming and going.
 *
 * See docs/hv-net.md. Main thread, unless said otherwise.
 */
#ifndef HV_CORE_VIRTIO_NET_H
#define HV_CORE_VIRTIO_NET_H

#include "hv-core/pci/pci.h"
#include "hv-core/vhost/front.h"

#define HV_NET_PAIRS 32

struct hv_net;

struct hv_net_options {
	const char *id; /* of the card; "nic:ID" is its device's */
	uint8_t mac[6]; /* a unicast address */
	const char *path;
	int fd; /* -1, or as hv_vu_options.fd: taken over in any case */
	enum hv_vu_mode mode;
	int (*dial)(void *arg); /* with dial_arg; as in hv_vu_options */
	void *dial_arg;
	unsigned int queue_pairs; /* 1 .. HV_NET_PAIRS */
	uint16_t queue_size;	  /* a power of two, 64 .. 1024; 0: 256 */
	uint16_t mtu;		  /* told to the guest and to the switch; 0: to nobody */
	bool packed, csum, tso;	  /* offered where the switch has it; tso needs csum */
	/* The guest let go of the card (hv_net_unplug_request()): hv_net_remove() may follow, from
	 * the loop. May be NULL: then the card cannot be taken out. */
	void (*ejected)(void *arg);
	void *arg;
};

/* Plugs it into the bus and adds it to the machine, which destroys it in the end. 0 or negative
 * errno with a sentence. */
int hv_net_create(struct hv_vm *vm, struct hv_pci *pci, const struct hv_net_options *o,
		  struct hv_net **net, struct err *e);

/* Runs the machine's loop until a switch is there, so that the guest is offered just what that can
 * do. Before hv_vm_run(). 0, -ETIMEDOUT. */
int hv_net_wait(struct hv_net *n, unsigned int timeout_ms, struct err *e);

/* As hv_vu_give(). */
void hv_net_give(struct hv_net *n, int fd);

/* Asks the guest to let go of the card. 0, -EOPNOTSUPP. */
int hv_net_unplug_request(struct hv_net *n, struct err *e);
/* Takes it out of the machine and frees it. vCPUs parked. */
void hv_net_remove(struct hv_net *n);

struct hv_net_info {
	bool connected;	    /* a switch is there */
	bool running;	    /* the guest's driver runs */
	uint8_t mac[6];	    /* as the guest set it last */
	unsigned int pairs; /* in use */
	uint64_t features;  /* agreed on with the guest */
	uint64_t lost;	    /* how often the switch went away */
	bool promisc, allmulti;
};
void hv_net_info(struct hv_net *n, struct hv_net_info *info);

#endif
