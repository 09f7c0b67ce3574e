/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The path MTU to an address, there and back, and where it shrinks. What an echo can see of that
 * and what not is told in docs/mtu.md.
 *
 * A probe is used by one thread at a time. Nothing here needs flued or DPDK.
 */
#ifndef JUMBO_PROBE_PROBE_H
#define JUMBO_PROBE_PROBE_H

#include "base/err.h"
#include "base/json.h"
#include "jumbo/probe/search.h"

enum {
	PROBE_LARGEST = 65535, /* bytes; no IP packet is larger */
	PROBE_LEAST4 = 68,     /* RFC 791 3.2: what every link carries */
	PROBE_LEAST6 = 128,    /* small enough for all: IPv6 needs 1280 */
	PROBE_TIMEOUT_MS = 1000,
};

struct probe_config {
	const char *target; /* an IPv4 or IPv6 address; "fe80::1%eth0" too */
	const char *netns;  /* a namespace of ip-netns(8); NULL: the caller's */
	const char *ifname; /* the interface to leave by; NULL: the routing table's choice */
	uint32_t max_bytes; /* the largest size of interest; 0: the interface's MTU */
	unsigned int
		timeout_ms; /* for an answer, before any has shown how long it takes; 0: 1000 */
};

/* Where packets of the failing size stop, seen by the hops they had left (no use when told). */
struct probe_hops {
	bool known;
	unsigned int after; /* it got as far as this hop; 0: this host */
	unsigned int before;
	char after_address[PROBE_ADDRESS_MAX]; /* "": this host */
	char before_address[PROBE_ADDRESS_MAX];
	bool before_target; /* so it may as well be the answer that is lost */
};

struct probe_result {
	int family;
	enum probe_state state;
	uint32_t interface_mtu; /* bytes, all of these */
	uint32_t cached_mtu;	/* what the kernel took for the path's before; 0: unknown */
	uint32_t asked;		/* the smaller of the interface's and max_bytes */
	uint32_t forward;	/* 0: unreachable */
	bool forward_exact;
	uint32_t fails; /* the smallest size that did not pass; 0: none */
	bool black_hole;
	uint32_t backward;
	bool backward_exact; /* else at least that */
	bool cut; /* answers were shorter than echoes: nothing is known of the way back */
	struct probe_told told[PROBE_TOLD_MAX];
	unsigned int n_told;
	int teller; /* index of the one to go by; -1: none */
	struct probe_hops hops;
	char reason[160]; /* unreachable: why, if anybody said so; else "" */
	unsigned int sent, answers;
};

struct probe;

/* Opens sockets. On success *p is the caller's. 0; -EINVAL (not an address), -ENOENT (no such
 * namespace), -ENODEV (no such interface), -EPERM (no right to send echoes) or another negative
 * errno, with e->text naming the cure. Blocks. */
int probe_open(const struct probe_config *config, struct probe **p, struct err *e);
void probe_close(struct probe *p); /* NULL: nothing */

/* Does it all; takes from milliseconds to about ten seconds. 0, also when the target is
 * unreachable; a negative errno with e->text when echoes cannot be sent. */
int probe_run(struct probe *p, struct err *e);

/* Of the last run; stays the probe's. */
const struct probe_result *probe_result_of(const struct probe *p);

/* Sends so many echoes of that size and lets them pass: for looking at counters before and after.
 * 0 or a negative errno. */
int probe_burst(struct probe *p, uint32_t size, unsigned int count);

/* Does the path carry all that was asked for, both ways? */
bool probe_carries(const struct probe_result *r);

/* The result in JSON, with the keys of docs/mtu.md. target: as it was named. The caller's. */
json_t *probe_json(const char *target, const struct probe_result *r);

#endif
