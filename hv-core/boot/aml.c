/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/boot/aml.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define ONE_OP	      0x01
#define NAME_OP	      0x08
#define BYTE_PREFIX   0x0a
#define WORD_PREFIX   0x0b
#define DWORD_PREFIX  0x0c
#define STRING_PREFIX 0x0d
#define QWORD_PREFIX  0x0e
#define SCOPE_OP      0x10
#define BUFFER_OP     0x11
#define PACKAGE_OP    0x12
#define METHOD_OP     0x14
#define DUAL_PREFIX   0x2e
#define MULTI_PREFIX  0x2f
#define EXT_PREFIX    0x5b
#define EXT_REGION    0x80
#define EXT_FIELD     0x81
#define EXT_DEVICE    0x82
#define IF_OP	      0xa0
#define ELSE_OP	      0xa1

#define REGION_MEMORY  0
#define FIELD_DWORD    3    /* access of 32 bits, no lock, other bits preserved */
#define END_TAG	       0x79 /* its checksum of 0 means: there is none */
#define METHOD_SERIAL  0x08
#define PKG_LENGTH_MAX 0xfffffff

void hv_aml_bytes(struct hv_aml *a, const void *p, size_t len)
{
	if (a->full || a->room - a->len < len) {
		a->full = true;
		return;
	}
	memcpy(a->p + a->len, p, len);
	a->len += len;
}

void hv_aml_number(struct hv_aml *a, uint64_t v, unsigned int bytes)
{
	for (unsigned int i = 0; i < bytes; i++) {
		uint8_t b = (uint8_t)(v >> (8 * i));

		hv_aml_bytes(a, &b, 1);
	}
}

static void byte(struct hv_aml *a, uint8_t v)
{
	hv_aml_bytes(a, &v, 1);
}

void hv_aml_op(struct hv_aml *a, enum hv_aml_op op)
{
	byte(a, (uint8_t)op);
}

void hv_aml_path(struct hv_aml *a, const char *path)
{
	unsigned int parts = 1;

	for (; *path == '\\' || *path == '^'; path++)
		byte(a, (uint8_t)*path);
	for (const char *p = path; *p; p++)
		parts += *p == '.';
	if (!*path) {
		byte(a, 0); /* the root alone */
		return;
	}
	if (parts == 2)
		byte(a, DUAL_PREFIX);
	if (parts > 2) {
		byte(a, MULTI_PREFIX);
		byte(a, (uint8_t)parts);
	}
	while (*path) {
		size_t len = strcspn(path, ".");

		hv_aml_bytes(a, path, len < 4 ? len : 4);
		for (size_t i = len; i < 4; i++)
			byte(a, '_');
		path += len + (path[len] == '.');
	}
}

void hv_aml_name(struct hv_aml *a, const char *path)
{
	byte(a, NAME_OP);
	hv_aml_path(a, path);
}

void hv_aml_int(struct hv_aml *a, uint64_t v)
{
	static const struct {
		uint64_t max;
		uint8_t prefix, bytes;
	} kinds[] = {{0xff, BYTE_PREFIX, 1},
		     {0xffff, WORD_PREFIX, 2},
		     {0xffffffff, DWORD_PREFIX, 4},
		     {UINT64_MAX, QWORD_PREFIX, 8}};
	unsigned int k = 0;

	if (v <= 1) {
		byte(a, v ? ONE_OP : HV_AML_ZERO);
		return;
	}
	while (v > kinds[k].max)
		k++;
	byte(a, kinds[k].prefix);
	hv_aml_number(a, v, kinds[k].bytes);
}

void hv_aml_string(struct hv_aml *a, const char *s)
{
	byte(a, STRING_PREFIX);
	hv_aml_bytes(a, s, strlen(s) + 1);
}

/* Three letters in five bits each, then four hexadecimal digits; big-endian (ACPI 19.6.38). */
void hv_aml_eisa_id(struct hv_aml *a, const char *id)
{
	uint32_t v = (uint32_t)(id[0] & 0x1f) << 26 | (uint32_t)(id[1] & 0x1f) << 21 |
		     (uint32_t)(id[2] & 0x1f) << 16 | (uint32_t)strtoul(id + 3, NULL, 16);

	byte(a, DWORD_PREFIX);
	hv_aml_number(a, __builtin_bswap32(v), 4);
}

static uint8_t hex(const char *p)
{
	const char digits[3] = {p[0], p[1], 0};

	return (uint8_t)strtoul(digits, NULL, 16);
}

void hv_aml_uuid(struct hv_aml *a, const char *uuid)
{
	/* Where in the text each byte is: the first three groups are little-endian. */
	static const uint8_t at[16] = {6, 4, 2, 0, 11, 9, 16, 14, 19, 21, 24, 26, 28, 30, 32, 34};

	byte(a, BUFFER_OP);
	byte(a, 1 + 2 + sizeof(at)); /* PkgLength, with itself */
	byte(a, BYTE_PREFIX);
	byte(a, sizeof(at));
	for (unsigned int i = 0; i < sizeof(at); i++)
		byte(a, hex(uuid + at[i]));
}

/* Makes room at `at` and puts bytes there. */
static void insert(struct hv_aml *a, size_t at, const void *p, size_t len)
{
	size_t behind = a->len - at;

	hv_aml_bytes(a, p, len);
	if (a->full)
		return;
	memmove(a->p + at + len, a->p + at, behind);
	memcpy(a->p + at, p, len);
}

/* PkgLength counts itself (ACPI 20.2.4). */
void hv_aml_close(struct hv_aml *a, size_t opened)
{
	uint8_t length[4];
	unsigned int n = 1;

	if (a->full)
		return;
	size_t content = a->len - opened;
	if (content + 1 > 0x3f)
		for (n = 2; n < 4 && (content + n) >> (4 + 8 * (n - 1)); n++)
			;
	size_t total = content + n;
	if (total > PKG_LENGTH_MAX) {
		a->full = true;
		return;
	}
	length[0] = n == 1 ? (uint8_t)total : (uint8_t)((n - 1) << 6 | (total & 0xf));
	for (unsigned int i = 1; i < n; i++)
		length[i] = (uint8_t)(total >> (4 + 8 * (i - 1)));
	insert(a, opened, length, n);
}

size_t hv_aml_scope(struct hv_aml *a, const char *path)
{
	byte(a, SCOPE_OP);
	size_t opened = a->len;
	hv_aml_path(a, path);
	return opened;
}

size_t hv_aml_device(struct hv_aml *a, const char *name)
{
	byte(a, EXT_PREFIX);
	byte(a, EXT_DEVICE);
	size_t opened = a->len;
	hv_aml_path(a, name);
	return opened;
}

size_t hv_aml_method(struct hv_aml *a, const char *name, unsigned int args, bool serialized)
{
	byte(a, METHOD_OP);
	size_t opened = a->len;
	hv_aml_path(a, name);
	byte(a, (uint8_t)(args | (serialized ? METHOD_SERIAL : 0)));
	return opened;
}

size_t hv_aml_if(struct hv_aml *a)
{
	byte(a, IF_OP);
	return a->len;
}

size_t hv_aml_else(struct hv_aml *a)
{
	byte(a, ELSE_OP);
	return a->len;
}

size_t hv_aml_package(struct hv_aml *a, unsigned int elements)
{
	byte(a, PACKAGE_OP);
	size_t opened = a->len;
	byte(a, (uint8_t)elements);
	return opened;
}

void hv_aml_registers(struct hv_aml *a, const char *region, uint64_t at, unsigned int n,
		      const char *const *names)
{
	byte(a, EXT_PREFIX);
	byte(a, EXT_REGION);
	hv_aml_path(a, region);
	byte(a, REGION_MEMORY);
	hv_aml_int(a, at);
	hv_aml_int(a, n * 4);

	byte(a, EXT_PREFIX);
	byte(a, EXT_FIELD);
	size_t field = a->len;
	hv_aml_path(a, region);
	byte(a, FIELD_DWORD);
	for (unsigned int i = 0; i < n; i++) {
		hv_aml_bytes(a, names[i], 4);
		byte(a, 32); /* bits, as a PkgLength of one byte */
	}
	hv_aml_close(a, field);
}

size_t hv_aml_resources(struct hv_aml *a)
{
	byte(a, BUFFER_OP);
	return a->len;
}

void hv_aml_close_resources(struct hv_aml *a, size_t opened)
{
	uint8_t size[3] = {WORD_PREFIX};

	byte(a, END_TAG);
	byte(a, 0);
	if (a->full)
		return;
	size[1] = (uint8_t)(a->len - opened);
	size[2] = (uint8_t)((a->len - opened) >> 8);
	insert(a, opened, size, sizeof(size));
	hv_aml_close(a, opened);
}
