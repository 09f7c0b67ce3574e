/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The front end of vhost-user (the protocol's text: QEMU's docs/interop/vhost-user.rst): hands
 * memory and rings to a back end in another process, and again when that one comes back.
 *
 * A back end is trusted no more than a guest: whatever it says is length- and range-checked, a
 * wrong answer ends the connection, and waiting for an answer has a time limit: one second for
 * finding out what a new back end can do, two seconds for everything hv_vu_start() or hv_vu_stop()
 * say.
 *
 * Connections are made and noticed by the main thread's loop, which also calls the ops. The other
 * functions may be called by any thread, one waits for the other: a guest's write to a register is
 * carried out where it is noticed. Whoever holds a lock while calling them must not need it to end
 * a call of the ops: those are made with none of our locks held.
 */
#ifndef HV_CORE_VHOST_FRONT_H
#define HV_CORE_VHOST_FRONT_H

#include "base/err.h"

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>

#define HV_VU_REGIONS 8
#define HV_VU_RINGS   64

struct hv_vu;

struct hv_vu_region {
	uint64_t gpa, bytes, offset; /* offset into fd */
	void *host; /* where this process has it: the "user address" rings are named by */
	int fd;
};

struct hv_vu_ring {
	uint16_t size;
	uint16_t base;	      /* split: avail index to go on from */
	uint32_t packed_base; /* packed: as VHOST_SET_VRING_BASE encodes it; used when packed was
				 negotiated */
	void *desc, *driver, *device; /* addresses in this process */
	uint64_t device_gpa;	      /* of the used ring, for the dirty log */
	int kick_fd, call_fd;	      /* call_fd -1: no interrupts wanted */
	bool enabled;
};

struct hv_vu_ops {
	/* A back end is there and said what it can do; hv_vu_start() may be called. */
	void (*connected)(void *self);
	/* It went, or it was sent away because it did not do as told; rings stand still where they
	 * were. The connection is being made again by itself. Comes once after each `connected`,
	 * from the loop, never from inside of a call. */
	void (*lost)(void *self, const char *why);
	/* It says the link or configuration changed (VHOST_USER_BACKEND_CONFIG_CHANGE_MSG). May be
	 * NULL. */
	void (*config_changed)(void *self);
};

enum hv_vu_mode { HV_VU_CONNECT, HV_VU_SERVE };

struct hv_vu_options {
	const char *path; /* UNIX socket; copied */
	/* -1, or a listening (SERVE) or connected socket that was handed in: taken over, also when
	 * hv_vu_new() fails. */
	int fd;
	enum hv_vu_mode mode;
	unsigned int reconnect_ms; /* CONNECT: between attempts; 0: 100 */
	/* CONNECT, for a process that must not connect by itself: asks whoever may for a
	 * connection, and hv_vu_give() follows, from the loop. 0, or negative errno: asked again
	 * later. Called from the loop. NULL: connects to path. */
	int (*dial)(void *arg);
	void *dial_arg;
	uint64_t features; /* virtio features this side can live with; what is offered is masked
			      with it */
	unsigned int queues_max; /* rings, not pairs */
	uint16_t mtu;		 /* told to the back end where VIRTIO_NET_F_MTU is agreed on */
};

/* Begins to listen or to connect; returns at once, ops->connected tells. NULL with e filled.
 * Main thread. */
struct hv_vu *hv_vu_new(struct event_base *loop, const struct hv_vu_options *o,
			const struct hv_vu_ops *ops, void *self, struct err *e);
void hv_vu_free(struct hv_vu *v); /* disconnects; main thread */
/* What `dial` asked for: a connected socket, taken over, or negative errno: then it asks again. One
 * that nobody asked for is closed. Main thread. */
void hv_vu_give(struct hv_vu *v, int fd);

bool hv_vu_is_connected(const struct hv_vu *v);
uint64_t hv_vu_features(
	const struct hv_vu *v); /* offered by the back end, masked; 0: not connected */
unsigned int hv_vu_queue_pairs(const struct hv_vu *v); /* how many the back end takes */
unsigned int hv_vu_mtu(
	const struct hv_vu *v); /* what it said (GET_CONFIG or its features); 0: nothing */

/* Hands over features, memory and rings, and lets the back end begin: what is enabled, it serves.
 * On error the connection is dropped (and made again). -ENOTSUP: it lacks some of the features;
 * then e names them. 0 or negative errno. */
int hv_vu_start(struct hv_vu *v, uint64_t features, const struct hv_vu_region *region,
		unsigned int regions, const struct hv_vu_ring *ring, unsigned int rings,
		struct err *e);
/* Another call descriptor for a running ring. */
int hv_vu_set_call(struct hv_vu *v, unsigned int ring, int call_fd, struct err *e);
int hv_vu_enable(struct hv_vu *v, unsigned int ring, bool enabled, struct err *e);
/* Stops all rings: after it the back end touches no memory. Fills each ring's base with where it
 * stopped. When the back end is gone, -ENOTCONN, and the bases must come from the rings themselves:
 * hv_vu_recover(). */
int hv_vu_stop(struct hv_vu *v, struct hv_vu_ring *ring, unsigned int rings, struct err *e);
/* Tells the back end the guest is here now (after a restore elsewhere): it announces this address.
 */
int hv_vu_announce(struct hv_vu *v, const uint8_t mac[6], struct err *e);

/* Where a ring stands whose back end went without a word, from what it wrote into the ring: sets
 * ring->base or packed_base, and interrupts the driver by call_fd. Split: the used index says it.
 * Packed: see recover.c; a buffer that the back end was about to give back is given back here. The
 * driver may run meanwhile, no back end may. 0; -EAGAIN: the driver is in the middle of writing,
 * ask again; -ENOTRECOVERABLE: the ring does not say it, the driver must begin anew; -ENOMEM. Any
 * thread. */
int hv_vu_recover(uint64_t features, struct hv_vu_ring *ring, struct err *e);
/* The rings of the next start are not those of the last one, or begin anew: what a back end took
 * and did not give back is void, and its successor is not told of it. hv_vu_stop() does the same by
 * itself, also when it fails. Any thread. */
void hv_vu_forget(struct hv_vu *v);

/* Dirty log (vhost-user, "Migration"): one bit a page of 4096 bytes, of guest addresses up to
 * memory_end. Turned on, the back end is told at once when it runs, and from then on whenever it
 * starts. The log stays the same when the back end goes. 0 or negative errno; -EOPNOTSUPP: the back
 * end writes none. */
int hv_vu_log_on(struct hv_vu *v, uint64_t memory_end, struct err *e);
void hv_vu_log_off(struct hv_vu *v);
/* Takes the bits: ors them to `to`, which has room for memory_end, and clears the log. Call it last
 * after hv_vu_stop(). Returns how many pages were new. */
uint64_t hv_vu_log_take(struct hv_vu *v, uint64_t *to);

#endif
