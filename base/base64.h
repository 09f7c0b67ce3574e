/* SPDX-License-Identifier: BSD-3-Clause */
/* Base64, RFC 4648 4, with padding. Any thread. */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Bytes of the text of n bytes, without its NUL. */
#define BASE64_TEXT(n) (((n) + 2) / 3 * 4)

/* Writes BASE64_TEXT(n) characters and a NUL. */
void base64_encode(const uint8_t *data, size_t n, char *text);

/* Writes at most `size` bytes. How many, or -EINVAL: text is no such thing, or of more bytes. */
ssize_t base64_decode(const char *text, uint8_t *data, size_t size);

#endif
