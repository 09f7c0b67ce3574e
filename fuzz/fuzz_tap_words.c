/* SPDX-License-Identifier: BSD-3-Clause */
/* tap_words(): whatever was captured, no byte outside is read, and the line stays within its room.
 * The input is what was kept of a frame; its last byte says how much longer that was, and its
 * room. */
#include "vswitch/ctrl/tap_words.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct chim_tap_record r = {.data = data};
	size_t room;
	char *text;

	if (size == 0)
		return 0;
	r.kept = (uint32_t)size - 1;
	r.len = r.kept + data[r.kept] * 8;
	r.segsz = data[r.kept];
	room = 1 + data[r.kept] * 2;
	text = malloc(room);
	if (tap_words(&r, text, room) != text || strlen(text) >= room)
		abort();
	for (const char *c = text; *c; c++)
		if (*c < ' ' || *c > '~')
			abort();
	free(text);
	return 0;
}
