/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The loader walks libyaml's events with a depth-bounded recursion and not its documents: a
 * document no longer says where anchors were, and a second walk would be needed for lines.
 */
#include "api/cfg_yaml.h"
#include "api/scalar.h"
#include "api/schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#define KEY_MAX_BYTES 63

struct cfg_lines {
	json_t *map; /* JSON pointer -> line */
};

struct loader {
	yaml_parser_t parser;
	const char *file;
	struct err *e;
	struct cfg_lines *lines;
	int ret; /* 0, or why it was refused */
	unsigned int depth;
	size_t at;						     /* length of pointer */
	char pointer[(CFG_MAX_DEPTH + 1) * (KEY_MAX_BYTES + 1) + 1]; /* of what is being read */
};

/* What the schema says of the value to come: at most one is set. */
struct expect {
	bool root;
	const struct api_object *object; /* a mapping with its keys, or a list of such */
	const struct api_key *key;	 /* a scalar of its type */
};

#define REFUSE(l, code, mark, ...) refuse(l, code, (mark).line + 1, __VA_ARGS__)
static json_t *refuse(struct loader *l, int code, size_t line, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

static json_t *refuse(struct loader *l, int code, size_t line, const char *fmt, ...)
{
	char what[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	err_at(l->e, code, l->pointer, "%.100s:%zu: %s", l->file, line, what);
	l->ret = code;
	return NULL;
}

/* The next event; false when the text is not YAML. */
static bool next(struct loader *l, yaml_event_t *ev)
{
	const yaml_parser_t *p = &l->parser;

	if (yaml_parser_parse(&l->parser, ev))
		return true;
	if (p->error == YAML_MEMORY_ERROR)
		REFUSE(l, -ENOMEM, p->mark, "out of memory");
	else if (p->error == YAML_READER_ERROR)
		REFUSE(l, -EINVAL, p->mark, "%s at byte %zu; write the file as UTF-8 text",
		       p->problem, p->problem_offset);
	else
		REFUSE(l, -EINVAL, p->problem_mark, "not YAML: %s",
		       p->problem ? p->problem : "syntax error");
	return false;
}

static bool record_line(struct loader *l, const yaml_event_t *ev)
{
	json_t *line = json_integer((json_int_t)ev->start_mark.line + 1);

	if (json_object_set_new_nocheck(l->lines->map, l->pointer, line) == 0)
		return true;
	REFUSE(l, -ENOMEM, ev->start_mark, "out of memory");
	return false;
}

static void enter(struct loader *l, const char *step)
{
	l->at += (size_t)snprintf(l->pointer + l->at, sizeof(l->pointer) - l->at, "/%s", step);
}

static void leave(struct loader *l, size_t at)
{
	l->at = at;
	l->pointer[at] = '\0';
}

static bool has_anchor_or_tag(struct loader *l, const yaml_event_t *ev, const yaml_char_t *anchor,
			      const yaml_char_t *tag)
{
	if (anchor)
		REFUSE(l, -EINVAL, ev->start_mark,
		       "the anchor '&%.40s'; anchors are not taken, write the value out", anchor);
	else if (tag)
		REFUSE(l, -EINVAL, ev->start_mark,
		       "the tag '%.40s'; tags are not taken, quote the value if it is text", tag);
	return anchor || tag;
}

static json_t *read_value(struct loader *l, yaml_event_t *ev, struct expect want);

static json_t *read_scalar(struct loader *l, const yaml_event_t *ev, const struct api_key *key)
{
	const char *text = (const char *)ev->data.scalar.value;
	size_t len = ev->data.scalar.length;
	bool plain = ev->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	json_t *v;

	if (has_anchor_or_tag(l, ev, ev->data.scalar.anchor, ev->data.scalar.tag))
		return NULL;
	if (memchr(text, '\0', len))
		return REFUSE(l, -EINVAL, ev->start_mark, "text with a NUL; remove it");
	errno = 0;
	v = plain ? scalar_typed(text, key) : json_string(text);
	if (!v && errno == ERANGE)
		return REFUSE(l, -EINVAL, ev->start_mark, "%.40s is too large a number", text);
	if (!v)
		return REFUSE(l, -ENOMEM, ev->start_mark, "out of memory");
	return v;
}

static json_t *read_list(struct loader *l, struct expect want)
{
	json_t *list = json_array();
	size_t at = l->at;
	yaml_event_t ev;

	for (size_t i = 0; next(l, &ev); i++) {
		char index[24];
		json_t *v;

		if (ev.type == YAML_SEQUENCE_END_EVENT) {
			yaml_event_delete(&ev);
			return list;
		}
		snprintf(index, sizeof(index), "%zu", i);
		enter(l, index);
		v = read_value(l, &ev, want);
		yaml_event_delete(&ev);
		if (!v || json_array_append_new(list, v) != 0)
			break;
		leave(l, at);
	}
	json_decref(list);
	return NULL;
}

static struct expect expect_of(struct expect map, const char *key)
{
	struct expect e = {0};

	if (map.root) {
		for (const struct api_object *o = api_objects; o->name && !e.object; o++)
			if (o->member && strcmp(o->member, key) == 0)
				e.object = o;
	} else if (map.object) {
		for (const struct api_key *k = map.object->keys; k->name && !e.key; k++)
			if (strcmp(k->name, key) == 0)
				e.key = k;
	}
	return e;
}

/* Is this event a key that may stand here? */
static bool good_key(struct loader *l, const yaml_event_t *ev, const json_t *map)
{
	const char *key = (const char *)ev->data.scalar.value;
	size_t len = ev->data.scalar.length;

	if (ev->type == YAML_ALIAS_EVENT)
		REFUSE(l, -EINVAL, ev->start_mark,
		       "the alias '*%.40s'; aliases are not taken, write the value out",
		       ev->data.alias.anchor);
	else if (ev->type != YAML_SCALAR_EVENT)
		REFUSE(l, -EINVAL, ev->start_mark, "a key must be a word");
	else if (has_anchor_or_tag(l, ev, ev->data.scalar.anchor, ev->data.scalar.tag))
		return false;
	else if (len == 0 || len > KEY_MAX_BYTES || memchr(key, '\0', len))
		REFUSE(l, -EINVAL, ev->start_mark, "'%.40s' is not a key; a key has 1 to %d bytes",
		       key, KEY_MAX_BYTES);
	else if (json_object_get(map, key))
		REFUSE(l, -EINVAL, ev->start_mark, "the key '%s' stands twice; remove one", key);
	else
		return true;
	return false;
}

/* One "key: value"; kev is the key. */
static bool read_member(struct loader *l, const yaml_event_t *kev, json_t *map, struct expect want)
{
	const char *key = (const char *)kev->data.scalar.value;
	size_t at = l->at;
	yaml_event_t ev;
	json_t *v;

	if (!good_key(l, kev, map))
		return false;
	enter(l, key);
	if (!next(l, &ev))
		return false;
	v = read_value(l, &ev, expect_of(want, key));
	yaml_event_delete(&ev);
	/* A value may begin on the line after its key; the key's line is the better one to show. */
	if (!v || !record_line(l, kev) || json_object_set_new(map, key, v) != 0)
		return false;
	leave(l, at);
	return true;
}

static json_t *read_mapping(struct loader *l, struct expect want)
{
	json_t *map = json_object();
	yaml_event_t ev;

	while (next(l, &ev)) {
		bool done = ev.type == YAML_MAPPING_END_EVENT;
		bool ok = done || read_member(l, &ev, map, want);

		yaml_event_delete(&ev);
		if (done)
			return map;
		if (!ok)
			break;
	}
	json_decref(map);
	return NULL;
}

static json_t *read_value(struct loader *l, yaml_event_t *ev, struct expect want)
{
	bool list = ev->type == YAML_SEQUENCE_START_EVENT;
	json_t *v;

	if (ev->type == YAML_ALIAS_EVENT)
		return REFUSE(l, -EINVAL, ev->start_mark,
			      "the alias '*%.40s'; aliases are not taken, write the value out",
			      ev->data.alias.anchor);
	if (!record_line(l, ev))
		return NULL;
	if (ev->type == YAML_SCALAR_EVENT)
		return read_scalar(l, ev, want.key);
	if (list ? has_anchor_or_tag(l, ev, ev->data.sequence_start.anchor,
				     ev->data.sequence_start.tag)
		 : has_anchor_or_tag(l, ev, ev->data.mapping_start.anchor,
				     ev->data.mapping_start.tag))
		return NULL;
	if (l->depth == CFG_MAX_DEPTH)
		return REFUSE(l, -E2BIG, ev->start_mark, "nested more than %d deep; flatten it",
			      CFG_MAX_DEPTH);
	l->depth++;
	v = list ? read_list(l, want) : read_mapping(l, want);
	l->depth--;
	return v;
}

/* STREAM-START, one document, STREAM-END; nothing else. */
static json_t *read_stream(struct loader *l)
{
	json_t *config = NULL;
	bool ended = false;

	while (!ended) {
		yaml_event_t ev;
		bool ok = next(l, &ev);

		if (!ok)
			break;
		ended = ev.type == YAML_STREAM_END_EVENT;
		if (ev.type == YAML_DOCUMENT_START_EVENT && config) {
			REFUSE(l, -EINVAL, ev.start_mark,
			       "a second document; put all of it into one");
			ok = false;
		} else if (ended && !config) {
			REFUSE(l, -EINVAL, ev.start_mark,
			       "the file is empty; write at least 'version: %d'", API_VERSION);
			ok = false;
		} else if (ev.type != YAML_STREAM_START_EVENT && !ended &&
			   ev.type != YAML_DOCUMENT_START_EVENT &&
			   ev.type != YAML_DOCUMENT_END_EVENT) {
			config = read_value(l, &ev, (struct expect){.root = true});
			ok = config != NULL;
		}
		yaml_event_delete(&ev);
		if (!ok) {
			ended = false;
			break;
		}
	}
	if (ended)
		return config;
	json_decref(config);
	return NULL;
}

static struct cfg_lines *lines_new(void)
{
	struct cfg_lines *lines = malloc(sizeof(*lines));

	if (!lines)
		return NULL;
	lines->map = json_object();
	if (lines->map)
		return lines;
	free(lines);
	return NULL;
}

void cfg_lines_free(struct cfg_lines *lines)
{
	if (!lines)
		return;
	json_decref(lines->map);
	free(lines);
}

unsigned int cfg_yaml_line(const struct cfg_lines *lines, const char *pointer)
{
	char at[sizeof(((struct loader *)0)->pointer)];
	const json_t *line;

	snprintf(at, sizeof(at), "%s", pointer);
	while (!(line = json_object_get(lines->map, at))) {
		char *slash = strrchr(at, '/');

		if (!slash)
			return 1;
		*slash = '\0';
	}
	return (unsigned int)json_integer_value(line);
}

int cfg_yaml_load(const char *buf, size_t len, const char *file, json_t **config,
		  struct cfg_lines **lines, struct err *e)
{
	struct loader l = {.file = file, .e = e};
	int ret = 0;

	*config = NULL;
	if (lines)
		*lines = NULL;
	if (len > CFG_MAX_BYTES)
		return err_at(e, -E2BIG, "",
			      "%.100s:1: larger than %u bytes; is it a configuration?", file,
			      CFG_MAX_BYTES);
	l.lines = lines_new();
	if (!l.lines)
		return err_set(e, -ENOMEM, "%.100s: out of memory", file);
	if (!yaml_parser_initialize(&l.parser)) {
		ret = err_set(e, -ENOMEM, "%.100s: out of memory", file);
		goto free_lines;
	}
	yaml_parser_set_input_string(&l.parser, (const unsigned char *)buf, len);
	*config = read_stream(&l);
	yaml_parser_delete(&l.parser);
	if (!*config && l.ret == 0)
		err_set(e, l.ret = -ENOMEM, "%.100s: out of memory", file);
	ret = l.ret;
	if (ret == 0 && lines) {
		*lines = l.lines;
		return 0;
	}
free_lines:
	cfg_lines_free(l.lines);
	return ret;
}
