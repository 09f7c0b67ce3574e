/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An established TCP connection while it is between two hosts of its state: the kernel and the
 * engine. What TCP offload engines call a chimney's objects: a neighbor, a path, and TCP itself,
 * each with variables that are constant, cached (the host's, and changed by it) and delegated
 * (whoever runs the connection owns them).
 *
 * Addresses and ports are in network byte order, sequence numbers and all else in the host's.
 */
#ifndef OFFLOAD_CHIMNEY_STATE_H
#define OFFLOAD_CHIMNEY_STATE_H

#include <stdbool.h>
#include <stdint.h>

/* Seen from the end that is offloaded. IPv4 addresses are in the first four bytes, the rest zero.
 */
struct chim_tuple {
	uint8_t local[16], remote[16];
	uint16_t local_port, remote_port;
	bool v6;
};

/* Neighbor: how frames to the peer begin. */
struct chim_neigh {
	uint8_t local_mac[6], remote_mac[6];
};

/* Path: what is known of the way. */
struct chim_path {
	uint16_t mtu;	    /* of the path: bytes of layer 3 */
	uint8_t ttl;	    /* or hop limit */
	uint8_t tos;	    /* or traffic class; the two ECN bits zero */
	uint32_t flowlabel; /* IPv6; 0: none */
	uint32_t ifindex;   /* of the interface it leaves by, in the socket's network namespace */
};

enum chim_tcp_phase {
	CHIM_ESTABLISHED,
	CHIM_CLOSE_WAIT, /* the peer's FIN was received; rcv_nxt is behind it */
};

struct chim_tcp_state {
	/* constant */
	struct chim_tuple tuple;
	uint16_t mss;	    /* payload bytes of a segment without options, as agreed */
	uint16_t advmss;    /* what we announced */
	uint8_t snd_wscale; /* of windows we receive */
	uint8_t rcv_wscale; /* of windows we announce */
	bool timestamps, sack, wscale, ecn;

	/* cached: options of the socket */
	struct chim_neigh neigh;
	struct chim_path path;
	bool nodelay, cork, keepalive;
	bool reuseaddr; /* SO_REUSEADDR: TCP_REPAIR takes it away */
	uint32_t keep_idle_s, keep_intvl_s, keep_cnt;
	uint32_t user_timeout_ms; /* 0: none */
	char cc[16];		  /* "cubic", "reno"; what the engine has not got runs as cubic */
	uint32_t notsent_lowat;	  /* bytes; 0: none */

	/* delegated */
	uint8_t phase;		   /* enum chim_tcp_phase */
	uint32_t snd_una, snd_nxt; /* oldest byte not acknowledged; next to be sent */
	uint32_t snd_wl1;	   /* RFC 9293: segment that updated the window last */
	uint32_t snd_wnd,
		max_window;	   /* bytes; the peer's window, and the largest it ever announced */
	uint32_t rcv_nxt;	   /* next byte expected */
	uint32_t rcv_wnd, rcv_wup; /* window announced last, bytes, and rcv_nxt at that time */
	uint32_t ts_offset;	   /* our TSval = milliseconds of ts clock + ts_offset (RFC 7323) */
	uint32_t ts_recent;	   /* peer's TSval to echo; 0: not known yet */
	uint32_t srtt_us, rttvar_us, min_rtt_us; /* 0: not known */
	uint32_t cwnd, ssthresh;		 /* segments; 0: not known */

	/* The queues. Send: from snd_una on, snd_len bytes of which the last unsent_len were never
	 * sent: snd_nxt == snd_una + snd_len - unsent_len. Receive: rcv_len bytes the application
	 * has not read, the last of them before rcv_nxt (a FIN counts one). Contents lie in the
	 * rings. */
	uint32_t snd_len, unsent_len, rcv_len;
};

/* Why a connection stays in the kernel. */
#define CHIM_REFUSALS(X)                                                                    \
	X(NOT_TCP, "not_tcp", "it is no TCP socket")                                        \
	X(NOT_ESTABLISHED, "not_established", "it is not established")                      \
	X(ULP, "ulp", "an upper-layer protocol (TLS) is attached to it")                    \
	X(SIGNED, "signed", "its segments are signed (MD5 or AO)")                          \
	X(MPTCP, "mptcp", "it is a part of an MPTCP connection")                            \
	X(NO_PATH, "no_path", "its way does not lead through a port of this switch")        \
	X(NO_NEIGH, "no_neigh", "its next hop's address is not resolved")                   \
	X(IP_OPTIONS, "ip_options", "its packets carry IP options")                         \
	X(URGENT, "urgent", "urgent data is outstanding")                                   \
	X(QUEUES, "queues", "its queues are too long to be moved")                          \
	X(OUT_OF_ORDER, "out_of_order", "data is missing before what was received")         \
	X(POLICY, "policy", "the bridge's policy does not choose it")                       \
	X(TOO_YOUNG, "too_young", "it is younger than the bridge's policy wants")           \
	X(TOO_FEW_BYTES, "too_few_bytes", "it has moved fewer bytes than the policy wants") \
	X(RTT, "rtt", "its round-trip time is outside of what the policy wants")            \
	X(LIMIT, "limit", "as many connections are offloaded as may be")                    \
	X(BUSY, "busy", "it is being handed over already")                                  \
	X(NOT_OWNER, "not_owner", "the socket is not the application's own")                \
	X(NO_REPAIR, "no_repair", "the kernel refuses TCP_REPAIR")                          \
	X(NO_MEMORY, "no_memory", "there is no memory for its rings")                       \
	X(RACE, "race", "it kept changing while it was taken")                              \
	X(STOPPING, "stopping", "the switch is ending")

enum chim_refusal {
	CHIM_REFUSE_NONE,
#define X(sym, name, help) CHIM_REFUSE_##sym,
	CHIM_REFUSALS(X)
#undef X
		CHIM_REFUSE_MAX
};

/* Why an offloaded connection went back to the kernel. The first five may not be ignored. */
#define CHIM_UPLOADS(X)                                                               \
	X(FAILURE, "failure", "the engine or its application failed")                 \
	X(INVALID_STATE, "invalid_state", "the engine's state contradicted itself")   \
	X(URGENT, "urgent", "urgent data arrived or was to be sent")                  \
	X(TIMEOUT, "timeout", "the peer did not answer")                              \
	X(REQUESTED, "requested", "somebody asked for it")                            \
	X(HIGH_DROP_RATE, "high_drop_rate", "many segments were lost")                \
	X(REORDERING, "reordering", "many segments came out of order")                \
	X(FRAGMENTATION, "fragmentation", "the peer's packets came in fragments")     \
	X(LOW_ACTIVITY, "low_activity", "little was sent or received")                \
	X(SMALL_IO, "small_io", "what was sent and received was small")               \
	X(PATH, "path", "its route, neighbor or interface changed")                   \
	X(UNKEPT, "unkept", "the application used what only the kernel's socket has") \
	X(FORK, "fork", "the application shared it with another process")             \
	X(STOPPING, "stopping", "the switch ended")                                   \
	X(IP_OPTIONS, "ip_options", "the peer's packets carried IP options")

enum chim_upload {
	CHIM_UPLOAD_NONE,
#define X(sym, name, help) CHIM_UPLOAD_##sym,
	CHIM_UPLOADS(X)
#undef X
		CHIM_UPLOAD_MAX
};

#endif
