/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Runs a fuzz target over its corpus without libFuzzer: each file whole, cut short at each length,
 * and with single bits turned, always the same ones. What libFuzzer once found is kept as a file in
 * the corpus and thus tested with every compiler.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
/* Only where a target has something to set up first. */
int LLVMFuzzerInitialize(int *argc, char ***argv) __attribute__((weak));

#define FILE_MAX 65536

/* A buffer of just that size, so that a sanitizer sees the first byte read beyond it. */
static void run(const uint8_t *data, size_t size)
{
	uint8_t *exact = malloc(size ? size : 1);

	if (!exact)
		abort();
	memcpy(exact, data, size);
	LLVMFuzzerTestOneInput(exact, size);
	free(exact);
}

static void run_variants(uint8_t *data, size_t size)
{
	run(data, size);
	for (size_t n = 0; n < size; n++) {
		uint8_t bit = (uint8_t)(1u << (n % 8));

		run(data, n);
		data[n] ^= bit;
		run(data, size);
		data[n] ^= bit;
	}
}

int main(int argc, char **argv)
{
	static uint8_t data[FILE_MAX];
	struct dirent **entries;
	int n = argc == 2 ? scandir(argv[1], &entries, NULL, alphasort) : -1, files = 0;

	if (n < 0) {
		fprintf(stderr, "usage: %s CORPUS-DIRECTORY\n", argv[0]);
		return 2;
	}
	if (LLVMFuzzerInitialize)
		LLVMFuzzerInitialize(&argc, &argv);
	for (int i = 0; i < n; i++) {
		char path[4096];
		FILE *f;

		snprintf(path, sizeof(path), "%s/%s", argv[1], entries[i]->d_name);
		f = entries[i]->d_name[0] == '.' ? NULL : fopen(path, "rb");
		free(entries[i]);
		if (!f)
			continue;
		run_variants(data, fread(data, 1, sizeof(data), f));
		fclose(f);
		files++;
	}
	free(entries);
	printf("%d files\n", files);
	return files > 0 ? 0 : 1;
}
