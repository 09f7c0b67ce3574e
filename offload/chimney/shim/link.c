/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/shim/link.h"

#include "offload/chimney/shim/conn.h"
#include "offload/chimney/shim/msg.h"
#include "offload/chimney/shim/sys.h"

#include <stdlib.h>

enum { ANSWER_MS = 10000 };

void chim_link_hold(struct chim_link *link)
{
	atomic_fetch_add(&link->refs, 1);
}

void chim_link_drop(struct chim_link *link)
{
	if (atomic_fetch_sub(&link->refs, 1) == 1)
		chim_link_forget(link);
}

void chim_link_forget(struct chim_link *link)
{
	chim_welcome_undo(link);
	chim_fd_close(link->fd);
	free(link);
}

/* With the lock held. */
static void die(struct chim_link *link)
{
	if (atomic_exchange(&link->dead, true))
		return;
	for (uint32_t i = 0; i < CHIM_APP_CONNS; i++) {
		if (link->conns[i])
			chim_conn_lost(link->conns[i], ECONNRESET);
	}
	for (struct chim_offer *o = link->offers; o; o = o->next) {
		o->answered = true;
		o->reason = -ECONNRESET;
	}
	link->offers = NULL;
	pthread_cond_broadcast(&link->answered);
}

static struct chim_offer *take_offer(struct chim_link *link, uint64_t cookie)
{
	for (struct chim_offer **o = &link->offers; *o; o = &(*o)->next) {
		struct chim_offer *found = *o;

		if (found->cookie != cookie)
			continue;
		*o = found->next;
		return found;
	}
	return NULL;
}

static int heard_answer(struct chim_link *link, struct chim_heard *h)
{
	struct chim_offer *o = take_offer(link, h->msg.cookie);

	if (!o)
		return -EPROTO;
	o->reason = h->msg.reason;
	o->retry_ms = h->msg.retry_ms;
	o->retry_bytes = h->msg.retry_bytes;
	if (h->msg.type == CHIM_MSG_ACCEPTED) {
		o->reason = chim_conn_new(link, h, &o->conn);
		if (o->reason)
			chim_link_say(link, CHIM_MSG_CLOSE, h->msg.conn, 0, 0);
		else
			link->conns[h->msg.conn] = o->conn;
	}
	o->answered = true;
	return 0;
}

static int heard(struct chim_link *link, struct chim_heard *h)
{
	switch (h->msg.type) {
	case CHIM_MSG_ACCEPTED:
	case CHIM_MSG_REFUSED:
		return heard_answer(link, h);
	case CHIM_MSG_UPLOADED:
		if (h->msg.conn >= CHIM_APP_CONNS)
			return -EPROTO;
		if (link->conns[h->msg.conn])
			chim_conn_uploaded(link->conns[h->msg.conn], &h->msg);
		return 0;
	case CHIM_MSG_KEPT:
		if (h->msg.conn >= CHIM_APP_CONNS)
			return -EPROTO;
		if (link->conns[h->msg.conn])
			atomic_store(&link->conns[h->msg.conn]->asked, false);
		return 0;
	case CHIM_MSG_CLOSED: /* the number is flued's to give again */
		return 0;
	default:
		return -EPROTO;
	}
}

/* With the lock held. Did anything come? */
static bool drain(struct chim_link *link)
{
	struct chim_heard h;
	bool any = false;

	while (!atomic_load(&link->dead)) {
		int rc = chim_msg_hear(link->fd, &h);

		if (rc == -EAGAIN)
			break;
		if (!rc) {
			rc = heard(link, &h);
			chim_heard_drop(&h);
			any = true;
		}
		if (rc)
			die(link);
	}
	if (any)
		pthread_cond_broadcast(&link->answered);
	return any;
}

void chim_link_look(struct chim_link *link)
{
	pthread_mutex_lock(&link->lock);
	drain(link);
	pthread_mutex_unlock(&link->lock);
}

/* One thread polls the socket while the others wait for it to say that something came. */
static void wait_once(struct chim_link *link, uint64_t until)
{
	uint64_t now = sys_now_ns();
	uint64_t ns = until == UINT64_MAX ? 100000000u : until > now ? until - now : 0;
	struct timespec ts;

	if (ns > 100000000u)
		ns = 100000000u;
	if (link->led) {
		clock_gettime(CLOCK_REALTIME, &ts);
		ns += (uint64_t)ts.tv_nsec;
		ts.tv_sec += (time_t)(ns / 1000000000u);
		ts.tv_nsec = (long)(ns % 1000000000u);
		pthread_cond_timedwait(&link->answered, &link->lock, &ts);
		return;
	}
	link->led = true;
	pthread_mutex_unlock(&link->lock);
	ts = (struct timespec){.tv_nsec = (long)ns};
	sys_poll(&(struct pollfd){.fd = link->fd, .events = POLLIN}, 1, &ts);
	pthread_mutex_lock(&link->lock);
	link->led = false;
	/* Even if nothing came: another one must take the lead over. */
	pthread_cond_broadcast(&link->answered);
}

int chim_link_wait(struct chim_link *link, bool (*done)(void *arg), void *arg, int timeout_ms)
{
	uint64_t until = UINT64_MAX;
	int cancel, rc = 0;

	if (timeout_ms >= 0)
		until = sys_now_ns() + (uint64_t)timeout_ms * 1000000u;
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
	pthread_mutex_lock(&link->lock);
	for (;;) {
		drain(link);
		if (done(arg))
			break;
		if (atomic_load(&link->dead)) {
			rc = -ECONNRESET;
			break;
		}
		if (until != UINT64_MAX && sys_now_ns() >= until) {
			rc = -ETIMEDOUT;
			break;
		}
		wait_once(link, until);
	}
	pthread_mutex_unlock(&link->lock);
	pthread_setcancelstate(cancel, NULL);
	return rc;
}

int chim_link_say(struct chim_link *link, uint32_t type, uint32_t conn, int32_t reason, uint32_t ms)
{
	struct chim_msg m = {.type = type, .conn = conn, .reason = reason, .retry_ms = ms};

	return chim_msg_say(link->fd, &m, -1);
}

static bool was_answered(void *arg)
{
	return ((const struct chim_offer *)arg)->answered;
}

int chim_link_offer(struct chim_link *link, int sock, struct chim_offer *o)
{
	struct chim_msg m = {.type = CHIM_MSG_OFFER};
	int rc;

	*o = (struct chim_offer){0};
	pthread_mutex_lock(&link->lock);
	if (atomic_load(&link->dead)) {
		pthread_mutex_unlock(&link->lock);
		return -ECONNRESET;
	}
	m.cookie = o->cookie = ++link->cookie;
	o->next = link->offers;
	link->offers = o;
	pthread_mutex_unlock(&link->lock);
	rc = chim_msg_say(link->fd, &m, sock);
	if (!rc)
		rc = chim_link_wait(link, was_answered, o, ANSWER_MS);
	if (rc) {
		pthread_mutex_lock(&link->lock);
		take_offer(link, o->cookie);
		die(link);
		pthread_mutex_unlock(&link->lock);
		return -ECONNRESET;
	}
	return o->reason == -ECONNRESET && !o->conn ? -ECONNRESET : 0;
}

void chim_link_ring(struct chim_link *link, uint32_t worker, uint32_t conn)
{
	struct chim_bell *bell = &link->bells->bell[worker];
	uint64_t one = 1;

	/* What was written before must be seen by a worker that takes the bit out later. */
	atomic_thread_fence(memory_order_seq_cst);
	if (atomic_load_explicit(&bell->bits[conn / 64], memory_order_relaxed) &
	    (uint64_t)1 << (conn % 64))
		return;
	atomic_fetch_or(&bell->bits[conn / 64], (uint64_t)1 << (conn % 64));
	atomic_fetch_or(&bell->words, (uint64_t)1 << (conn / 64));
	if (atomic_load(&bell->asleep))
		sys_write(link->worker_fd[worker], &one, sizeof(one));
}
