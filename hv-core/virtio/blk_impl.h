/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of the disk share. */
#ifndef HV_CORE_VIRTIO_BLK_IMPL_H
#define HV_CORE_VIRTIO_BLK_IMPL_H

#include "hv-core/virtio/blk.h"
#include "hv-core/virtio/queue.h"

#include <liburing.h>
#include <linux/virtio_blk.h>
#include <stdatomic.h>

#define BLK_QUEUE    256
#define BLK_SEG_MAX  126
#define BLK_PARTS    (BLK_SEG_MAX + 2) /* and header and status */
#define BLK_DATA_MAX (32u << 20)       /* of one request */
#define BLK_COPY_MAX (32u << 20)       /* copied data under way; then no more is taken */
#define SECTOR	     512

/* One request, from its chain to its status byte. */
struct blk_req {
	struct hv_vq_chain chain;
	struct iovec part[BLK_PARTS];
	uint32_t type; /* VIRTIO_BLK_T_ */
	uint64_t offset;
	struct iovec *data; /* what is left of it, within part[] or &bounced */
	unsigned int parts;
	uint64_t bytes, left;
	struct iovec bounced;
	uint8_t *bounce; /* NULL: straight to the guest's memory */
	int fallocate_mode;
	bool sync; /* zeros were written; now they are to reach the disk */
	uint8_t *status;
	struct blk_req *next; /* of those that are free */
};

struct hv_blk {
	struct hv_device dev;
	struct hv_vm *vm;
	struct hv_virtio *v;
	int fd;
	bool readonly, direct;
	uint32_t block; /* bytes the file is read and written in */
	uint64_t sectors;
	char serial[VIRTIO_BLK_ID_BYTES];
	struct virtio_blk_config config;

	/* The thread, and how it is told to serve and to hold still. */
	pthread_t thread;
	bool thread_there;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	_Atomic bool wanted; /* to serve */
	bool serving, end;   /* under lock */
	int wake_fd;

	/* The thread's while it serves. */
	struct hv_vq q;
	struct io_uring ring;
	struct blk_req *req, *unused;
	unsigned int busy;
	uint64_t copying; /* bytes of all bounce buffers */
	bool given;	  /* something was given back since the driver was last interrupted */
	bool failed;	  /* io_uring does not work any more */
	/* The driver does not flush: each write is on the disk when it is done. */
	bool write_through;
	bool said; /* an error of the file was logged */
	_Atomic int call_fd;

	int broken_fd; /* the thread found the ring broken; the main thread tells the driver */
	struct event *broken;

	_Atomic uint64_t reads, writes, flushes, read_bytes, written_bytes, errors;
};

/* Reads the chain's header and finds data and status; pure but for guest memory. 0: to be carried
 * out; a VIRTIO_BLK_S_ status otherwise (IOERR, UNSUPP); -EPROTO: not even a place for the status.
 */
int blk_parse(struct hv_blk *b, struct blk_req *r);

/* From here on the ring, which was made disabled (IORING_SETUP_R_DISABLED), takes what blk_io.c
 * submits, without flags, and nothing else, and nothing can be registered with it. 0 or negative
 * errno. */
int blk_ring_restrict(struct io_uring *ring);

/* The thread: waits to be wanted, serves, until the end. */
void *blk_main(void *arg);

#endif
