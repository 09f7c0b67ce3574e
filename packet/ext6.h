/* SPDX-License-Identifier: BSD-3-Clause */
/* IPv6 extension headers, one by one: RFC 8200 4, RFC 4302. Pure; any thread. */
#ifndef PACKET_EXT6_H
#define PACKET_EXT6_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

/* Is this next-header value an extension header that has another header behind it? ESP (50) has,
 * but out of sight. */
static inline bool pkt_ext6_is(uint8_t next)
{
	switch (next) {
	case IPPROTO_HOPOPTS:
	case IPPROTO_ROUTING:
	case IPPROTO_FRAGMENT:
	case IPPROTO_AH:
	case IPPROTO_DSTOPTS:
		return true;
	default:
		return false;
	}
}

/* Length of the extension header `kind` at p, of which two bytes can be read. */
static inline uint32_t pkt_ext6_len(uint8_t kind, const uint8_t *p)
{
	switch (kind) {
	case IPPROTO_FRAGMENT:
		return 8;
	case IPPROTO_AH: /* RFC 4302 2.2: in units of 4 bytes, less 2 */
		return (p[1] + 2) * 4;
	default:
		return (p[1] + 1) * 8;
	}
}

#endif
