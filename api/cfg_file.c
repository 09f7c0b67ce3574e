/* SPDX-License-Identifier: BSD-3-Clause */
#include "api/cfg_yaml.h"
#include "api/schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* All of the file, at most one byte more than a configuration may have. 0 or negative errno. */
static int read_all(const char *path, char **buf, size_t *len)
{
	FILE *in = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	int ret = 0;

	if (!in)
		return -errno;
	*buf = malloc(CFG_MAX_BYTES + 1);
	if (!*buf) {
		ret = -ENOMEM;
		goto close_file;
	}
	*len = fread(*buf, 1, CFG_MAX_BYTES + 1, in);
	if (ferror(in)) {
		ret = errno ? -errno : -EIO;
		free(*buf);
	}
close_file:
	if (in != stdin)
		fclose(in);
	return ret;
}

void cfg_err_locate(struct err *e, const char *file, const struct cfg_lines *lines)
{
	char text[sizeof(e->text)];

	memcpy(text, e->text, sizeof(text));
	if (lines)
		err_set(e, e->code, "%.100s:%u: %.270s", file, cfg_yaml_line(lines, e->path), text);
	else
		err_set(e, e->code, "%.100s: %.270s", file, text);
}

int cfg_load_file(const char *path, json_t **config, struct cfg_lines **lines, struct err *e)
{
	const char *name = strcmp(path, "-") == 0 ? "standard input" : path;
	char *buf = NULL;
	size_t len = 0;
	int ret;

	*config = NULL;
	*lines = NULL;
	ret = read_all(path, &buf, &len);
	if (ret != 0)
		return err_at(e, ret, "", "%.100s: %s; give the path of a file that can be read",
			      name, strerror(-ret));
	ret = cfg_yaml_load(buf, len, name, config, lines, e);
	free(buf);
	if (ret != 0)
		return ret;
	ret = api_check_config(*config, e);
	if (ret == 0)
		return 0;
	cfg_err_locate(e, name, *lines);
	ret = e->code;
	cfg_lines_free(*lines);
	json_decref(*config);
	*config = NULL;
	*lines = NULL;
	return ret;
}
