/* SPDX-License-Identifier: BSD-3-Clause */
#include "jumbo/probe/reply.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/errqueue.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <string.h>

int probe_parse_answer(int family, bool ip_header, const uint8_t *msg, size_t len,
		       struct probe_mark *mark, uint32_t *bytes)
{
	uint8_t want = family == AF_INET ? ICMP_ECHOREPLY : ICMP6_ECHO_REPLY;

	if (ip_header) {
		size_t header = len ? (size_t)(msg[0] & 0xf) * 4 : 0;

		if (header < 20 || header > len || msg[0] >> 4 != 4 || msg[9] != IPPROTO_ICMP)
			return -EINVAL;
		msg += header;
		len -= header;
	}
	if (len < PROBE_ECHO_HEADER || msg[0] != want || msg[1] != 0)
		return -EINVAL;
	memcpy(mark, msg + PROBE_ICMP_HEADER, sizeof(*mark));
	/* The sequence number must be that of the mark. */
	if (((uint32_t)msg[6] << 8 | msg[7]) != (mark->number & 0xffff))
		return -EINVAL;
	*bytes = (uint32_t)len;
	return 0;
}

static enum probe_error icmp_error(const struct sock_extended_err *ee)
{
	if (ee->ee_origin == SO_EE_ORIGIN_ICMP) {
		if (ee->ee_type == ICMP_TIME_EXCEEDED && ee->ee_code == ICMP_EXC_TTL)
			return PROBE_ERR_EXPIRED;
		if (ee->ee_type != ICMP_DEST_UNREACH)
			return PROBE_ERR_OTHER;
		return ee->ee_code == ICMP_FRAG_NEEDED ? PROBE_ERR_TOO_BIG : PROBE_ERR_DENIED;
	}
	if (ee->ee_type == ICMP6_TIME_EXCEEDED && ee->ee_code == ICMP6_TIME_EXCEED_TRANSIT)
		return PROBE_ERR_EXPIRED;
	if (ee->ee_type == ICMP6_PACKET_TOO_BIG)
		return PROBE_ERR_TOO_BIG;
	return ee->ee_type == ICMP6_DST_UNREACH ? PROBE_ERR_DENIED : PROBE_ERR_OTHER;
}

static void address_text(const uint8_t *value, size_t len, char *text)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	sa_family_t family;

	text[0] = '\0';
	if (len < sizeof(family))
		return;
	memcpy(&family, value, sizeof(family));
	if (family == AF_INET && len >= sizeof(in)) {
		memcpy(&in, value, sizeof(in));
		inet_ntop(AF_INET, &in.sin_addr, text, PROBE_ADDRESS_MAX);
	} else if (family == AF_INET6 && len >= sizeof(in6)) {
		memcpy(&in6, value, sizeof(in6));
		inet_ntop(AF_INET6, &in6.sin6_addr, text, PROBE_ADDRESS_MAX);
	}
}

int probe_parse_complaint(const uint8_t *value, size_t len, struct probe_complaint *c)
{
	struct sock_extended_err ee;

	memset(c, 0, sizeof(*c));
	if (len < sizeof(ee))
		return -EINVAL;
	memcpy(&ee, value, sizeof(ee));
	c->code = (int)ee.ee_errno;
	if (ee.ee_origin == SO_EE_ORIGIN_LOCAL) {
		c->local = true;
		c->error = ee.ee_errno == EMSGSIZE ? PROBE_ERR_TOO_BIG : PROBE_ERR_OTHER;
	} else if (ee.ee_origin == SO_EE_ORIGIN_ICMP || ee.ee_origin == SO_EE_ORIGIN_ICMP6) {
		c->error = icmp_error(&ee);
		address_text(value + sizeof(ee), len - sizeof(ee), c->from);
	} else {
		c->error = PROBE_ERR_OTHER;
	}
	if (c->error == PROBE_ERR_TOO_BIG)
		c->mtu = ee.ee_info;
	return 0;
}

int probe_parse_quote(int family, const uint8_t *msg, size_t len, uint16_t id, uint16_t *seq)
{
	uint8_t want = family == AF_INET ? ICMP_ECHO : ICMP6_ECHO_REQUEST;

	if (len < PROBE_ICMP_HEADER || msg[0] != want || msg[1] != 0)
		return -EINVAL;
	if (((uint32_t)msg[4] << 8 | msg[5]) != id)
		return -EINVAL;
	*seq = (uint16_t)((uint32_t)msg[6] << 8 | msg[7]);
	return 0;
}
