/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Text and JSON into a fixed buffer. Pure. What does not fit is cut off, and `full` says so; an
 * object's members are separated by themselves.
 */
#ifndef HV_CORE_MICROGUEST_TEXT_H
#define HV_CORE_MICROGUEST_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mg_text {
	char *at;
	size_t size, used; /* there is always room for the 0 at the end */
	bool full, more;   /* more: the next member of the open object follows another one */
};

void mg_text_init(struct mg_text *t, char *at, size_t size);
void mg_text_put(struct mg_text *t, const char *s);
void mg_text_number(struct mg_text *t, uint64_t n);
void mg_text_hex(struct mg_text *t, uint64_t n); /* 0x..., no leading zeros */

/* key NULL: an element of an array, or the outermost value. bracket: '{' or '['. */
void mg_json_open(struct mg_text *t, const char *key, char bracket);
void mg_json_close(struct mg_text *t, char bracket); /* '}' or ']' */
void mg_json_number(struct mg_text *t, const char *key, uint64_t n);
void mg_json_string(struct mg_text *t, const char *key, const char *s);
void mg_json_hex(struct mg_text *t, const char *key, uint64_t n); /* as a string */
void mg_json_mac(struct mg_text *t, const char *key, const uint8_t mac[6]);

#endif
