/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/machine/facts.h"

#include "bench/machine/file.h"
#include "bench/machine/parse.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT = 8192 }; /* one processor's part of /proc/cpuinfo, all of /proc/meminfo */

bool fact_cpu(const char *key, char *value, size_t size)
{
	char text[TEXT];

	return file_read("/proc/cpuinfo", text, sizeof(text)) > 0 &&
	       parse_field(text, key, value, size);
}

bool fact_memory(const char *key, uint64_t *bytes)
{
	char text[TEXT], value[64];

	if (file_read("/proc/meminfo", text, sizeof(text)) <= 0 ||
	    !parse_field(text, key, value, sizeof(value)))
		return false;
	*bytes = strtoull(value, NULL, 10) * 1024;
	return true;
}

json_t *fact_mitigations(void)
{
	static const char root[] = "/sys/devices/system/cpu/vulnerabilities";
	json_t *all = json_object();
	DIR *d = opendir(root);
	struct dirent *entry;

	while (d && (entry = readdir(d))) {
		char path[400], text[256];
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", root, entry->d_name);
		if (file_read(path, text, sizeof(text)) > 0)
			json_object_set_new(all, entry->d_name, json_string(text));
	}
	if (d)
		closedir(d);
	return all;
}

bool fact_mitigated(const char *words)
{
	return strstr(words, "Mitigation:") != NULL;
}
