/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Configurations as YAML files.
 *
 * What is read is the JSON-like part of YAML 1.2: mappings with plain keys, lists, scalars typed by
 * the core schema. Whatever lets one file mean more than it shows (anchors, aliases, tags, a second
 * document, a key that stands twice) is refused with its line. Where the schema (api/schema.h) says
 * that a key is text, a plain scalar is text: `vlans: 10`, `name: 1`. Where it says on/off, YAML
 * 1.1's words for it are taken.
 *
 * All: any thread, no shared state.
 */
#ifndef API_CFG_YAML_H
#define API_CFG_YAML_H

#include "base/err.h"
#include "base/json.h"

#include <stddef.h>

#define CFG_MAX_BYTES (4u << 20)
#define CFG_MAX_DEPTH 16

/* Which line of the file each value stands on. */
struct cfg_lines;

/* Reads a configuration from memory; a pure function of its input, which need not end with NUL.
 * file: its name in messages. On success *config is the caller's; *lines too, unless lines is NULL.
 * 0; -EINVAL when it is not such a file, -E2BIG when it is too large or too deep, -ENOMEM;
 * e->text is then "FILE:LINE: what is wrong; what mends it". */
int cfg_yaml_load(const char *buf, size_t len, const char *file, json_t **config,
		  struct cfg_lines **lines, struct err *e);

/* The line, from 1, of the value at that JSON pointer, or of its nearest parent that is there. */
unsigned int cfg_yaml_line(const struct cfg_lines *lines, const char *pointer);

void cfg_lines_free(struct cfg_lines *lines); /* NULL: nothing */

/* A configuration as text that cfg_yaml_load() turns into the same JSON; the caller frees it.
 * NULL with errno ENOMEM. */
char *cfg_yaml_print(const json_t *config);

/* Puts "FILE:LINE: " before e->text, with the line of e->path. lines may be NULL: no line. */
void cfg_err_locate(struct err *e, const char *file, const struct cfg_lines *lines);

/* Reads a file ("-": standard input), and checks it with api_check_config(). On success *config
 * and *lines are the caller's. On error both are NULL and e->text is ready to be shown.
 * 0, or a negative errno of opening or reading, or as cfg_yaml_load() and api_check_config(). */
int cfg_load_file(const char *path, json_t **config, struct cfg_lines **lines, struct err *e);

#endif
