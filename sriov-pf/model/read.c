/* SPDX-License-Identifier: BSD-3-Clause */
#include "sriov-pf/model/read.h"

#include <stdio.h>
#include <string.h>

#define AT_SIZE 128

int pf_read_error(const struct pf_read *r, const char *key, struct err *e, const char *text)
{
	char at[AT_SIZE];

	snprintf(at, sizeof(at), "%.80s/%.40s", r->path, key);
	return err_at(e, -EINVAL, at, "%.40s: %s", key, text);
}

int pf_read_begin(struct pf_read *r, const json_t *obj, const char *path, struct err *e)
{
	*r = (struct pf_read){.obj = obj, .path = path};
	if (!json_is_object(obj))
		return err_at(e, -EINVAL, path, "must be a JSON object");
	return 0;
}

int pf_read_end(const struct pf_read *r, struct err *e)
{
	if (json_object_size(r->obj) == r->seen)
		return 0;
	return err_at(e, -EINVAL, r->path, "has %zu members where %u are known",
		      json_object_size(r->obj), r->seen);
}

bool pf_read_has(const struct pf_read *r, const char *key)
{
	return json_object_get(r->obj, key) != NULL;
}

static const json_t *member(struct pf_read *r, const char *key)
{
	const json_t *v = json_object_get(r->obj, key);

	if (v)
		r->seen++;
	return v;
}

int pf_read_str(struct pf_read *r, const char *key, char *out, size_t size, struct err *e)
{
	const json_t *v = member(r, key);
	const char *s = json_string_value(v);
	size_t len = json_string_length(v);

	if (!s)
		return pf_read_error(r, key, e, "must be a string");
	if (len >= size)
		return pf_read_error(r, key, e, "is too long");
	for (size_t i = 0; i < len; i++)
		if (s[i] < ' ' || s[i] > '~')
			return pf_read_error(r, key, e, "may hold printable ASCII only");
	memset(out, 0, size);
	memcpy(out, s, len);
	return 0;
}

int pf_read_uint(struct pf_read *r, const char *key, uint64_t max, uint64_t *out, struct err *e)
{
	const json_t *v = member(r, key);
	json_int_t n = json_integer_value(v);

	if (!json_is_integer(v))
		return pf_read_error(r, key, e, "must be a whole number");
	if (n < 0 || (uint64_t)n > max)
		return pf_read_error(r, key, e, "is out of its bounds");
	*out = (uint64_t)n;
	return 0;
}

int pf_read_bool(struct pf_read *r, const char *key, bool *out, struct err *e)
{
	const json_t *v = member(r, key);

	if (!json_is_boolean(v))
		return pf_read_error(r, key, e, "must be true or false");
	*out = json_is_true(v);
	return 0;
}

int pf_read_word(struct pf_read *r, const char *key, const char *const *words, unsigned int n,
		 unsigned int *out, struct err *e)
{
	const char *s = json_string_value(member(r, key));

	for (unsigned int i = 0; s && i < n; i++)
		if (strcmp(s, words[i]) == 0) {
			*out = i;
			return 0;
		}
	return pf_read_error(r, key, e, "is none of the words known here");
}
