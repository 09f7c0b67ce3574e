/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/shim/epoll.h"

#include "offload/chimney/shim/real.h"
#include "offload/chimney/shim/sys.h"

#include <stdlib.h>
#include <string.h>

pthread_mutex_t chim_epoll_lock = PTHREAD_MUTEX_INITIALIZER;

static struct chim_watch pool[CHIM_WATCHES];
static struct chim_watch *pool_free;
static uint32_t pool_used = 1; /* 0 is the link's tag */

/* Upper bits no pointer has and no small number either; then the generation and the index, so that
 * an event of a watch that is gone is known as such. */
enum { TAG_TOP = 0xc1b7 };

static uint64_t tag(const struct chim_watch *w)
{
	return (uint64_t)TAG_TOP << 48 | (uint64_t)w->generation << 32 | (uint64_t)(w - pool);
}

bool chim_tag_is(uint64_t data, struct chim_epoll *e, struct chim_watch **w)
{
	uint32_t i = (uint32_t)data;

	*w = NULL;
	if (data >> 48 != TAG_TOP || i >= CHIM_WATCHES)
		return false;
	if (pool[i].epoll == e && pool[i].generation == (uint16_t)(data >> 32))
		*w = &pool[i];
	return true;
}

struct chim_watch *chim_watch_find(const struct chim_epoll *e, int fd)
{
	struct chim_watch *w = atomic_load(&chim_slots[fd].watches);

	while (w && w->epoll != e)
		w = w->of_fd;
	return w;
}

struct chim_watch *chim_watch_new(struct chim_epoll *e, int fd, const struct epoll_event *ev)
{
	struct chim_watch *w = pool_free;
	uint16_t generation;

	if (w)
		pool_free = w->of_fd;
	else if (pool_used < CHIM_WATCHES)
		w = &pool[pool_used++];
	else
		return NULL;
	generation = w->generation;
	*w = (struct chim_watch){.epoll = e,
				 .fd = fd,
				 .generation = generation,
				 .events = ev->events,
				 .data = ev->data,
				 .armed = true,
				 .next = e->watches};
	if (e->watches)
		e->watches->prev = w;
	e->watches = w;
	w->of_fd = atomic_load(&chim_slots[fd].watches);
	atomic_store(&chim_slots[fd].watches, w);
	return w;
}

static void unqueue(struct chim_watch *w)
{
	struct chim_epoll *e = w->epoll;
	struct chim_watch **at = &e->first;

	if (!w->queued)
		return;
	while (*at != w)
		at = &(*at)->ready;
	*at = w->ready;
	if (e->last == &w->ready)
		e->last = at;
	w->queued = false;
}

void chim_watch_free(struct chim_watch *w)
{
	struct chim_watch *first = atomic_load(&chim_slots[w->fd].watches);

	if (w->sock)
		chim_watch_detach(w);
	unqueue(w);
	if (w->epoll->hot == w)
		w->epoll->hot = NULL;
	if (first == w) {
		atomic_store(&chim_slots[w->fd].watches, w->of_fd);
	} else {
		while (first->of_fd != w)
			first = first->of_fd;
		first->of_fd = w->of_fd;
	}
	if (w->prev)
		w->prev->next = w->next;
	else
		w->epoll->watches = w->next;
	if (w->next)
		w->next->prev = w->prev;
	w->epoll = NULL;
	w->generation++;
	w->of_fd = pool_free;
	pool_free = w;
}

void chim_watch_queue(struct chim_watch *w)
{
	struct chim_epoll *e = w->epoll;

	if (w->queued)
		return;
	w->queued = true;
	w->ready = NULL;
	*e->last = w;
	e->last = &w->ready;
}

void chim_watch_unpark(struct chim_watch *w)
{
	if (w->parked)
		chim_unpark(w->sock->conn, w->parked);
	w->parked = 0;
}

/* The end of flued must reach who only waits for events. */
static void watch_link(struct chim_epoll *e, struct chim_link *link)
{
	struct epoll_event ev = {.events = EPOLLIN | EPOLLET, .data.u64 = (uint64_t)TAG_TOP << 48};

	if (e->link == link)
		return;
	if (e->link)
		chim_link_drop(e->link);
	chim_link_hold(link);
	e->link = link;
	REAL(epoll_ctl)(e->fd, EPOLL_CTL_ADD, link->fd, &ev);
}

void chim_watch_attach(struct chim_watch *w, struct chim_sock *s)
{
	struct epoll_event ev = {.events = EPOLLIN | EPOLLET, .data.u64 = tag(w)};
	struct chim_conn *c = s->conn;

	w->sock = s;
	w->edge = w->events & EPOLLET;
	if (w->edge && atomic_fetch_add(&c->edges, 1) == 0)
		atomic_fetch_or(&c->shm->app_flags, CHIM_APP_WAIT_IN);
	atomic_fetch_add(&w->epoll->n_fast, 1);
	atomic_fetch_add(&s->watches, 1);
	watch_link(w->epoll, c->link);
	if (REAL(epoll_ctl)(w->epoll->fd, EPOLL_CTL_ADD, c->fd, &ev) && errno == EEXIST)
		REAL(epoll_ctl)(w->epoll->fd, EPOLL_CTL_MOD, c->fd, &ev);
	chim_watch_queue(w);
	chim_epoll_poke(w);
}

/* Somebody who is in the kernel's wait already must look at the list. */
void chim_epoll_poke(const struct chim_watch *w)
{
	uint64_t one = 1;

	if (atomic_load(&w->epoll->waiters))
		sys_write(w->sock->conn->fd, &one, sizeof(one));
}

bool chim_watch_change(struct chim_watch *w, const struct chim_sock *s,
		       const struct epoll_event *ev)
{
	if (w->sock != s || w->edge != ((ev->events & EPOLLET) != 0))
		return false;
	chim_watch_unpark(w);
	w->events = ev->events;
	w->data = ev->data;
	w->armed = true;
	chim_watch_queue(w);
	chim_epoll_poke(w);
	return true;
}

void chim_watch_detach(struct chim_watch *w)
{
	struct chim_conn *c = w->sock->conn;

	REAL(epoll_ctl)(w->epoll->fd, EPOLL_CTL_DEL, c->fd, NULL);
	chim_watch_unpark(w);
	if (w->edge && atomic_fetch_sub(&c->edges, 1) == 1 && !atomic_load(&c->waits_in))
		atomic_fetch_and(&c->shm->app_flags, ~(uint32_t)CHIM_APP_WAIT_IN);
	unqueue(w);
	atomic_fetch_sub(&w->sock->watches, 1);
	w->sock = NULL;
	atomic_fetch_sub(&w->epoll->n_fast, 1);
}

void chim_epoll_new(int fd)
{
	struct chim_epoll *e = chim_slot(fd) ? calloc(1, sizeof(*e)) : NULL;

	if (!e)
		return;
	e->fd = fd;
	e->last = &e->first;
	atomic_init(&e->fds, 1);
	atomic_store(&chim_slots[fd].epoll, e);
}

void chim_epoll_share(int from, int to)
{
	struct chim_epoll *e = chim_slot(from) ? atomic_load(&chim_slots[from].epoll) : NULL;

	if (!e || !chim_slot(to))
		return;
	atomic_fetch_add(&e->fds, 1);
	atomic_store(&chim_slots[to].epoll, e);
}

/* Some descriptor of the set that lives on; its users are few, and seldom have copies. */
static int other_fd(const struct chim_epoll *e, int gone)
{
	for (int fd = 0; fd < CHIM_FDS; fd++) {
		if (fd != gone && atomic_load(&chim_slots[fd].epoll) == e)
			return fd;
	}
	return -1;
}

/* Waiters may still be in it: what was allocated for the set stays, its watches go. */
static void set_gone(int fd, struct chim_epoll *e)
{
	atomic_store(&chim_slots[fd].epoll, NULL);
	if (atomic_fetch_sub(&e->fds, 1) != 1) {
		if (e->fd == fd)
			e->fd = other_fd(e, fd);
		return;
	}
	while (e->watches)
		chim_watch_free(e->watches);
	if (e->link)
		chim_link_drop(e->link);
	e->link = NULL;
	if (!atomic_load(&e->waiters))
		free(e);
}

void chim_epoll_gone(int fd)
{
	struct chim_slot *slot = &chim_slots[fd];
	struct chim_watch *w;

	if (!atomic_load(&slot->epoll) && !atomic_load(&slot->watches))
		return;
	pthread_mutex_lock(&chim_epoll_lock);
	while ((w = atomic_load(&slot->watches)))
		chim_watch_free(w);
	if (atomic_load(&slot->epoll))
		set_gone(fd, atomic_load(&slot->epoll));
	pthread_mutex_unlock(&chim_epoll_lock);
}

static void in_kernel(struct chim_watch *w)
{
	struct epoll_event ev = {.events = w->armed ? w->events : w->events & EPOLLONESHOT,
				 .data = w->data};

	REAL(epoll_ctl)(w->epoll->fd, EPOLL_CTL_ADD, w->fd, &ev);
}

/* A one-shot watch that was reported has no events left; only the kernel knows. */
static bool armed_in_kernel(const struct chim_watch *w)
{
	char path[64], line[128];
	unsigned int events;
	bool armed = true;
	FILE *info;
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", w->epoll->fd);
	info = fopen(path, "re");
	while (info && fgets(line, sizeof(line), info)) {
		if (sscanf(line, "tfd: %d events: %x", &fd, &events) == 2 && fd == w->fd)
			armed = events & ~(unsigned int)(EPOLLONESHOT | EPOLLET | EPOLLERR |
							 EPOLLHUP | EPOLLWAKEUP | EPOLLEXCLUSIVE);
	}
	if (info)
		fclose(info);
	return armed;
}

void chim_epoll_out(int fd, struct chim_sock *s)
{
	pthread_mutex_lock(&chim_epoll_lock);
	for (struct chim_watch *w = atomic_load(&chim_slots[fd].watches); w; w = w->of_fd) {
		if (w->events & EPOLLONESHOT)
			w->armed = armed_in_kernel(w);
		REAL(epoll_ctl)(w->epoll->fd, EPOLL_CTL_DEL, fd, NULL);
	}
	pthread_mutex_unlock(&chim_epoll_lock);
}

void chim_epoll_in(int fd, struct chim_sock *s)
{
	pthread_mutex_lock(&chim_epoll_lock);
	for (struct chim_watch *w = atomic_load(&chim_slots[fd].watches); w; w = w->of_fd)
		in_kernel(w);
	pthread_mutex_unlock(&chim_epoll_lock);
}

void chim_epoll_to_flued(int fd, struct chim_sock *s)
{
	pthread_mutex_lock(&chim_epoll_lock);
	for (struct chim_watch *w = atomic_load(&chim_slots[fd].watches); w; w = w->of_fd)
		chim_watch_attach(w, s);
	pthread_mutex_unlock(&chim_epoll_lock);
}

void chim_epoll_to_kernel(struct chim_sock *s)
{
	pthread_mutex_lock(&chim_epoll_lock);
	for (uint32_t i = 1; atomic_load(&s->watches) && i < pool_used; i++) {
		struct chim_watch *w = &pool[i];

		if (!w->epoll || w->sock != s)
			continue;
		chim_watch_detach(w);
		in_kernel(w);
	}
	pthread_mutex_unlock(&chim_epoll_lock);
}
