/* SPDX-License-Identifier: BSD-3-Clause */
/* The shape of a run file, as tables: what docs/bench-file.md says in words. */
#include "bench/runfile.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum kind {
	K_ANY,
	K_TEXT,
	K_NAME,	  /* lower-case letters, digits, '-' and '_': becomes part of a file's name */
	K_NUMBER, /* finite, and small enough to count with */
	K_COUNT,  /* a whole number, 0 or more */
	K_BOOL,
	K_TEXTS,   /* a list of texts */
	K_NUMBERS, /* a list of numbers */
	K_RANGE,   /* [lo, hi] */
	K_PARAMS,  /* an object of texts */
	K_OBJECT,  /* an object; its members are `sub` */
	K_LIST,	   /* a list of objects; their members are `sub` */
	K_BUCKETS, /* [[index, count]…] */
};

struct member {
	const char *name;
	enum kind kind;
	bool needed;
	const struct member *sub; /* ends with a NULL name */
};

#define NEED(n, k)                                       \
	{                                                \
		.name = (n), .kind = (k), .needed = true \
	}
#define NEED_SUB(n, k, s)                                            \
	{                                                            \
		.name = (n), .kind = (k), .needed = true, .sub = (s) \
	}
#define MAY(n, k)                        \
	{                                \
		.name = (n), .kind = (k) \
	}
#define MAY_SUB(n, k, s)                             \
	{                                            \
		.name = (n), .kind = (k), .sub = (s) \
	}

/* No rate, time or count of a benchmark is larger; sums of them stay finite. */
static const double number_max = 1e18;

static const struct member any[] = {{0}};

static const struct member hist[] = {
	NEED("min", K_COUNT),
	NEED("max", K_COUNT),
	NEED("sum", K_COUNT),
	NEED("count", K_COUNT),
	NEED("clipped", K_COUNT),
	NEED("buckets", K_BUCKETS),
	{0},
};

static const struct member trial[] = {
	NEED("load", K_NUMBER),	  NEED("seconds", K_NUMBER),
	NEED("offered", K_COUNT), MAY("sent", K_COUNT),
	MAY("refused", K_COUNT),  NEED("received", K_COUNT),
	MAY("dropped", K_COUNT),  NEED("valid", K_BOOL),
	MAY("why", K_TEXT),	  {0},
};

static const struct member goal[] = {
	NEED("loss_ratio", K_NUMBER), MAY("lower", K_NUMBER), MAY("upper", K_NUMBER),
	MAY("throughput", K_NUMBER),  MAY("reached", K_BOOL), {0},
};

static const struct member latency[] = {
	MAY("load", K_NUMBER),
	MAY("share", K_NUMBER),
	MAY_SUB("corrected", K_OBJECT, hist),
	MAY_SUB("raw", K_OBJECT, hist),
	{0},
};

static const struct member stage[] = {
	NEED("name", K_TEXT),
	NEED("packets", K_COUNT),
	NEED("cycles", K_COUNT),
	{0},
};

static const struct member data[] = {
	MAY_SUB("trials", K_LIST, trial),
	MAY_SUB("goals", K_LIST, goal),
	MAY_SUB("latency", K_LIST, latency),
	MAY_SUB("stages", K_LIST, stage),
	{0},
};

static const struct member raw[] = {
	NEED("system", K_TEXT),
	NEED("params", K_PARAMS),
	MAY("round", K_COUNT),
	NEED("valid", K_BOOL),
	MAY("why", K_TEXT),
	MAY_SUB("watch", K_OBJECT, any),
	MAY_SUB("data", K_OBJECT, data),
	{0},
};

/* Where nothing but invalid samples was taken there is neither metric nor trial. */
static const struct member result[] = {
	NEED("system", K_TEXT),	     NEED("params", K_PARAMS),
	MAY("metric", K_TEXT),	     MAY("unit", K_TEXT),
	MAY("lower_better", K_BOOL), MAY("informal", K_BOOL),
	MAY("median", K_NUMBER),     MAY("ci95", K_RANGE),
	MAY("trials", K_NUMBERS),    MAY("invalid", K_COUNT),
	MAY("invalid_why", K_TEXTS), MAY("bound", K_TEXT),
	MAY("ceiling", K_NUMBER),    MAY("is_ceiling", K_BOOL),
	MAY("bands", K_RANGE),	     {0},
};

static const struct member comparison[] = {
	NEED("a", K_TEXT),
	NEED("b", K_TEXT),
	NEED("params", K_PARAMS),
	NEED("metric", K_TEXT),
	MAY("lower_better", K_BOOL),
	MAY("pairs", K_COUNT),
	MAY("ratio", K_NUMBER),
	MAY("ci95", K_RANGE),
	NEED("verdict", K_TEXT),
	MAY("bound", K_TEXTS),
	{0},
};

static const struct member refusal[] = {
	NEED("system", K_TEXT),
	MAY("params", K_PARAMS),
	NEED("why", K_TEXT),
	{0},
};

static const struct member names[] = {
	NEED("name", K_TEXT),
	MAY("version", K_TEXT),
	MAY("ceiling", K_BOOL),
	{0},
};

static const struct member run_members[] = {
	NEED("schema", K_TEXT),
	NEED("scenario", K_NAME),
	NEED("started", K_TEXT),
	MAY("seconds", K_NUMBER),
	MAY("partial", K_BOOL),
	MAY("command", K_TEXTS),
	NEED_SUB("machine", K_OBJECT, any),
	MAY_SUB("systems", K_LIST, names),
	NEED_SUB("results", K_LIST, result),
	MAY_SUB("comparisons", K_LIST, comparison),
	MAY_SUB("refused", K_LIST, refusal),
	MAY_SUB("raw", K_LIST, raw),
	{0},
};

static bool is_number(const json_t *v)
{
	return json_is_number(v) && fabs(json_number_value(v)) <= number_max;
}

static bool is_count(const json_t *v)
{
	return json_is_integer(v) && json_integer_value(v) >= 0;
}

static bool is_text(const json_t *v)
{
	return json_is_string(v);
}

static bool is_pair(const json_t *v)
{
	return json_array_size(v) == 2 && is_count(json_array_get(v, 0)) &&
	       is_count(json_array_get(v, 1));
}

static bool is_name(const json_t *v)
{
	const char *s = json_string_value(v);
	size_t n = s ? strlen(s) : 0;

	return n >= 1 && n <= 40 && strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-_") == n;
}

static bool is_list_of(const json_t *v, bool (*is)(const json_t *))
{
	json_t *item;
	size_t i;

	if (!json_is_array(v) || json_array_size(v) > RUNFILE_ITEMS_MAX)
		return false;
	json_array_foreach (v, i, item)
		if (!is(item))
			return false;
	return true;
}

static bool is_range(const json_t *v)
{
	return is_list_of(v, is_number) && json_array_size(v) == 2 &&
	       json_number_value(json_array_get(v, 0)) <= json_number_value(json_array_get(v, 1));
}

static bool is_params(const json_t *v)
{
	const char *key;
	json_t *value;

	if (!json_is_object(v))
		return false;
	json_object_foreach ((json_t *)v, key, value)
		if (!json_is_string(value))
			return false;
	return true;
}

/* What the value should have been, or NULL when it is. Lists and objects are looked into later. */
static const char *fault(const json_t *v, enum kind kind)
{
	switch (kind) {
	case K_ANY:
		return NULL;
	case K_TEXT:
		return is_text(v) ? NULL : "a text";
	case K_NAME:
		return is_name(v) ? NULL : "a name of up to 40 letters a-z, digits, '-' and '_'";
	case K_NUMBER:
		return is_number(v) ? NULL : "a number between -1e18 and 1e18";
	case K_COUNT:
		return is_count(v) ? NULL : "a whole number, 0 or more";
	case K_BOOL:
		return json_is_boolean(v) ? NULL : "true or false";
	case K_TEXTS:
		return is_list_of(v, is_text) ? NULL : "a list of texts";
	case K_NUMBERS:
		return is_list_of(v, is_number) ? NULL : "a list of numbers";
	case K_RANGE:
		return is_range(v) ? NULL : "two numbers, the smaller first";
	case K_PARAMS:
		return is_params(v) ? NULL : "an object whose values are texts";
	case K_OBJECT:
		return json_is_object(v) ? NULL : "an object";
	case K_LIST:
		return json_is_array(v) && json_array_size(v) <= RUNFILE_ITEMS_MAX
			       ? NULL
			       : "a list of at most 65536 objects";
	case K_BUCKETS:
		return is_list_of(v, is_pair) ? NULL : "a list of [index, count]";
	}
	return "known to this program";
}

static int check_members(const json_t *obj, const struct member *m, const char *path,
			 struct err *e);

static int check_value(const json_t *v, const struct member *m, const char *path, struct err *e)
{
	const char *wanted = fault(v, m->kind);
	json_t *item;
	size_t i;

	if (wanted)
		return err_at(e, -EINVAL, path, "%s must be %s", path, wanted);
	if (m->kind == K_OBJECT)
		return check_members(v, m->sub, path, e);
	if (m->kind != K_LIST)
		return 0;
	json_array_foreach (v, i, item) {
		char at[112];
		int rc;

		snprintf(at, sizeof(at), "%.90s/%zu", path, i);
		if (!json_is_object(item))
			return err_at(e, -EINVAL, at, "%s must be an object", at);
		rc = check_members(item, m->sub, at, e);
		if (rc)
			return rc;
	}
	return 0;
}

static int check_members(const json_t *obj, const struct member *m, const char *path, struct err *e)
{
	for (; m->name; m++) {
		const json_t *v = json_object_get(obj, m->name);
		char at[128];
		int rc;

		snprintf(at, sizeof(at), "%.90s/%s", path, m->name);
		if (!v && m->needed)
			return err_at(e, -EINVAL, at, "%s is missing", at);
		rc = v ? check_value(v, m, at, e) : 0;
		if (rc)
			return rc;
	}
	return 0;
}

int runfile_check(const json_t *run, struct err *e)
{
	const char *schema;

	if (!json_is_object(run))
		return err_set(e, -EINVAL, "a run file holds one JSON object, and this is none");
	schema = json_string_value(json_object_get(run, "schema"));
	if (!schema || strcmp(schema, RUNFILE_SCHEMA) != 0)
		return err_at(e, -EINVAL, "/schema",
			      "the file's schema is '%.40s' and this program reads '%s'; use the "
			      "flue-bench that wrote it",
			      schema ? schema : "(none)", RUNFILE_SCHEMA);
	return check_members(run, run_members, "", e);
}
