/* SPDX-License-Identifier: BSD-3-Clause */
#include "vswitch/ctrl/chimney_mem.h"

#include "vswitch/ctrl/chimney.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>

enum {
	SEND_BYTES = 1 << 22, /* a send ring, at least */
	RECV_BYTES = 1 << 20,
};

uint8_t *chimney_snd_ring(const struct chim_link *l)
{
	return (uint8_t *)l->conn.mem.map + CHIM_SHM_PAGE;
}

uint8_t *chimney_rcv_ring(const struct chim_link *l)
{
	return chimney_snd_ring(l) + l->snd_size;
}

/* The connection's memory, with rings of at least so many bytes. */
static int make(struct chim_link *l, uint32_t snd, uint32_t rcv, struct err *e)
{
	struct chim_shm *shm;
	struct chimney *ch = l->chimney;
	int ret = 0;

	if (snd <= SEND_BYTES && rcv <= RECV_BYTES && ch->spares > 0)
		l->conn.mem = ch->spare[--ch->spares];
	else
		ret = chim_mem_conn(&l->conn.mem, snd < SEND_BYTES ? SEND_BYTES : snd,
				    rcv < RECV_BYTES ? RECV_BYTES : rcv, e);
	if (ret != 0)
		return ret;
	shm = chim_mem_shm(&l->conn.mem);
	shm->conn = l->number;
	shm->worker = l->worker;
	l->snd_size = shm->snd_size;
	l->rcv_size = shm->rcv_size;
	return 0;
}

void chimney_refill(struct chimney *ch)
{
	struct err e;

	while (ch->spares < CHIM_SPARES) {
		if (chim_mem_conn(&ch->spare[ch->spares], SEND_BYTES, RECV_BYTES, &e) != 0)
			return; /* who needs it will be told */
		ch->spares++;
	}
}

int chimney_mem_make(struct chim_link *l, struct err *e)
{
	int ret = make(l, l->facts.snd_queue * 2, l->facts.rcv_queue * 2, e);

	if (ret != 0)
		return ret;
	l->conn.event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	return l->conn.event_fd < 0 ? err_set(e, -errno, "no eventfd: %s", strerror(errno)) : 0;
}

int chimney_mem_fit(struct chim_link *l, struct err *e)
{
	const struct chim_tcp_state *s = &l->conn.state;
	struct chim_mem old = l->conn.mem;
	uint32_t was = l->snd_size;
	int ret;

	if (s->rcv_wnd + s->rcv_len <= l->rcv_size)
		return 0;
	ret = make(l, l->snd_size, s->rcv_wnd + s->rcv_len, e);
	if (ret != 0) {
		l->conn.mem = old;
		return ret;
	}
	memcpy(chimney_snd_ring(l), (uint8_t *)old.map + CHIM_SHM_PAGE, s->snd_len);
	memcpy(chimney_rcv_ring(l), (uint8_t *)old.map + CHIM_SHM_PAGE + was, s->rcv_len);
	chim_mem_free(&old);
	return 0;
}
