/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/err_json.h"

#include "base/json.h"

/* Cut where a text may end amid a character, which JSON would refuse. */
static json_t *text(const char *s)
{
	json_t *v = json_string(s);

	return v ? v : json_string("(a text that is not UTF-8)");
}

json_t *err_to_json(const struct err *e)
{
	json_t *o = json_object();

	json_object_set_new(o, "code", json_integer(e->code < 0 ? e->code : -EIO));
	json_object_set_new(o, "text", text(e->text));
	json_object_set_new(o, "path", text(e->path));
	return o;
}

void err_from_json(const json_t *error, const char *silent, struct err *e)
{
	int64_t code = json_get_int(error, "code", -EIO);

	if (code >= 0 || code < -ERRNO_MAX)
		code = -EIO;
	err_at(e, (int)code, json_get_str(error, "path", ""), "%.380s",
	       json_get_str(error, "text", silent));
}
