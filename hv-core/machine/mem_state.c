/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/machine/mem_state.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PIECE (1u << 20)

/* Compares each byte with its neighbour: quick, as memcmp() takes what the processor can. */
static bool is_zero(const uint8_t *p, size_t len)
{
	return !p[0] && !memcmp(p, p + 1, len - 1);
}

int hv_mem_save(const struct hv_mem *m, struct hv_snap_out *s, struct err *e)
{
	uint8_t *buf = malloc(8 + PIECE);

	if (!buf)
		return err_set(e, -ENOMEM, "out of memory");
	for (uint64_t at = 0; at < m->bytes; at += PIECE) {
		/* What was never written is a hole in the file: reading it would make it real.
		 * Hugetlbfs knows no holes of that kind and says so. */
		off_t data = lseek(m->fd, (off_t)at, SEEK_DATA);

		if (data < 0 && errno == ENXIO)
			break;
		if (data > 0)
			at = (uint64_t)data & ~(uint64_t)(PIECE - 1);
		size_t len = m->bytes - at < PIECE ? m->bytes - at : PIECE;
		if (is_zero(m->map + at, len))
			continue;
		for (int i = 0; i < 8; i++)
			buf[i] = (uint8_t)(at >> (8 * i));
		memcpy(buf + 8, m->map + at, len);
		hv_snap_section(s, "memory", 1, buf, 8 + len);
	}
	free(buf);
	return 0;
}

int hv_mem_load(struct hv_mem *m, const struct hv_snap_section *x, struct err *e)
{
	struct hv_in in = {x->payload, x->len, false};
	uint64_t at = hv_in_u64(&in);

	if (x->version != 1 || in.bad || at > m->bytes || in.left > m->bytes - at)
		return err_set(e, -EINVAL,
			       "the snapshot has memory at %#llx, where the guest has none",
			       (unsigned long long)at);
	memcpy(m->map + at, in.p, in.left);
	return 0;
}
