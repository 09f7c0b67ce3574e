/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/base64.h"

#include <errno.h>
#include <string.h>

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_encode(const uint8_t *data, size_t n, char *text)
{
	for (; n >= 3; n -= 3, data += 3) {
		uint32_t bits = (uint32_t)data[0] << 16 | (uint32_t)data[1] << 8 | data[2];

		*text++ = letters[bits >> 18];
		*text++ = letters[bits >> 12 & 63];
		*text++ = letters[bits >> 6 & 63];
		*text++ = letters[bits & 63];
	}
	if (n > 0) {
		uint32_t bits = (uint32_t)data[0] << 16 | (n > 1 ? (uint32_t)data[1] << 8 : 0);

		*text++ = letters[bits >> 18];
		*text++ = letters[bits >> 12 & 63];
		*text++ = n > 1 ? letters[bits >> 6 & 63] : '=';
		*text++ = '=';
	}
	*text = '\0';
}

static int value_of(char c)
{
	const char *at = c ? strchr(letters, c) : NULL;

	return at ? (int)(at - letters) : -1;
}

/* The bytes of four characters: how many, 3 but in the last ones; or -EINVAL. */
static int decode_four(const char *text, uint8_t out[3])
{
	int n = text[3] != '=' ? 3 : text[2] != '=' ? 2 : 1;
	uint32_t bits = 0;

	for (int i = 0; i < 4; i++) {
		int value = i <= n ? value_of(text[i]) : 0;

		if (value < 0)
			return -EINVAL;
		bits = bits << 6 | (uint32_t)value;
	}
	for (int i = 0; i < 3; i++)
		out[i] = (uint8_t)(bits >> (16 - 8 * i));
	for (int i = n; i < 3; i++)
		if (out[i])
			return -EINVAL; /* bits that nobody wrote */
	return n;
}

ssize_t base64_decode(const char *text, uint8_t *data, size_t size)
{
	size_t left = strlen(text), at = 0;

	if (left % 4)
		return -EINVAL;
	for (; left > 0; left -= 4, text += 4) {
		uint8_t three[3];
		int n = decode_four(text, three);

		if (n < 0 || (n < 3 && left > 4) || size - at < (size_t)n)
			return -EINVAL;
		memcpy(data + at, three, (size_t)n);
		at += (size_t)n;
	}
	return (ssize_t)at;
}
