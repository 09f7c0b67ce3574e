/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a worker counts of a port. Each worker has its own set for each port, so no counter has
 * two writers; the control thread reads all of them and adds up.
 */
#ifndef PACKET_COUNTERS_H
#define PACKET_COUNTERS_H

#include "packet/drop.h"
#include "packet/merge.h"

#include <rte_common.h>
#include <stdint.h>

#define PKT_COUNTS(X)                                                                             \
	X(rx_packets, "frames and units received")                                                \
	X(rx_bytes, "bytes received")                                                             \
	X(rx_units, "received units larger than a frame (TSO, USO)")                              \
	X(tx_packets, "frames and units sent")                                                    \
	X(tx_bytes, "bytes sent")                                                                 \
	X(tx_units, "sent units larger than a frame")                                             \
	X(split_units, "units segmented in software because this port does not take them")        \
	X(split_frames, "frames made of them")                                                    \
	X(merged_units, "units made of frames that came from a device")                           \
	X(merged_frames, "frames those were made of")                                             \
	X(csum_sw, "checksums completed in software because this port does not take the request") \
	X(flooded, "frames received whose destination was not known, or a group")                 \
	X(ptb_sent, "answers 'packet too big' (ICMP, ICMPv6) sent back out of this port")         \
	X(ptb_limited, "answers held back: more than 1000 a second")                              \
	X(ptb_not_due, "too large packets from this port that get no answer by RFC 1812 or 4443") \
	X(mss_clamped, "TCP SYNs sent with a lowered MSS option")                                 \
	X(injected, "frames and units that the switch made itself, as if they came from here")    \
	X(fdb_learned, "addresses learned")                                                       \
	X(fdb_moved, "addresses that moved here from another port")                               \
	X(fdb_limit, "addresses not learned: the port's learn-limit is reached")                  \
	X(fdb_full, "addresses not learned: the bridge's table is full")

struct pkt_counters {
#define X(name, help) uint64_t name;
	PKT_COUNTS(X)
#undef X
	uint64_t drop[PKT_DROP_MAX];
	struct pkt_merge_counts merge; /* of the frames that leave by the port */
	/* Of the last frame dropped for an MTU: its layer-3 size and the MTU, bytes. */
	uint32_t mtu_in_size, mtu_in_limit;
	uint32_t mtu_out_size, mtu_out_limit;
	uint64_t ptb_full_at; /* the worker's own: see ptb_allowed() */
} __rte_cache_aligned;

/* Worker: one writer, so a plain addition; the store is atomic for the reader's sake. */
#define pkt_count(counter, by)	__atomic_store_n(&(counter), (counter) + (by), __ATOMIC_RELAXED)
#define pkt_set(counter, value) __atomic_store_n(&(counter), (value), __ATOMIC_RELAXED)
/* Main. */
#define pkt_read(counter) __atomic_load_n(&(counter), __ATOMIC_RELAXED)

#endif
