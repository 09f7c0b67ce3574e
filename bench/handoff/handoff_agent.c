/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `flue-bench __handoff`: moves a connection. Requests:
 *	connect {address, port, cc, chimney}   → {}
 *	move {ns, pause_us}                    → {offer, upload, repair, refused, last}
 */
#include "base/clock.h"
#include "base/hist.h"
#include "base/json.h"
#include "bench/load/agent.h"
#include "bench/handoff/handoff.h"
#include "bench/handoff/offerer.h"
#include "bench/load/tcp_socket.h"
#include "offload/chimney/slow/repair.h"

#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { LINK_FD = 3, CONNECT_MS = 5000, QUEUE_ROOM = 65536 };

struct mover {
	struct offerer offerer;
	int sock;
	struct hist offer, upload, repair;
	uint64_t refused;
	struct err last; /* why flued refused it last */
};

/* Out of the kernel and in again, with nothing else around it. */
static int move_alone(struct mover *m, struct err *e)
{
	static uint8_t snd[QUEUE_ROOM], rcv[QUEUE_ROOM];
	struct chim_tcp_state state = {0};
	struct iovec snd_iov[2] = {{snd, 0}, {snd, 0}}, rcv_iov[2] = {{rcv, 0}, {rcv, 0}};
	uint64_t began = clock_now_ns();
	int ret = chim_repair_take(m->sock, &state, snd, sizeof(snd), rcv, sizeof(rcv), e);

	if (ret == -EAGAIN)
		return 0;
	if (!ret)
		ret = chim_repair_close(m->sock, &state, e);
	snd_iov[0].iov_len = state.snd_len;
	rcv_iov[0].iov_len = state.rcv_len;
	if (!ret)
		ret = chim_repair_restore(m->sock, &state, snd_iov, rcv_iov, e);
	if (!ret)
		hist_add(&m->repair, clock_now_ns() - began);
	return ret;
}

static int move_to_flued(struct mover *m, struct err *e)
{
	uint64_t began = clock_now_ns(), there;
	int ret = offerer_offer(&m->offerer, m->sock, &m->last);

	if (ret == -EAGAIN) {
		m->refused++;
		return 0;
	}
	if (ret)
		return err_set(e, ret, "%s", m->last.text);
	there = clock_now_ns();
	hist_add(&m->offer, there - began);
	began = clock_now_ns();
	ret = offerer_upload(&m->offerer, e);
	if (!ret)
		hist_add(&m->upload, clock_now_ns() - began);
	return ret;
}

/* Is it still a connection? A byte goes there and comes back. */
static int try_it(struct mover *m, struct err *e)
{
	struct pollfd p = {.fd = m->sock, .events = POLLIN};
	char byte = 'x';

	if (send(m->sock, &byte, 1, MSG_NOSIGNAL) == 1 && poll(&p, 1, CONNECT_MS) == 1 &&
	    recv(m->sock, &byte, 1, 0) == 1)
		return 0;
	return err_set(e, -EPIPE, "the connection does not carry a byte any more after %llu moves",
		       (unsigned long long)(m->upload.total + m->repair.total));
}

static void rest(unsigned int us)
{
	nanosleep(&(struct timespec){.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000L},
		  NULL);
}

static json_t *do_move(struct mover *m, const json_t *request, struct err *e)
{
	uint64_t until = clock_now_ns() + (uint64_t)json_get_int(request, "ns", 0);
	unsigned int pause_us = (unsigned int)json_get_int(request, "pause_us", 0);
	struct pollfd told = {.fd = LINK_FD, .events = POLLIN};
	int ret = 0;

	hist_reset(&m->offer);
	hist_reset(&m->upload);
	hist_reset(&m->repair);
	m->refused = 0;
	while (!ret && clock_now_ns() < until && poll(&told, 1, 0) == 0) {
		ret = move_alone(m, e);
		rest(pause_us);
		if (!ret)
			ret = move_to_flued(m, e);
		rest(pause_us);
	}
	if (!ret)
		ret = try_it(m, e);
	if (ret)
		return NULL;
	return json_pack("{s:o, s:o, s:o, s:I, s:s}", "offer", hist_to_json(&m->offer), "upload",
			 hist_to_json(&m->upload), "repair", hist_to_json(&m->repair), "refused",
			 (json_int_t)m->refused, "last", m->last.text);
}

static int do_connect(struct mover *m, const json_t *request, struct err *e)
{
	m->sock = tcp_socket_connect(json_get_str(request, "address", ""),
				     (uint16_t)json_get_int(request, "port", 0),
				     json_get_str(request, "cc", NULL), CONNECT_MS, e);
	if (m->sock < 0)
		return m->sock;
	return offerer_open(&m->offerer, json_get_str(request, "chimney", ""), e);
}

static json_t *answer(void *arg, const json_t *request)
{
	const char *what = json_get_str(request, "do", "");
	struct err e = {0};
	json_t *reply = NULL;

	if (!strcmp(what, "connect"))
		reply = do_connect(arg, request, &e) ? NULL : json_object();
	else if (!strcmp(what, "move"))
		reply = do_move(arg, request, &e);
	else
		err_set(&e, -EINVAL, "no request '%s'", what);
	return reply || !e.code ? reply : agent_error(&e);
}

int handoff_main(int argc, char **argv)
{
	static struct mover m = {.offerer.fd = -1, .sock = -1};
	int ret = agent_serve(LINK_FD, answer, &m);

	offerer_close(&m.offerer);
	if (m.sock >= 0)
		close(m.sock);
	return ret ? 1 : 0;
}
