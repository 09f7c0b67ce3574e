/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is counted where frames are merged into units (offload/tso_lro/lro_merge.h), and why a unit
 * took no more. A frame that waited alone for a next one counts as a unit here: the reasons say why
 * frames were not merged.
 */
#ifndef PACKET_MERGE_H
#define PACKET_MERGE_H

#include <stdint.h>

#define PKT_MERGE_ENDS(X)                                                                      \
	X(BURST, "burst", "the burst it came in was at its end")                               \
	X(PUSH, "push", "the sender ended it: PSH or FIN")                                     \
	X(SHORT, "short", "a frame shorter than the first, which is its last")                 \
	X(LONGER, "longer", "next frame is longer than the first")                             \
	X(SEQUENCE, "sequence", "next frame does not follow: lost, out of order, sent again")  \
	X(NO_DATA, "no_data", "next frame carries no data: a pure or duplicate ACK")           \
	X(CONTROL, "control", "next frame has SYN, RST, URG, CWR; with rsc, FIN")              \
	X(FLAGS, "flags", "next frame's flags or reserved bits differ")                        \
	X(ACK, "ack", "next frame acknowledges something else")                                \
	X(WINDOW, "window", "next frame announces another window, or urgent pointer")          \
	X(OPTIONS, "options", "next frame's TCP options differ (a timestamp that went on)")    \
	X(TTL, "ttl", "next frame's TTL or hop limit differs")                                 \
	X(TOS, "tos", "next frame's DSCP, ECN mark or flow label differs")                     \
	X(IP_FLAGS, "ip_flags", "next frame's DF differs, or its reserved bit is set")         \
	X(IP_ID, "ip_id", "next frame's IPv4 id does not follow")                              \
	X(IP_OPTIONS, "ip_options", "next frame has IP options, or extension headers")         \
	X(FRAGMENT, "fragment", "a fragment, or a broken header, which may be of any flow")    \
	X(PADDED, "padded", "next frame is longer than its IP packet")                         \
	X(CHECKSUM, "checksum", "a checksum is wrong, or not as it would be written again")    \
	X(INTENT, "intent", "next frame is itself a unit, or its checksum is still open")      \
	X(LAYOUT, "layout", "next frame lies in buffers that others use, or that are not cut") \
	X(SIZE, "size", "it would be longer than 65535 bytes")                                 \
	X(SEGMENTS, "segments", "it would lie in more than 128 buffers")

enum pkt_merge_end {
#define X(sym, name, help) PKT_MERGE_##sym,
	PKT_MERGE_ENDS(X)
#undef X
		PKT_MERGE_END_MAX
};

/* Sizes of units: the largest of each class, in bytes with all headers. */
#define PKT_MERGE_SIZES(X)   \
	X(4K, "4k", 4096)    \
	X(8K, "8k", 8192)    \
	X(16K, "16k", 16384) \
	X(32K, "32k", 32768) \
	X(64K, "64k", 65535 + 64)

enum pkt_merge_size {
#define X(sym, name, most) PKT_MERGE_##sym,
	PKT_MERGE_SIZES(X)
#undef X
		PKT_MERGE_SIZE_MAX
};

struct pkt_merge_counts {
	uint64_t looked;		     /* frames that were looked at */
	uint64_t units;			     /* units made of several frames */
	uint64_t frames[PKT_MERGE_SIZE_MAX]; /* those frames, by the size of their unit */
	uint64_t ended[PKT_MERGE_END_MAX];
};

/* Names as users see them, and what a reason means; NULL outside of the lists. Any thread. */
const char *pkt_merge_end_name(enum pkt_merge_end end);
const char *pkt_merge_end_help(enum pkt_merge_end end);
const char *pkt_merge_size_name(enum pkt_merge_size size);

#endif
