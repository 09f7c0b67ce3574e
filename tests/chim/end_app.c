/* SPDX-License-Identifier: BSD-3-Clause */
/* The application's side of an end: its rings and flags. */
#include "tests/chim/end.h"
#include "tests/chim/pattern.h"

static uint8_t *ring(const struct end *x, uint64_t off)
{
	return (uint8_t *)x->shm + off;
}

void end_ring_fill(const struct end *x, uint64_t off, uint32_t size, uint64_t pos, uint32_t stream,
		   uint64_t at, uint32_t len)
{
	for (uint32_t i = 0; i < len;) {
		uint32_t place = (uint32_t)(pos + i) & (size - 1), n = size - place;

		n = n < len - i ? n : len - i;
		pattern_fill(stream, at + i, ring(x, off) + place, n);
		i += n;
	}
}

bool end_ring_check(const struct end *x, uint64_t off, uint32_t size, uint64_t pos, uint32_t stream,
		    uint64_t at, uint32_t len)
{
	for (uint32_t i = 0; i < len;) {
		uint32_t place = (uint32_t)(pos + i) & (size - 1), n = size - place;

		n = n < len - i ? n : len - i;
		if (pattern_check(stream, at + i, ring(x, off) + place, n) != n)
			return false;
		i += n;
	}
	return true;
}

bool end_readable(const struct end *x)
{
	uint32_t flags = atomic_load(&x->shm->flued_flags);

	return (flags & (CHIM_FLUED_FIN | CHIM_FLUED_ERROR) && !x->eof) ||
	       atomic_load(&x->shm->rcv_head) != atomic_load(&x->shm->rcv_tail);
}

bool end_writable(const struct end *x)
{
	return atomic_load(&x->shm->snd_head) - atomic_load(&x->shm->snd_tail) < x->snd_size;
}

uint32_t end_write(struct end *x, uint32_t len, uint64_t now)
{
	uint64_t head = atomic_load(&x->shm->snd_head), tail = atomic_load(&x->shm->snd_tail);
	uint32_t room = x->snd_size - (uint32_t)(head - tail);

	if (head - tail > x->snd_size)
		end_fail(x, "snd_tail is ahead of snd_head");
	len = len < room ? len : room;
	if (len == 0)
		return 0;
	end_ring_fill(x, x->shm->snd_off, x->snd_size, head, x->stream_out, x->wrote, len);
	x->wrote += len;
	atomic_store(&x->shm->snd_head, head + len);
	x->now = now;
	chim_engine_rung(x->e, x->c, now);
	return len;
}

uint32_t end_read(struct end *x, uint32_t len, uint64_t now)
{
	/* Flags first: what was received before the end is seen with it. */
	uint32_t flags = atomic_load(&x->shm->flued_flags), there;
	uint64_t head = atomic_load(&x->shm->rcv_head), tail = atomic_load(&x->shm->rcv_tail);

	if (head - tail > x->rcv_size)
		end_fail(x, "rcv_head is %lu ahead of rcv_tail", head - tail);
	there = (uint32_t)(head - tail);
	if (there == 0 && flags & CHIM_FLUED_FIN)
		x->eof = true;
	len = len < there ? len : there;
	if (len == 0)
		return 0;
	if (!end_ring_check(x, x->shm->rcv_off, x->rcv_size, tail, x->stream_in, x->read, len))
		end_fail(x, "read wrong bytes at %lu", x->read);
	x->read += len;
	atomic_store(&x->shm->rcv_tail, tail + len);
	x->now = now;
	chim_engine_rung(x->e, x->c, now);
	return len;
}

void end_flags(struct end *x, uint32_t set, uint32_t clear, uint64_t now)
{
	uint32_t was = atomic_load(&x->shm->app_flags);

	atomic_store(&x->shm->app_flags, (was | set) & ~clear);
	x->shut |= (set & CHIM_APP_SHUT_WR) != 0;
	x->now = now;
	chim_engine_rung(x->e, x->c, now);
}

void end_close(struct end *x, bool abort, uint64_t now)
{
	x->now = now;
	chim_engine_close(x->e, x->c, abort, UINT32_MAX, now);
}

void end_refuse(struct end *x, const struct packet *p, uint64_t now)
{
	struct chim_hdr_template t;
	struct chim_hdr h = {.flags = CHIM_RST};
	struct chim_out out;
	struct chim_seg seg;
	struct iovec iov = {out.headers, 0};

	if (chim_hdr_parse(p->bytes, p->len, p->len, 0, p->l3_len, p->l4_len, &seg) < 0 ||
	    seg.flags & CHIM_RST)
		return;
	h.seq = seg.ack;
	chim_hdr_template(&t, &x->state);
	chim_hdr_build(&t, &h, &out);
	iov.iov_len = (size_t)out.l3_len + out.l4_len;
	link_put(x->out, &iov, 1, out.l3_len, out.l4_len, 0, now);
}
