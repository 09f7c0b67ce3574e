/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A cable from an emulated card to the switch: the driver's side of a virtio network device, in
 * this process, over vhost-user. Frames are copied into and out of memory of the link's own; the
 * switch sees no guest memory.
 *
 * Offloads: checksums and TCP segmentation may be left to the switch (hv_link_offloads() says which
 * of them it takes); it may leave checksums to us; it never hands over units, as GUEST_TSO is not
 * taken.
 *
 * Threads: "main" runs the event loop; "card" is the one thread that carries frames. The link has
 * a lock of its own for what both touch.
 */
#ifndef HV_CORE_VHOST_LINK_H
#define HV_CORE_VHOST_LINK_H

#include "hv-core/vhost/front.h"

#include <linux/virtio_net.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

/* What the other side takes: a frame with VIRTIO_NET_HDR_F_NEEDS_CSUM, a TCP unit. */
#define HV_LINK_CSUM 1u
#define HV_LINK_TSO4 2u
#define HV_LINK_TSO6 4u

#define HV_LINK_PIECES	 12	    /* of one received frame: 24 KB */
#define HV_LINK_SEND_MAX (1u << 17) /* bytes of a frame or unit; what is longer is never sent */

/* A received frame. The other side may change the bytes at any time, but not the rest. */
struct hv_link_frame {
	struct virtio_net_hdr hdr;
	struct iovec iov[HV_LINK_PIECES];
	unsigned int n;
	uint32_t bytes; /* of all of them */
};

struct hv_link;

struct hv_link_options {
	const char *path; /* these five as in struct hv_vu_options */
	int fd;
	enum hv_vu_mode mode;
	int (*dial)(void *arg);
	void *dial_arg;
	unsigned int offloads; /* HV_LINK_*: of these, what the other side takes is used */
	const char *name;      /* for messages; copied */
};

/* changed: the cable was plugged in (up) or pulled out. Main thread, no lock of the link's held. */
struct hv_link_ops {
	void (*changed)(void *self, bool up);
};

/* Main thread. NULL with e filled on error. The link begins to connect at once; `changed` comes
 * from the loop. free: the card thread is gone or holds still. */
struct hv_link *hv_link_new(struct event_base *loop, const struct hv_link_options *o,
			    const struct hv_link_ops *ops, void *self, struct err *e);
void hv_link_free(struct hv_link *l);
/* As hv_vu_give(). Main thread. */
void hv_link_give(struct hv_link *l, int fd);

/* For a snapshot: after stop the other side touches the link's memory no more, and sending and
 * receiving find nothing; what it had sent before is received after start. A start finds the other
 * side not there yet, as after a restore: then the cable counts as plugged in for a second, and
 * there is no room to send. Main thread. */
void hv_link_stop(struct hv_link *l);
void hv_link_start(struct hv_link *l);
/* After a restore: tells the switch that this address is here now. Main thread. */
void hv_link_announce(struct hv_link *l, const uint8_t mac[6]);

/* Sends a frame of n pieces, without blocking. hdr: as virtio 1.2, 5.1.6.2; only what
 * hv_link_offloads() allows. False: no room; try again once the call fd is readable. A frame that
 * can never be sent (the cable is out, or it is too long) is thrown away, which counts as sent.
 * Card thread. */
bool hv_link_send(struct hv_link *l, const struct iovec *iov, unsigned int n,
		  const struct virtio_net_hdr *hdr);
/* The oldest frame that came, the same one until it is dropped. False: none. Card thread. */
bool hv_link_peek(struct hv_link *l, struct hv_link_frame *f);
void hv_link_drop(struct hv_link *l);
/* Tells the other side of all that was sent and dropped since the last time. Card thread. */
void hv_link_flush(struct hv_link *l);
unsigned int hv_link_offloads(struct hv_link *l); /* any thread */

/* An eventfd that becomes readable when a frame came, or room, after listen() asked for it. Lives
 * as long as the link. */
int hv_link_call_fd(const struct hv_link *l);
/* Before waiting: asks to be called for frames (rx) and for room (tx). True: there is something
 * already, and waiting would miss it. After waiting, busy() asks not to be called. Card thread. */
bool hv_link_listen(struct hv_link *l, bool rx, bool tx);
void hv_link_busy(struct hv_link *l);

struct hv_link_stats {
	uint64_t sent, received; /* frames and units */
	uint64_t full;		 /* times there was no room */
	uint64_t lost;		 /* frames thrown away: no cable, or too long */
};
void hv_link_stats(struct hv_link *l, struct hv_link_stats *s); /* any thread */

#endif
