/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/shim/ports.h"

#include <netinet/in.h>
#include <stdlib.h>

bool chim_ports_hold(const char *text, uint16_t port)
{
	while (*text) {
		char *end;
		unsigned long from = strtoul(text, &end, 10), to = from;

		if (end == text)
			return false;
		if (*end == '-') {
			text = end + 1;
			to = strtoul(text, &end, 10);
			if (end == text)
				return false;
		}
		if (port >= from && port <= to)
			return true;
		if (*end && *end != ',')
			return false;
		text = *end ? end + 1 : end;
	}
	return false;
}

static uint16_t port_of(const struct chim_name *n)
{
	if (n->addr.ss_family == AF_INET6)
		return ntohs(((const struct sockaddr_in6 *)&n->addr)->sin6_port);
	return ntohs(((const struct sockaddr_in *)&n->addr)->sin_port);
}

bool chim_ports_want(const struct chim_name *local, const struct chim_name *peer)
{
	const char *text = getenv("FLUE_CHIMNEY_PORTS");

	return !text || !*text || chim_ports_hold(text, port_of(local)) ||
	       chim_ports_hold(text, port_of(peer));
}
