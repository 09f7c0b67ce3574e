/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/microguest/text.h"

static const char digits[] = "0123456789abcdef";

void mg_text_init(struct mg_text *t, char *at, size_t size)
{
	*t = (struct mg_text){.at = at, .size = size};
	at[0] = 0;
}

static void put(struct mg_text *t, char c)
{
	if (t->used + 1 >= t->size) {
		t->full = true;
		return;
	}
	t->at[t->used++] = c;
	t->at[t->used] = 0;
}

void mg_text_put(struct mg_text *t, const char *s)
{
	while (*s)
		put(t, *s++);
}

void mg_text_number(struct mg_text *t, uint64_t n)
{
	char reversed[20];
	size_t len = 0;

	do {
		reversed[len++] = digits[n % 10];
		n /= 10;
	} while (n);
	while (len)
		put(t, reversed[--len]);
}

void mg_text_hex(struct mg_text *t, uint64_t n)
{
	int shift = 60;

	mg_text_put(t, "0x");
	while (shift > 0 && !(n >> shift))
		shift -= 4;
	for (; shift >= 0; shift -= 4)
		put(t, digits[n >> shift & 15]);
}

/* RFC 8259, 7. */
static void quoted(struct mg_text *t, const char *s)
{
	put(t, '"');
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\')
			put(t, '\\');
		if (c >= 0x20) {
			put(t, *s);
			continue;
		}
		mg_text_put(t, "\\u00");
		put(t, digits[c >> 4]);
		put(t, digits[c & 15]);
	}
	put(t, '"');
}

static void member(struct mg_text *t, const char *key)
{
	if (t->more)
		put(t, ',');
	t->more = true;
	if (!key)
		return;
	quoted(t, key);
	put(t, ':');
}

void mg_json_open(struct mg_text *t, const char *key, char bracket)
{
	member(t, key);
	put(t, bracket);
	t->more = false;
}

void mg_json_close(struct mg_text *t, char bracket)
{
	put(t, bracket);
	t->more = true;
}

void mg_json_number(struct mg_text *t, const char *key, uint64_t n)
{
	member(t, key);
	mg_text_number(t, n);
}

void mg_json_string(struct mg_text *t, const char *key, const char *s)
{
	member(t, key);
	quoted(t, s);
}

void mg_json_hex(struct mg_text *t, const char *key, uint64_t n)
{
	member(t, key);
	put(t, '"');
	mg_text_hex(t, n);
	put(t, '"');
}

void mg_json_mac(struct mg_text *t, const char *key, const uint8_t mac[6])
{
	member(t, key);
	put(t, '"');
	for (int i = 0; i < 6; i++) {
		if (i)
			put(t, ':');
		put(t, digits[mac[i] >> 4]);
		put(t, digits[mac[i] & 15]);
	}
	put(t, '"');
}
