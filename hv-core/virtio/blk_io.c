/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The disk's thread. It takes requests from the ring, hands them to io_uring, and gives them back
 * as the kernel finishes them, in any order. While anything is under way or new, it asks for no
 * kicks; before it sleeps it asks for them and looks once more.
 */
#include "hv-core/virtio/blk_impl.h"

#include "base/log.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>

/* Tags of what is no request. */
enum { TAG_KICK = 1, TAG_WAKE = 2 };

static struct io_uring_sqe *next_sqe(struct hv_blk *b)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&b->ring);

	/* The queue holds a request of each descriptor and the two polls; it is full when not
	 * submitted. */
	if (!sqe) {
		io_uring_submit(&b->ring);
		sqe = io_uring_get_sqe(&b->ring);
	}
	return sqe;
}

static void listen_to(struct hv_blk *b, int fd, uint64_t tag)
{
	struct io_uring_sqe *sqe = next_sqe(b);

	if (sqe) {
		io_uring_prep_poll_add(sqe, fd, POLLIN);
		sqe->user_data = tag;
	}
}

static void give_back(struct hv_blk *b, struct blk_req *r, uint8_t status)
{
	uint32_t written = 1;

	if (status == VIRTIO_BLK_S_OK &&
	    (r->type == VIRTIO_BLK_T_IN || r->type == VIRTIO_BLK_T_GET_ID))
		written += (uint32_t)r->bytes;
	if (status != VIRTIO_BLK_S_OK)
		b->errors++;
	*r->status = status;
	if (r->bounce)
		b->copying -= r->bytes;
	free(r->bounce);
	r->bounce = NULL;
	hv_vq_push(&b->q, &r->chain, written);
	b->given = true;
	r->next = b->unused;
	b->unused = r;
}

/* Hands what is left of the request to the kernel. */
static void submit(struct hv_blk *b, struct blk_req *r)
{
	struct io_uring_sqe *sqe = next_sqe(b);
	struct iovec *data = r->bounce ? &r->bounced : r->data;
	unsigned int parts = r->bounce ? 1 : r->parts;
	uint64_t at = r->offset + (r->bytes - r->left);

	if (!sqe) {
		give_back(b, r, VIRTIO_BLK_S_IOERR);
		return;
	}
	switch (r->sync ? VIRTIO_BLK_T_FLUSH : r->type) {
	case VIRTIO_BLK_T_IN:
		io_uring_prep_readv(sqe, b->fd, data, parts, at);
		break;
	case VIRTIO_BLK_T_OUT:
		io_uring_prep_writev2(sqe, b->fd, data, parts, at,
				      b->write_through ? RWF_DSYNC : 0);
		break;
	case VIRTIO_BLK_T_FLUSH:
		io_uring_prep_fsync(sqe, b->fd, IORING_FSYNC_DATASYNC);
		break;
	default:
		io_uring_prep_fallocate(sqe, b->fd, r->fallocate_mode, (off_t)r->offset,
					(off_t)r->bytes);
		break;
	}
	sqe->user_data = (uintptr_t)r;
	b->busy++;
}

static void copy_serial(struct hv_blk *b, struct blk_req *r)
{
	size_t done = 0;

	for (unsigned int i = 0; i < r->parts && done < r->bytes; i++) {
		size_t len =
			r->data[i].iov_len < r->bytes - done ? r->data[i].iov_len : r->bytes - done;

		memcpy(r->data[i].iov_base, b->serial + done, len);
		done += len;
	}
}

static bool has_room(const struct hv_blk *b)
{
	return b->unused && b->copying < BLK_COPY_MAX;
}

/* Takes what the guest made available. Whether there was anything. */
static bool take_new(struct hv_blk *b)
{
	bool any = false;

	while (has_room(b)) {
		struct blk_req *r = b->unused;

		r->chain.iov = r->part;
		r->chain.iov_max = BLK_PARTS;
		if (hv_vq_pop(&b->q, &r->chain) <= 0)
			break;
		any = true;
		b->unused = r->next;
		int status = blk_parse(b, r);
		if (status < 0) {
			b->q.broken = "a request has no header or no room for its status";
			r->next = b->unused;
			b->unused = r;
			break;
		}
		if (r->bounce)
			b->copying += r->bytes;
		if (status)
			give_back(b, r, (uint8_t)status);
		else if (r->type == VIRTIO_BLK_T_GET_ID) {
			copy_serial(b, r);
			give_back(b, r, VIRTIO_BLK_S_OK);
		} else
			submit(b, r);
	}
	return any;
}

/* The kernel may do less than it was asked; the rest is asked for again. */
static bool is_rest(struct blk_req *r, int done)
{
	if ((r->type != VIRTIO_BLK_T_IN && r->type != VIRTIO_BLK_T_OUT) || done <= 0)
		return false;
	r->left -= (uint64_t)done < r->left ? (uint64_t)done : r->left;
	if (!r->left)
		return false;
	if (r->bounce) {
		r->bounced.iov_base = (uint8_t *)r->bounced.iov_base + done;
		r->bounced.iov_len -= (size_t)done;
		return true;
	}
	for (size_t n = (size_t)done; n;) {
		size_t here = r->data->iov_len < n ? r->data->iov_len : n;

		r->data->iov_base = (uint8_t *)r->data->iov_base + here;
		r->data->iov_len -= here;
		n -= here;
		if (!r->data->iov_len) {
			r->data++;
			r->parts--;
		}
	}
	return true;
}

static void unbounce(struct blk_req *r)
{
	uint8_t *from = r->bounce;

	if (!r->bounce || r->type != VIRTIO_BLK_T_IN)
		return;
	for (unsigned int i = 0; i < r->parts; i++) {
		memcpy(r->data[i].iov_base, from, r->data[i].iov_len);
		from += r->data[i].iov_len;
	}
}

/* A write that is not flushed later must not stay in a cache (5.2.6.2), zeros as little as data. */
static bool is_to_sync(const struct hv_blk *b, struct blk_req *r, int rc)
{
	if (r->type != VIRTIO_BLK_T_WRITE_ZEROES || !b->write_through || r->sync || rc < 0)
		return false;
	r->sync = true;
	return true;
}

static void finished(struct hv_blk *b, struct blk_req *r, int rc)
{
	b->busy--;
	if (rc == -EINTR || is_rest(r, rc) || is_to_sync(b, r, rc)) {
		submit(b, r);
		return;
	}
	bool moves = r->type == VIRTIO_BLK_T_IN || r->type == VIRTIO_BLK_T_OUT;
	if (rc < 0 || (moves && r->left)) {
		if (!b->said)
			log_warn("%s: the file gives an error: %s", b->dev.id,
				 rc < 0 ? strerror(-rc) : "it is shorter than it was");
		b->said = true;
		give_back(b, r, rc == -EOPNOTSUPP ? VIRTIO_BLK_S_UNSUPP : VIRTIO_BLK_S_IOERR);
		return;
	}
	unbounce(r);
	switch (r->type) {
	case VIRTIO_BLK_T_IN:
		b->reads++;
		b->read_bytes += r->bytes;
		break;
	case VIRTIO_BLK_T_OUT:
		b->writes++;
		b->written_bytes += r->bytes;
		break;
	case VIRTIO_BLK_T_FLUSH:
		b->flushes++;
		break;
	}
	give_back(b, r, VIRTIO_BLK_S_OK);
}

static void call(struct hv_blk *b)
{
	int fd = b->call_fd;

	if (b->given && hv_vq_needs_call(&b->q) && fd >= 0)
		eventfd_write(fd, 1);
	b->given = false;
}

/* What is under way cannot be waited for any more, so the guest must not go on. */
static void fail(struct hv_blk *b, int rc)
{
	char why[160];

	snprintf(why, sizeof(why), "%s: io_uring: %s", b->dev.id, strerror(-rc));
	log_err("%s", why);
	b->failed = true;
	hv_vm_end(b->vm, HV_END_CRASH, why);
}

/* What the kernel finished, at least one thing if there is something to wait for. */
static void collect(struct hv_blk *b, bool wait)
{
	struct io_uring_cqe *cqe;
	eventfd_t n;
	int rc = wait ? io_uring_submit_and_wait(&b->ring, 1) : io_uring_submit(&b->ring);

	if (rc < 0 && rc != -EINTR && rc != -EAGAIN && rc != -EBUSY)
		fail(b, rc);
	while (!io_uring_peek_cqe(&b->ring, &cqe)) {
		uint64_t tag = cqe->user_data;
		int res = cqe->res;

		io_uring_cqe_seen(&b->ring, cqe);
		if (tag == TAG_KICK) {
			eventfd_read(hv_virtio_queue(b->v, 0)->kick_fd, &n);
			listen_to(b, hv_virtio_queue(b->v, 0)->kick_fd, TAG_KICK);
		} else if (tag == TAG_WAKE) {
			eventfd_read(b->wake_fd, &n);
			listen_to(b, b->wake_fd, TAG_WAKE);
		} else if (tag) {
			finished(b, (struct blk_req *)(uintptr_t)tag, res);
		}
	}
}

static void serve(struct hv_blk *b)
{
	while (b->wanted && !b->q.broken && !b->failed) {
		bool new = take_new(b);

		call(b);
		if (b->q.broken)
			break;
		/* Somebody may have put something into the ring before it was listened to again;
		 * without room for it, only what is under way is waited for. */
		bool sleeps = !new && (!has_room(b) || !hv_vq_listen(&b->q));
		collect(b, sleeps);
		if (sleeps)
			hv_vq_deaf(&b->q);
	}
	while (b->busy && !b->failed)
		collect(b, true);
	call(b);
	if (b->q.broken)
		eventfd_write(b->broken_fd, 1);
}

/* False: the end. */
static bool wait_until_wanted(struct hv_blk *b)
{
	pthread_mutex_lock(&b->lock);
	b->serving = false;
	pthread_cond_broadcast(&b->changed);
	while (!b->end && (!b->wanted || b->q.broken || b->failed))
		pthread_cond_wait(&b->changed, &b->lock);
	b->serving = !b->end;
	bool go_on = !b->end;
	pthread_mutex_unlock(&b->lock);
	return go_on;
}

static int (*thread_init)(void *arg, struct err *e);
static void *thread_arg;

void hv_blk_thread_init(int (*init)(void *arg, struct err *e), void *arg)
{
	thread_init = init;
	thread_arg = arg;
}

void *blk_main(void *arg)
{
	struct hv_blk *b = arg;
	struct err e = {0};

	prctl(PR_SET_NAME, "disk");
	if (thread_init && thread_init(thread_arg, &e)) {
		hv_vm_end(b->vm, HV_END_CRASH, e.text);
		return NULL;
	}
	listen_to(b, hv_virtio_queue(b->v, 0)->kick_fd, TAG_KICK);
	listen_to(b, b->wake_fd, TAG_WAKE);
	while (wait_until_wanted(b))
		serve(b);
	return NULL;
}
