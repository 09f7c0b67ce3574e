/* SPDX-License-Identifier: BSD-3-Clause */
/* What sockets of a probe hand over, which anyone on the path may have sent: no byte outside is
 * read, and what is made of it is sound. The first byte chooses the parser and its arguments. */
#include "jumbo/probe/reply.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void answer(int family, bool ip_header, const uint8_t *data, size_t size)
{
	struct probe_mark mark;
	uint32_t bytes;

	if (probe_parse_answer(family, ip_header, data, size, &mark, &bytes) != 0)
		return;
	if (bytes < PROBE_ECHO_HEADER || bytes > size || (ip_header && bytes + 20 > size))
		abort();
}

/* A complaint, taken to a search as if it were about an echo of 9000 bytes. */
static void complaint(const uint8_t *data, size_t size)
{
	struct probe_complaint c;
	struct probe_search s;
	unsigned int tries;
	uint32_t next;

	if (probe_parse_complaint(data, size, &c) != 0)
		return;
	if (memchr(c.from, '\0', sizeof(c.from)) == NULL)
		abort();
	if (c.error != PROBE_ERR_TOO_BIG)
		return;
	probe_search_init(&s, 68, 9000);
	probe_search_answered(&s, 68, 68, 0);
	probe_search_told(&s, 9000, c.mtu, c.local, c.from);
	next = probe_search_next(&s, &tries);
	if (next <= 68 || next >= 9000)
		abort();
}

static void quote(int family, const uint8_t *data, size_t size)
{
	uint16_t seq;

	if (probe_parse_quote(family, data, size, 0x1234, &seq) == 0 && size < PROBE_ICMP_HEADER)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int family;

	if (size == 0)
		return 0;
	family = data[0] & 1 ? AF_INET6 : AF_INET;
	if (data[0] & 2)
		complaint(data + 1, size - 1);
	else if (data[0] & 4)
		quote(family, data + 1, size - 1);
	else
		answer(family, data[0] & 8, data + 1, size - 1);
	return 0;
}
