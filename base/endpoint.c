/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/endpoint.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool parse_port(const char *text, uint16_t *port)
{
	char *end;
	unsigned long n;

	if (!isdigit((unsigned char)text[0]))
		return false;
	n = strtoul(text, &end, 10);
	*port = htons((uint16_t)n);
	return *end == '\0' && n > 0 && n <= 65535;
}

bool endpoint_parse(const char *text, struct endpoint *out)
{
	struct endpoint ep = {.v6 = text && text[0] == '['};
	const char *colon = text ? strrchr(text, ':') : NULL, *from = text, *to = colon;
	char addr[INET6_ADDRSTRLEN];

	if (!colon)
		return false;
	if (ep.v6) {
		from = text + 1;
		to = colon - 1;
		if (to < from || *to != ']')
			return false;
	}
	if ((size_t)(to - from) >= sizeof(addr))
		return false;
	memcpy(addr, from, (size_t)(to - from));
	addr[to - from] = '\0';
	if (inet_pton(ep.v6 ? AF_INET6 : AF_INET, addr, ep.addr) != 1 ||
	    !parse_port(colon + 1, &ep.port))
		return false;
	*out = ep;
	return true;
}

const char *endpoint_format(const struct endpoint *ep, char text[ENDPOINT_TEXT])
{
	char addr[INET6_ADDRSTRLEN];

	inet_ntop(ep->v6 ? AF_INET6 : AF_INET, ep->addr, addr, sizeof(addr));
	snprintf(text, ENDPOINT_TEXT, ep->v6 ? "[%s]:%u" : "%s:%u", addr, ntohs(ep->port));
	return text;
}
