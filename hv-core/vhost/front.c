/* SPDX-License-Identifier: BSD-3-Clause */
/* The connection's life: made, lost, made again. All of it is the main thread's. */
#include "hv-core/vhost/front.h"
#include "hv-core/vhost/sock.h"
#include "hv-core/vhost/vu.h"

#include "base/log.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define RETRY_MS     100
#define RETRY_MAX_MS 5000

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void drop_event(struct event **ev)
{
	if (*ev)
		event_free(*ev);
	*ev = NULL;
}

static const char *name_of(const struct hv_vu *v)
{
	return v->path[0] ? v->path : "socket handed in";
}

/* Later, and the later the more often it failed: a back end that answers wrongly must not keep the
 * loop busy. One that is not there costs nothing to ask for. */
static void again_later(struct hv_vu *v)
{
	unsigned int ms = v->reconnect_ms << (v->failures < 6 ? v->failures : 6);
	struct timeval t;

	if (ms > RETRY_MAX_MS)
		ms = RETRY_MAX_MS;
	t = (struct timeval){.tv_sec = ms / 1000, .tv_usec = (suseconds_t)(ms % 1000) * 1000};
	event_add(v->retry_ev, &t);
}

/* Ends the connection; what the back end said of itself is void. */
static void disconnect(struct hv_vu *v)
{
	drop_event(&v->read_ev);
	drop_event(&v->back_ev);
	pthread_mutex_lock(&v->lock);
	close_fd(&v->fd);
	close_fd(&v->back);
	v->connected = v->running = v->broken = false;
	v->offered = v->protocol = 0;
	pthread_mutex_unlock(&v->lock);
}

static void lost(struct hv_vu *v)
{
	char why[sizeof(v->why)];
	bool sent_away;

	pthread_mutex_lock(&v->lock);
	snprintf(why, sizeof(why), "%s", v->why);
	sent_away = v->broken;
	pthread_mutex_unlock(&v->lock);
	disconnect(v);
	/* One that was sent away is asked again, but less and less often. */
	v->failures = sent_away ? v->failures + 1 : 0;
	log_warn("vhost-user %s: the back end is %s: %s", name_of(v),
		 sent_away ? "sent away" : "gone", why);
	v->waiting_said = true;
	if (v->path[0] || v->dial || v->mode == HV_VU_SERVE)
		again_later(v);
	v->ops->lost(v->self, why);
}

/* There is something to read, or nobody there any more. Answers are read by who asked, with the
 * lock held; so what is found here was said unasked. */
static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct hv_vu *v = arg;
	uint8_t byte;
	ssize_t n;
	bool end;

	pthread_mutex_lock(&v->lock);
	n = recv(v->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
	end = n >= 0 || (errno != EAGAIN && errno != EINTR);
	if (end && !v->broken)
		snprintf(v->why, sizeof(v->why), "%s",
			 n > 0 ? "it spoke without being asked" : "it closed the connection");
	pthread_mutex_unlock(&v->lock);
	if (end)
		lost(v);
}

/* The back end cannot serve a ring (VHOST_USER_SET_VRING_ERR). */
static void on_fault(evutil_socket_t fd, short what, void *arg)
{
	struct hv_vu *v = arg;
	uint64_t count;

	if (read((int)fd, &count, sizeof(count)) == (ssize_t)sizeof(count))
		log_warn("vhost-user %s: the back end says a ring of the guest is faulty",
			 name_of(v));
}

/* One request of the back end's. */
static void on_back(evutil_socket_t fd, short what, void *arg)
{
	struct hv_vu *v = arg;
	struct hv_vu_msg m;
	struct err e;
	unsigned int n_fds;
	bool supported = false, changed = false;
	uint64_t deadline = hv_vu_now_ns() + HV_VU_NEGOTIATION;
	int got = -1, ret;

	pthread_mutex_lock(&v->lock);
	ret = hv_vu_recv(v->back, &m, &got, &n_fds, deadline, &e);
	close_fd(&got);
	if (ret == 0)
		ret = hv_vu_back_check(&m, n_fds, &supported, &e);
	if (ret == 0) {
		changed = supported;
		if (m.flags & HV_VU_NEED_REPLY) {
			hv_vu_back_answer(&m, supported);
			ret = hv_vu_send(v->back, &m, NULL, 0, deadline, &e);
		}
	}
	if (ret == -ECONNRESET)
		event_del(v->back_ev); /* the connection itself ends, too, or goes on without */
	else if (ret != 0)
		hv_vu_give_up(v, &e);
	pthread_mutex_unlock(&v->lock);
	if (changed && v->ops->config_changed)
		v->ops->config_changed(v->self);
}

/* A socket to a back end: finds out what it can do. */
static void on_connection(struct hv_vu *v, int fd)
{
	struct err e = {0};
	int ret;

	pthread_mutex_lock(&v->lock);
	v->fd = fd;
	v->broken = false;
	v->deadline_ns = hv_vu_now_ns() + HV_VU_NEGOTIATION;
	ret = hv_vu_negotiate(v, &e);
	v->connected = ret == 0;
	pthread_mutex_unlock(&v->lock);
	if (ret == 0) {
		v->read_ev = event_new(v->loop, fd, EV_READ | EV_PERSIST, on_readable, v);
		if (v->back >= 0)
			v->back_ev = event_new(v->loop, v->back, EV_READ | EV_PERSIST, on_back, v);
		if (!v->read_ev || (v->back >= 0 && !v->back_ev))
			ret = err_set(&e, -ENOMEM, "out of memory");
	}
	if (ret != 0) {
		log_warn("vhost-user %s: the back end is refused: %s", name_of(v), e.text);
		disconnect(v);
		v->failures++;
		v->waiting_said = true;
		again_later(v);
		return;
	}
	event_add(v->read_ev, NULL);
	if (v->back_ev)
		event_add(v->back_ev, NULL);
	v->waiting_said = false;
	log_info("vhost-user %s: a back end is there", name_of(v));
	v->ops->connected(v->self);
}

static void on_accept(evutil_socket_t listener, short what, void *arg)
{
	struct hv_vu *v = arg;
	int fd = accept4((int)listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0) {
		again_later(v);
		return;
	}
	/* The event is not added again: one back end at a time, others wait in the queue. */
	on_connection(v, fd);
}

static void nobody_there(struct hv_vu *v, const char *why)
{
	if (!v->waiting_said)
		log_info("vhost-user %s: waiting for the back end: %s", name_of(v), why);
	v->waiting_said = true;
	again_later(v);
}

void hv_vu_give(struct hv_vu *v, int fd)
{
	int flags;

	if (!v->dialing || fd < 0) {
		if (fd >= 0)
			close(fd);
		else if (v->dialing)
			nobody_there(v, strerror(-fd));
		v->dialing = false;
		return;
	}
	v->dialing = false;
	flags = fcntl(fd, F_GETFL);
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0) {
		nobody_there(v, strerror(errno));
		close(fd);
		return;
	}
	on_connection(v, fd);
}

static void on_retry(evutil_socket_t unused, short what, void *arg)
{
	struct hv_vu *v = arg;
	struct err e;
	int fd, ret;

	if (v->mode == HV_VU_SERVE) {
		event_add(v->accept_ev, NULL);
		return;
	}
	fd = v->given;
	v->given = -1;
	if (fd < 0 && v->dial) {
		ret = v->dial(v->dial_arg);
		v->dialing = ret == 0;
		if (ret != 0)
			nobody_there(v, strerror(-ret));
		return;
	}
	if (fd < 0)
		fd = hv_vu_connect(v->path, &e);
	if (fd >= 0) {
		on_connection(v, fd);
		return;
	}
	nobody_there(v, e.text);
}

static int open_sockets(struct hv_vu *v, const struct hv_vu_options *o, struct err *e)
{
	if (o->fd >= 0) {
		int flags = fcntl(o->fd, F_GETFL);

		if (flags < 0 || fcntl(o->fd, F_SETFL, flags | O_NONBLOCK) != 0)
			return err_set(e, -errno, "socket: descriptor %d: %s", o->fd,
				       strerror(errno));
	} else if (v->mode == HV_VU_SERVE) {
		v->listener = hv_vu_listen(v->path, e);
		if (v->listener < 0)
			return v->listener;
		v->bound = true;
	}
	return 0;
}

struct hv_vu *hv_vu_new(struct event_base *loop, const struct hv_vu_options *o,
			const struct hv_vu_ops *ops, void *self, struct err *e)
{
	struct hv_vu *v;

	if (!o->path && o->fd < 0 && !o->dial) {
		err_set(e, -EINVAL, "a vhost-user socket needs a path");
		return NULL;
	}
	if (o->path && strlen(o->path) >= sizeof(v->path)) {
		err_set(e, -ENAMETOOLONG, "'%s' is longer than a socket's path may be, %zu",
			o->path, sizeof(v->path) - 1);
		goto close_given;
	}
	v = calloc(1, sizeof(*v));
	if (!v) {
		err_set(e, -ENOMEM, "out of memory");
		goto close_given;
	}
	v->loop = loop;
	v->ops = ops;
	v->self = self;
	v->mode = o->mode;
	v->mask = o->features;
	v->mtu_told = o->mtu;
	v->queues_max = o->queues_max < HV_VU_RINGS ? o->queues_max : HV_VU_RINGS;
	v->reconnect_ms = o->reconnect_ms ? o->reconnect_ms : RETRY_MS;
	v->dial = o->dial;
	v->dial_arg = o->dial_arg;
	if (o->path)
		snprintf(v->path, sizeof(v->path), "%s", o->path);
	v->listener = v->given = v->fd = v->back = v->record_fd = v->log_fd = -1;
	*(v->mode == HV_VU_SERVE ? &v->listener : &v->given) = o->fd;
	pthread_mutex_init(&v->lock, NULL);
	v->faults = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (v->faults < 0) {
		err_set(e, -errno, "eventfd: %s", strerror(errno));
		goto free_v;
	}
	if (open_sockets(v, o, e) != 0)
		goto free_v;
	v->retry_ev = evtimer_new(loop, on_retry, v);
	v->fault_ev = event_new(loop, v->faults, EV_READ | EV_PERSIST, on_fault, v);
	if (v->mode == HV_VU_SERVE)
		v->accept_ev = event_new(loop, v->listener, EV_READ, on_accept, v);
	if (!v->retry_ev || !v->fault_ev || (v->mode == HV_VU_SERVE && !v->accept_ev)) {
		err_set(e, -ENOMEM, "out of memory");
		goto free_v;
	}
	event_add(v->fault_ev, NULL);
	event_add(v->retry_ev, &(struct timeval){0});
	return v;

free_v:
	hv_vu_free(v);
	return NULL;
close_given:
	if (o->fd >= 0)
		close(o->fd);
	return NULL;
}

void hv_vu_free(struct hv_vu *v)
{
	if (!v)
		return;
	disconnect(v);
	drop_event(&v->accept_ev);
	drop_event(&v->retry_ev);
	drop_event(&v->fault_ev);
	/* The file of a socket that was handed in is of who made it. */
	if (v->bound)
		unlink(v->path);
	close_fd(&v->listener);
	close_fd(&v->given);
	close_fd(&v->faults);
	hv_vu_record_drop(v);
	hv_vu_log_off(v);
	pthread_mutex_destroy(&v->lock);
	free(v);
}

bool hv_vu_is_connected(const struct hv_vu *v)
{
	return v->connected;
}

uint64_t hv_vu_features(const struct hv_vu *v)
{
	return v->connected ? v->offered & v->mask : 0;
}

unsigned int hv_vu_queue_pairs(const struct hv_vu *v)
{
	return v->queue_pairs;
}

unsigned int hv_vu_mtu(const struct hv_vu *v)
{
	return v->mtu;
}
