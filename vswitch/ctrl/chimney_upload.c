/* SPDX-License-Identifier: BSD-3-Clause */
/* A connection goes back to the kernel, and its application's socket is one of the kernel's again.
 */
#include "vswitch/ctrl/chimney.h"
#include "vswitch/ctrl/chimney_mem.h"
#include "vswitch/ctrl/flow.h"

#include "base/clock.h"
#include "base/log.h"
#include "offload/chimney/names.h"
#include "offload/chimney/slow/fin.h"
#include "offload/chimney/slow/repair.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
	TRIES_MAX = 50,
	AGAIN_MS = 20,
	LATER_MS = 1000,
	NATURE_MS = 60000,
	PORT_NS = 200000000,
};

/* An interface that is down takes no FIN: it is delivered until the socket has it. */
static const uint64_t FIN_NS = 60000000000;

_Static_assert((int)CHIM_FIN_ROOM <= (int)CHIM_FRAME_ROOM, "a FIN's frame has its place");

int chimney_upload(struct chim_link *l, enum chim_upload why)
{
	if (l->phase > CHIM_FREEZING || l->orphan || !l->node)
		return -EBUSY;
	chim_tree_terminate(l->chimney->tree, l->node, why);
	return 0;
}

void chimney_go_back(struct chim_link *l, enum chim_upload why)
{
	l->why = why;
	l->held_ns = clock_now_ns();
	/* Nothing may reach the engine any more when it is frozen: it would be lost. */
	flow_hold_again(l->flow);
	if (chimney_grace(l->chimney) != 0) {
		chimney_steal(l); /* the tick tries again: why says so */
		return;
	}
	l->phase = CHIM_FREEZING;
	chimney_ask(l, CHIM_ASK_FREEZE);
}

/* When it may be offered again. What goes back because it was asked for may be offered again soon:
 * whoever asked, asks again. */
static uint32_t retry_ms(enum chim_upload why)
{
	switch (why) {
	case CHIM_UPLOAD_FAILURE:
	case CHIM_UPLOAD_INVALID_STATE:
	case CHIM_UPLOAD_FORK:
	case CHIM_UPLOAD_STOPPING:
		return 0;
	case CHIM_UPLOAD_REQUESTED:
		return AGAIN_MS;
	/* What its way or its application is like will be so for a while; and whoever forges
	 * fragments moves it once in that time. */
	case CHIM_UPLOAD_REORDERING:
	case CHIM_UPLOAD_FRAGMENTATION:
	case CHIM_UPLOAD_IP_OPTIONS:
	case CHIM_UPLOAD_SMALL_IO:
		return NATURE_MS;
	default:
		return LATER_MS;
	}
}

static void tell(struct chim_link *l, int reason)
{
	const struct chim_msg m = {
		.type = CHIM_MSG_UPLOADED,
		.conn = l->number,
		.reason = reason,
		.retry_ms = reason < 0 ? 0 : retry_ms(l->why),
	};

	if (!l->orphan)
		chimney_app_tell(l->app, &m, NULL, 0);
}

void chimney_kept(struct chim_link *l, int error)
{
	const struct chim_msg m = {.type = CHIM_MSG_KEPT, .conn = l->number, .reason = error};

	l->why = CHIM_UPLOAD_NONE;
	if (l->asked_back && !l->orphan)
		chimney_app_tell(l->app, &m, NULL, 0);
	l->asked_back = false;
	if (l->node && l->node->verb == CHIM_VERB_TERMINATE)
		chim_tree_kept(l->chimney->tree, l->node);
}

void chimney_asked_upload(struct chim_link *l, int32_t reason)
{
	enum chim_upload why = CHIM_UPLOAD_REQUESTED;

	if (reason > CHIM_UPLOAD_NONE && reason < CHIM_UPLOAD_MAX)
		why = (enum chim_upload)reason;
	l->asked_back = true;
	if (l->phase == CHIM_OVER)
		chimney_kept(l, -ENOTCONN);
	else
		chimney_upload(l, why);
}

/* Bytes [from, from + len) of a ring, in one piece or two. */
static void pieces(struct iovec out[2], uint8_t *ring, uint32_t size, uint64_t from, uint32_t len)
{
	uint32_t at = (uint32_t)(from & (size - 1));
	uint32_t first = len < size - at ? len : size - at;

	out[0] = (struct iovec){ring + at, first};
	out[1] = (struct iovec){ring, len - first};
}

/* The application sees no connection any more; the peer is told by whoever hears from it next. */
static void lost(struct chim_link *l, struct err *e)
{
	l->chimney->counts.failed_uploads++;
	if (chimney_may_warn(l->chimney))
		log_warn("chimney: a connection of %s (process %d) is lost: %s", l->app->name,
			 (int)l->app->pid, e->text);
	tell(l, e->code);
}

/* The peer's FIN, which nobody sends again, as a frame to where the interface is now. */
static void deliver_fin(struct chim_link *l)
{
	l->conn.state.neigh = l->node->state.neigh;
	l->conn.want_frame_len = (uint16_t)chim_fin_frame(&l->conn.state, l->conn.want_frame);
	l->fin_until_ns = clock_now_ns() + FIN_NS;
	chimney_ask(l, CHIM_ASK_DELIVER);
}

bool chimney_fin_due(struct chim_link *l)
{
	struct tcp_info info;
	socklen_t len = sizeof(info);

	if (l->fin_until_ns == 0)
		return false;
	if (clock_now_ns() < l->fin_until_ns &&
	    getsockopt(l->sock, IPPROTO_TCP, TCP_INFO, &info, &len) == 0 &&
	    (info.tcpi_state == TCP_ESTABLISHED || info.tcpi_state == TCP_FIN_WAIT1 ||
	     info.tcpi_state == TCP_FIN_WAIT2))
		return true;
	l->fin_until_ns = 0;
	return false;
}

void chimney_dumped(struct chim_link *l)
{
	const struct chim_shm *shm = chim_mem_shm(&l->conn.mem);
	const struct chim_tcp_state *s = &l->conn.state;
	struct chim_tree *tree = l->chimney->tree;
	struct chim_tree_tcp *node;
	struct iovec snd[2], rcv[2];
	struct err e = {0};

	pieces(snd, chimney_snd_ring(l), l->snd_size, atomic_load(&shm->snd_tail), s->snd_len);
	pieces(rcv, chimney_rcv_ring(l), l->rcv_size, atomic_load(&shm->rcv_head) - s->rcv_len,
	       s->rcv_len);
	if (chim_repair_restore(l->sock, s, snd, rcv, &e) != 0) {
		lost(l, &e);
		l->conn.want_abort = true;
		chimney_ask(l, CHIM_ASK_CLOSE); /* the peer is told */
		node = chimney_uproot(l);
		chimney_end(l);
		chim_tree_terminated(tree, node, e.code);
		return;
	}
	/* An end that the application asked for and that was not sent yet. */
	if (atomic_load(&shm->app_flags) & CHIM_APP_SHUT_WR)
		shutdown(l->sock, SHUT_WR);
	if (s->phase == CHIM_CLOSE_WAIT)
		deliver_fin(l);
	l->uploaded = true;
	l->chimney->counts.uploads++;
	l->chimney->counts.uploaded[l->why]++;
	log_debug("chimney: %s (process %d): back in the kernel, %s", l->app->name,
		  (int)l->app->pid, chim_upload_name(l->why));
	node = chimney_uproot(l);
	chimney_end(l); /* releases what was held: the kernel answers now */
	hist_add(&l->chimney->uploads, clock_now_ns() - l->held_ns);
	tell(l, l->why);
	chim_tree_terminated(tree, node, 0);
}

/* It goes on as it was. */
static void go_on(struct chim_link *l)
{
	chimney_ask(l, CHIM_ASK_THAW);
	chimney_steal(l);
	chimney_go_on(l);
}

void chimney_stuck(struct chim_link *l)
{
	struct err e = {0};

	switch (l->conn.error) {
	case -EBUSY: /* the application's thread may be waiting for a processor */
		go_on(l);
		if (++l->tries < TRIES_MAX)
			return; /* the tick tries again: why is kept */
		l->tries = 0;
		chimney_kept(l, -EBUSY);
		return;
	case -ENOTCONN: /* it is closing: the kernel cannot be given that, the engine ends it */
		go_on(l);
		chimney_kept(l, -ENOTCONN);
		return;
	default:
		err_set(&e, -ECONNABORTED, "its application wrote nonsense into shared memory");
		lost(l, &e);
		l->orphan = true;
		chimney_close(l, true, 0);
		go_on(l);
	}
}

/* One of a port that goes. Is it still to be waited for? */
static bool leave_port(struct chim_link *l)
{
	switch (l->phase) {
	case CHIM_RUNNING:
		if (l->why != CHIM_UPLOAD_NONE)
			chimney_go_back(l, l->why);
		else
			chimney_upload(l, CHIM_UPLOAD_PATH);
		return true;
	case CHIM_CLOSING: /* what it has to send goes nowhere any more */
		chimney_end(l);
		return true;
	case CHIM_OVER: /* nothing is sent any more; its application has yet to read the rest */
		return false;
	default:
		return true;
	}
}

static void give_up(struct chim_link *l)
{
	struct err e = {0};

	err_set(&e, -ECONNABORTED,
		"its port was removed while it was closing, or its application kept its rings "
		"busy");
	lost(l, &e);
	l->orphan = true;
	chimney_end(l);
}

/* How many are still to be waited for. */
static uint32_t leave_port_all(struct chimney *ch, uint16_t port, bool late)
{
	struct chim_link *l;
	uint32_t n = 0;

	TAILQ_FOREACH (l, &ch->links, list) {
		if (l->port != port)
			continue;
		if (!late)
			n += leave_port(l);
		else if (l->phase < CHIM_OVER)
			give_up(l);
	}
	return n;
}

void chimney_port_gone(struct chimney *ch, uint16_t port)
{
	uint64_t until = clock_now_ns() + PORT_NS;
	uint32_t before = UINT32_MAX, now;

	while ((now = leave_port_all(ch, port, clock_now_ns() > until)) > 0) {
		if (now < before)
			until = clock_now_ns() + PORT_NS;
		before = now;
		usleep(50);
		chimney_take_mail(ch);
		ctrl_flows_reap(ch->ctrl);
	}
}
