/* SPDX-License-Identifier: BSD-3-Clause */
/* A MAC address and its text, six hex octets with colons. Any thread. */
#ifndef BASE_MAC_H
#define BASE_MAC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MAC_TEXT = 18 }; /* bytes of the text, with its NUL */

/* false: text (NULL: none) is no such address, and mac is left as it was. */
bool mac_parse(const char *text, uint8_t mac[6]);

/* Lower case. Returns text. */
const char *mac_format(const uint8_t mac[6], char text[MAC_TEXT]);

#endif
