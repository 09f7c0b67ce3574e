/* SPDX-License-Identifier: BSD-3-Clause */
/* Small additions to jansson that several rooms use. All: any thread, no shared state. */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* The member's value, or the default where it is absent or of another type. */
const char *json_get_str(const json_t *obj, const char *key, const char *def);
int64_t json_get_int(const json_t *obj, const char *key, int64_t def);
bool json_get_bool(const json_t *obj, const char *key, bool def);

/* The array's first object whose member `key` is the string `value`; borrowed, NULL if none. */
json_t *json_find(const json_t *array, const char *key, const char *value);

#endif
