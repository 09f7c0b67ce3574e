/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What sockets hand over, read: answers to echoes, and the error queue's messages about them.
 * Anyone on the way can send either, so nothing of them is believed that does not name an echo of
 * ours. Pure functions. Any thread.
 */
#ifndef JUMBO_PROBE_REPLY_H
#define JUMBO_PROBE_REPLY_H

#include "jumbo/probe/search.h"

#include <netinet/in.h>
#include <stddef.h>

/* An echo's payload begins with this, in the byte order of this host. */
struct probe_mark {
	uint64_t nonce;	 /* the same in all echoes of one probe */
	uint32_t size;	 /* of the layer-3 packet, bytes */
	uint32_t number; /* counts echoes; its low 16 bits are the ICMP sequence number */
};
_Static_assert(sizeof(struct probe_mark) == 16, "goes over the wire");

enum {
	PROBE_ICMP_HEADER = 8,
	PROBE_ECHO_HEADER = PROBE_ICMP_HEADER + sizeof(struct probe_mark),
};

/* An answer to an echo, RFC 792 and RFC 4443 4.2. msg: from the ICMP header on, or, with
 * `ip_header`, from an IPv4 header on (as raw sockets give it). family: AF_INET or AF_INET6.
 * 0, *mark filled and *bytes the length of the ICMP message; -EINVAL: not an echo reply that holds
 * a mark. */
int probe_parse_answer(int family, bool ip_header, const uint8_t *msg, size_t len,
		       struct probe_mark *mark, uint32_t *bytes);

enum probe_error {
	PROBE_ERR_TOO_BIG, /* does not fit a link: `mtu` would */
	PROBE_ERR_EXPIRED, /* its hop limit was used up at `from` */
	PROBE_ERR_DENIED,  /* `from` cannot or will not carry it on */
	PROBE_ERR_OTHER,
};

struct probe_complaint {
	enum probe_error error;
	bool local; /* this host itself says so */
	uint32_t mtu;
	int code; /* positive errno, as the kernel translates it */
	char from[PROBE_ADDRESS_MAX];
};

/* The value of a control message IP_RECVERR or IPV6_RECVERR: a struct sock_extended_err and the
 * sender's address. 0, or -EINVAL. */
int probe_parse_complaint(const uint8_t *value, size_t len, struct probe_complaint *c);

/* The sequence number of the echo request that an error message quotes: its data, from the ICMP
 * header on. IPv4 routers need not quote more than these 8 bytes (RFC 792). A local error may quote
 * nothing. id: of our echoes, in host byte order. 0, or -EINVAL: not an echo request of ours. */
int probe_parse_quote(int family, const uint8_t *msg, size_t len, uint16_t id, uint16_t *seq);

#endif
