/* SPDX-License-Identifier: BSD-3-Clause */
#include "api/cfg_yaml.h"
#include "api/scalar.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Next code point of valid UTF-8 (jansson lets no other in). */
static unsigned int next_code_point(const unsigned char **s)
{
	unsigned int c = *(*s)++;
	unsigned int more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : c >= 0xc0 ? 1 : 0;

	if (more)
		c &= 0x3fu >> more;
	while (more--)
		c = c << 6 | (*(*s)++ & 0x3fu);
	return c;
}

/* Double-quoted, and all but printable ASCII escaped: YAML forbids some characters that JSON
 * allows, and has escapes of its own for those beyond U+FFFF (YAML 1.2 5.7). */
static void print_quoted(FILE *out, const char *text)
{
	const unsigned char *s = (const unsigned char *)text;

	fputc('"', out);
	while (*s) {
		unsigned int c = next_code_point(&s);

		if (c == '"' || c == '\\')
			fprintf(out, "\\%c", (int)c);
		else if (c >= 0x20 && c < 0x7f)
			fputc((int)c, out);
		else if (c <= 0xff)
			fprintf(out, "\\x%02X", c);
		else if (c <= 0xffff)
			fprintf(out, "\\u%04X", c);
		else
			fprintf(out, "\\U%08X", c);
	}
	fputc('"', out);
}

static void print_text(FILE *out, const char *text)
{
	if (scalar_is_plain_text(text))
		fputs(text, out);
	else
		print_quoted(out, text);
}

static void print_scalar(FILE *out, const json_t *v)
{
	if (json_is_string(v))
		print_text(out, json_string_value(v));
	else
		json_dumpf(v, out, JSON_ENCODE_ANY); /* numbers, true, false, null, [], {} */
}

/* Nothing at all is null under any key; the word would be text where the key's type is text. */
static void print_nested_scalar(FILE *out, const json_t *v)
{
	if (!json_is_null(v))
		print_scalar(out, v);
}

static bool has_members(const json_t *v)
{
	return json_object_size(v) > 0 || json_array_size(v) > 0;
}

/* Block style. `follow`: the first line stands behind "- " and is indented already. */
static void print_block(FILE *out, const json_t *v, int indent, bool follow)
{
	const char *name;
	json_t *item;
	size_t i;

	json_object_foreach ((json_t *)v, name, item) {
		fprintf(out, "%*s", follow ? 0 : indent, "");
		follow = false;
		print_text(out, name);
		fputc(':', out);
		if (has_members(item)) {
			fputc('\n', out);
			print_block(out, item, indent + 2, false);
		} else {
			fputc(' ', out);
			print_nested_scalar(out, item);
			fputc('\n', out);
		}
	}
	json_array_foreach (v, i, item) {
		fprintf(out, "%*s- ", follow ? 0 : indent, "");
		follow = false;
		if (has_members(item)) {
			print_block(out, item, indent + 2, true);
		} else {
			print_nested_scalar(out, item);
			fputc('\n', out);
		}
	}
}

char *cfg_yaml_print(const json_t *config)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	if (has_members(config)) {
		print_block(out, config, 0, false);
	} else {
		print_scalar(out, config);
		fputc('\n', out);
	}
	if (fclose(out) == 0)
		return text;
	free(text);
	errno = ENOMEM;
	return NULL;
}
