/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/json.h"

#include <string.h>

const char *json_get_str(const json_t *obj, const char *key, const char *def)
{
	const json_t *v = json_object_get(obj, key);

	return json_is_string(v) ? json_string_value(v) : def;
}

int64_t json_get_int(const json_t *obj, const char *key, int64_t def)
{
	const json_t *v = json_object_get(obj, key);

	return json_is_integer(v) ? json_integer_value(v) : def;
}

bool json_get_bool(const json_t *obj, const char *key, bool def)
{
	const json_t *v = json_object_get(obj, key);

	return json_is_boolean(v) ? json_is_true(v) : def;
}

json_t *json_find(const json_t *array, const char *key, const char *value)
{
	json_t *item;
	size_t i;

	json_array_foreach (array, i, item) {
		const char *v = json_get_str(item, key, NULL);

		if (v && strcmp(v, value) == 0)
			return item;
	}
	return NULL;
}
