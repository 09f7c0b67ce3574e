/* SPDX-License-Identifier: BSD-3-Clause */
/* An IP address with a port, and its text: "192.0.2.1:80", "[2001:db8::1]:80" (RFC 5952 6). Any
 * thread. */
#ifndef BASE_ENDPOINT_H
#define BASE_ENDPOINT_H

#include <stdbool.h>
#include <stdint.h>

enum { ENDPOINT_TEXT = 56 }; /* bytes of the text, with its NUL */

struct endpoint {
	bool v6;
	uint8_t addr[16]; /* network order; IPv4 in the first four bytes, the rest zero */
	uint16_t port;	  /* network order */
};

/* false: text (NULL: none) is no such thing, or its port is 0. */
bool endpoint_parse(const char *text, struct endpoint *out);

/* Returns text. */
const char *endpoint_format(const struct endpoint *ep, char text[ENDPOINT_TEXT]);

#endif
