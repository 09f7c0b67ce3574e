/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/shim/conn.h"

#include "offload/chimney/shim/msg.h"
#include "offload/chimney/shim/sys.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>

enum { UPLOAD_MS = 10000 };

static bool ring_ok(uint64_t off, uint32_t size, uint64_t bytes)
{
	return size >= CHIM_RING_MIN && size <= CHIM_RING_MAX && !(size & (size - 1)) &&
	       off >= CHIM_SHM_PAGE && off <= bytes && bytes - off >= size;
}

static bool shm_ok(const struct chim_link *link, const struct chim_shm *s, uint32_t no,
		   uint64_t bytes)
{
	return s->magic == CHIM_SHM_MAGIC && s->version == CHIM_SHM_VERSION && s->conn == no &&
	       s->worker < link->n_workers && s->bytes == bytes &&
	       ring_ok(s->snd_off, s->snd_size, bytes) && ring_ok(s->rcv_off, s->rcv_size, bytes);
}

static void fill(struct chim_conn *c)
{
	pthread_mutexattr_t attr;

	c->snd = (uint8_t *)c->shm + c->shm->snd_off;
	c->rcv = (uint8_t *)c->shm + c->shm->rcv_off;
	c->snd_size = c->shm->snd_size;
	c->rcv_size = c->shm->rcv_size;
	c->worker = c->shm->worker;
	c->snd_head = atomic_load(&c->shm->snd_head);
	c->rcv_tail = c->rung_tail = atomic_load(&c->shm->rcv_tail);
	atomic_init(&c->refs, 1);
	atomic_init(&c->spin, 4);
	/* A signal handler that comes back to a lock of its own thread is told so. */
	pthread_mutexattr_init(&attr);
	pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ERRORCHECK);
	pthread_mutex_init(&c->snd_lock, &attr);
	pthread_mutex_init(&c->rcv_lock, &attr);
	pthread_mutexattr_destroy(&attr);
}

int chim_conn_new(struct chim_link *link, struct chim_heard *h, struct chim_conn **out)
{
	struct chim_conn *c;
	struct stat st;

	if (h->n_fds != 2 || h->msg.conn >= CHIM_APP_CONNS || link->conns[h->msg.conn])
		return -EPROTO;
	if (h->fds[0] < 0 || h->fds[1] < 0)
		return -EMFILE;
	if (fstat(h->fds[0], &st) || st.st_size < CHIM_SHM_PAGE ||
	    !(sys_fcntl(h->fds[0], F_GET_SEALS, 0) & F_SEAL_SHRINK))
		return -EPROTO;
	c = calloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	c->bytes = (size_t)st.st_size;
	c->shm = mmap(NULL, c->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, h->fds[0], 0);
	if (c->shm == MAP_FAILED) {
		free(c);
		return -ENOMEM;
	}
	if (!shm_ok(link, c->shm, h->msg.conn, c->bytes)) {
		munmap(c->shm, c->bytes);
		free(c);
		return -EPROTO;
	}
	c->no = h->msg.conn;
	c->link = link;
	chim_link_hold(link);
	fill(c);
	c->fd = h->fds[1];
	h->fds[1] = -1;
	*out = c;
	return 0;
}

void chim_conn_hold(struct chim_conn *c)
{
	atomic_fetch_add_explicit(&c->refs, 1, memory_order_relaxed);
}

/* From now on the number can belong to another one. */
static void forget(struct chim_conn *c)
{
	pthread_mutex_lock(&c->link->lock);
	if (c->link->conns[c->no] == c)
		c->link->conns[c->no] = NULL;
	pthread_mutex_unlock(&c->link->lock);
}

void chim_conn_drop(struct chim_conn *c)
{
	if (atomic_fetch_sub(&c->refs, 1) != 1)
		return;
	forget(c);
	chim_fd_close(c->fd);
	munmap(c->shm, c->bytes);
	pthread_mutex_destroy(&c->snd_lock);
	pthread_mutex_destroy(&c->rcv_lock);
	chim_link_drop(c->link);
	free(c);
}

static void wake_all(struct chim_conn *c)
{
	uint64_t one = 1;

	sys_write(c->fd, &one, sizeof(one));
}

void chim_conn_lost(struct chim_conn *c, int error)
{
	if (atomic_load(&c->state) != CHIM_RUNS)
		return;
	atomic_store(&c->lost, error);
	atomic_store(&c->state, CHIM_LOST);
	wake_all(c);
}

void chim_conn_uploaded(struct chim_conn *c, const struct chim_msg *m)
{
	c->link->conns[c->no] = NULL;
	if (m->reason < 0) {
		chim_conn_lost(c, -m->reason);
		return;
	}
	c->retry_ms = m->retry_ms;
	atomic_store(&c->back_reason, m->reason);
	atomic_store(&c->state, CHIM_BACK);
	wake_all(c);
}

static bool is_settled(void *arg)
{
	struct chim_conn *c = arg;

	return atomic_load(&c->state) != CHIM_RUNS ||
	       !(atomic_load(&c->shm->flued_flags) & CHIM_FLUED_FROZEN);
}

int chim_conn_settle(struct chim_conn *c)
{
	/* A connection that thaws again says nothing: look every few milliseconds. */
	while (!is_settled(c)) {
		if (chim_link_wait(c->link, is_settled, c, 2) == -ECONNRESET)
			break;
	}
	return atomic_load(&c->state) == CHIM_BACK ? CHIM_MOVED : 0;
}

static bool is_moved(const struct chim_conn *c)
{
	return atomic_load(&c->state) != CHIM_RUNS;
}

/* It moved, or flued said that it cannot. */
static bool is_answered(void *arg)
{
	return is_moved(arg) || !atomic_load(&((struct chim_conn *)arg)->asked);
}

int chim_conn_upload(struct chim_conn *c, enum chim_upload reason)
{
	if (!is_moved(c) && !atomic_exchange(&c->asked, true))
		chim_link_say(c->link, CHIM_MSG_UPLOAD, c->no, (int32_t)reason, 0);
	if (!is_moved(c))
		chim_link_wait(c->link, is_answered, c, UPLOAD_MS);
	if (atomic_load(&c->state) == CHIM_BACK)
		return 0;
	if (!is_moved(c) && !atomic_load(&c->asked))
		return -EBUSY;
	return atomic_load(&c->state) == CHIM_LOST ? -atomic_load(&c->lost) : -ETIMEDOUT;
}

void chim_conn_close(struct chim_conn *c, uint32_t linger_ms)
{
	bool runs;

	pthread_mutex_lock(&c->link->lock);
	/* The number may be another connection's by now. */
	runs = c->link->conns[c->no] == c && atomic_load(&c->state) == CHIM_RUNS;
	if (c->link->conns[c->no] == c)
		c->link->conns[c->no] = NULL;
	pthread_mutex_unlock(&c->link->lock);
	if (runs)
		chim_link_say(c->link, CHIM_MSG_CLOSE, c->no, 0, linger_ms);
	chim_link_look(c->link);
}

uint32_t chim_conn_flags(const struct chim_conn *c)
{
	if (atomic_load(&c->state) == CHIM_LOST)
		return CHIM_FLUED_ERROR;
	return atomic_load_explicit(&c->shm->flued_flags, memory_order_acquire);
}

int chim_conn_error(struct chim_conn *c)
{
	int error;

	if (!(chim_conn_flags(c) & CHIM_FLUED_ERROR) || atomic_exchange(&c->error_taken, true))
		return 0;
	error = atomic_load(&c->state) == CHIM_LOST ? atomic_load(&c->lost)
						    : atomic_load(&c->shm->error);
	return error > 0 ? error : 0;
}

uint32_t chim_conn_ready(const struct chim_conn *c, uint32_t lowat)
{
	uint32_t flags = chim_conn_flags(c), mask = 0;
	bool error = flags & CHIM_FLUED_ERROR;
	bool no_in = error || (flags & CHIM_FLUED_FIN) || atomic_load(&c->shut_rd);
	bool no_out = error || atomic_load(&c->shut_wr);

	if (error && !atomic_load(&c->error_taken))
		mask |= POLLERR;
	if (no_in && no_out)
		mask |= POLLHUP;
	if (no_in)
		mask |= POLLIN | POLLRDNORM | POLLRDHUP;
	else if (chim_conn_inq(c) >= (lowat ? lowat : 1))
		mask |= POLLIN | POLLRDNORM;
	if (no_out || chim_conn_room(c) >= c->snd_size / 4)
		mask |= POLLOUT | POLLWRNORM;
	return mask;
}

void chim_conn_ring(struct chim_conn *c)
{
	chim_link_ring(c->link, c->worker, c->no);
}

void chim_conn_set(struct chim_conn *c, uint32_t flag, bool on)
{
	uint32_t was = on ? atomic_fetch_or(&c->shm->app_flags, flag)
			  : atomic_fetch_and(&c->shm->app_flags, ~flag);

	if (((was & flag) != 0) != on)
		chim_conn_ring(c);
}
