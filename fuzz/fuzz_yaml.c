/* SPDX-License-Identifier: BSD-3-Clause */
/* A configuration file. What is read can be printed, and what is printed reads as the same. */
#include "api/cfg_yaml.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_t *config = NULL, *again = NULL;
	struct cfg_lines *lines = NULL;
	struct err e = {0};
	char *text;

	if (cfg_yaml_load((const char *)data, size, "f", &config, &lines, &e) != 0) {
		if (config || lines || strncmp(e.text, "f:", 2) != 0)
			abort();
		return 0;
	}
	/* Whatever the schema finds fault with has a line, or is nowhere in the file. */
	if (cfg_yaml_line(lines, "") < 1 || cfg_yaml_line(lines, "/ports/0/name") < 1)
		abort();
	text = cfg_yaml_print(config);
	if (!text || cfg_yaml_load(text, strlen(text), "f", &again, NULL, &e) != 0 ||
	    !json_equal(config, again))
		abort();
	free(text);
	cfg_lines_free(lines);
	json_decref(again);
	json_decref(config);
	return 0;
}
