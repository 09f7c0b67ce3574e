/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/virtio/blk_impl.h"

#include <linux/fs.h>
#include <linux/stat.h>
#include <linux/virtio_ring.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define CLASS_STORAGE 0x018000 /* mass storage, other */
#define BIT(n)	      (1ull << (n))

/* Device lock held, or vCPUs parked: the thread begins to serve the ring. */
static void run(struct hv_blk *b)
{
	b->call_fd = hv_virtio_call_fd(b->v, 0);
	b->write_through = !(hv_virtio_features(b->v) & BIT(VIRTIO_BLK_F_FLUSH));
	pthread_mutex_lock(&b->lock);
	b->wanted = true;
	pthread_cond_broadcast(&b->changed);
	pthread_mutex_unlock(&b->lock);
}

/* Returns when nothing of it is under way any more. The thread takes no lock of the device's. */
static void hold(struct hv_blk *b)
{
	pthread_mutex_lock(&b->lock);
	b->wanted = false;
	eventfd_write(b->wake_fd, 1);
	while (b->serving)
		pthread_cond_wait(&b->changed, &b->lock);
	pthread_mutex_unlock(&b->lock);
}

static int on_start(void *self)
{
	struct hv_blk *b = self;
	int rc = hv_vq_init(&b->q, &b->vm->mem, hv_virtio_queue(b->v, 0), hv_virtio_features(b->v));

	if (!rc)
		run(b);
	return rc;
}

static void on_stop(void *self)
{
	hold(self);
}

static void on_vector(void *self, unsigned int queue)
{
	struct hv_blk *b = self;

	b->call_fd = hv_virtio_call_fd(b->v, 0);
}

static void read_config(void *self, unsigned int off, void *to, unsigned int len)
{
	memcpy(to, (const uint8_t *)&((struct hv_blk *)self)->config + off, len);
}

static const struct hv_virtio_ops virtio_ops = {.start = on_start,
						.stop = on_stop,
						.vector_changed = on_vector,
						.config_read = read_config};

/* Tells the driver what the thread found. Main thread. */
static void tell_broken(struct hv_blk *b)
{
	pthread_mutex_lock(hv_virtio_lock(b->v));
	if (hv_virtio_running(b->v) && b->q.broken)
		hv_virtio_broken(b->v, b->q.broken);
	pthread_mutex_unlock(hv_virtio_lock(b->v));
}

/* A ring found broken just now must not be saved as one that runs. */
static int quiesce(void *self, struct err *e)
{
	hold(self);
	tell_broken(self);
	return 0;
}

static void resume(void *self)
{
	struct hv_blk *b = self;

	if (hv_virtio_running(b->v))
		run(b);
}

static void save(void *self, struct hv_out *out)
{
	struct hv_blk *b = self;

	hv_out_u64(out, b->sectors);
	hv_virtio_save(b->v, out);
	if (hv_virtio_running(b->v))
		hv_vq_save(&b->q, out);
}

static int load(void *self, struct hv_in *in, uint32_t version, struct err *e)
{
	struct hv_blk *b = self;
	uint64_t sectors = hv_in_u64(in);
	int rc;

	if (!in->bad && sectors != b->sectors)
		return err_set(
			e, -EINVAL, "%s had %llu sectors when the snapshot was made, and has %llu",
			b->dev.id, (unsigned long long)sectors, (unsigned long long)b->sectors);
	rc = hv_virtio_load(b->v, in, e);
	if (rc)
		return rc;
	if (hv_virtio_running(b->v)) {
		if (hv_vq_init(&b->q, &b->vm->mem, hv_virtio_queue(b->v, 0),
			       hv_virtio_features(b->v)))
			return err_set(e, -EINVAL,
				       "%s: the snapshot has its queue outside the guest's memory",
				       b->dev.id);
		rc = hv_vq_load(&b->q, in, e);
		if (rc)
			return rc;
	}
	return hv_in_end(in, b->dev.id, e);
}

static void on_broken(evutil_socket_t fd, short what, void *arg)
{
	struct hv_blk *b = arg;
	eventfd_t n;

	eventfd_read(b->broken_fd, &n);
	tell_broken(b);
}

static void destroy(void *self)
{
	struct hv_blk *b = self;

	/* The thread looks at the transport as soon as it begins: it ends before that does. */
	if (b->thread_there) {
		hold(b);
		pthread_mutex_lock(&b->lock);
		b->end = true;
		pthread_cond_broadcast(&b->changed);
		pthread_mutex_unlock(&b->lock);
		pthread_join(b->thread, NULL);
	}
	hv_virtio_free(b->v);
	if (b->broken)
		event_free(b->broken);
	if (b->ring.ring_fd > 0)
		io_uring_queue_exit(&b->ring);
	for (const int *fd = (const int[]){b->fd, b->wake_fd, b->broken_fd, -2}; *fd != -2; fd++)
		if (*fd >= 0)
			close(*fd);
	pthread_cond_destroy(&b->changed);
	pthread_mutex_destroy(&b->lock);
	free(b->req);
	free(b);
}

static const struct hv_device_ops device_ops = {.kind = "virtio-blk",
						.version = 1,
						.quiesce = quiesce,
						.resume = resume,
						.save = save,
						.load = load,
						.destroy = destroy};

/* Size, and the unit in which it can be read and written past the page cache. */
static int measure(struct hv_blk *b, struct err *e)
{
	struct stat st;
	struct statx x = {0};
	uint64_t bytes = 0;
	int block = SECTOR;

	if (fstat(b->fd, &st))
		return err_set(e, -errno, "%s: %s", b->dev.id, strerror(errno));
	if (S_ISBLK(st.st_mode)) {
		if (ioctl(b->fd, BLKGETSIZE64, &bytes) || ioctl(b->fd, BLKSSZGET, &block))
			return err_set(e, -errno,
				       "%s: the block device does not say how large it is: %s",
				       b->dev.id, strerror(errno));
	} else if (S_ISREG(st.st_mode)) {
		bytes = (uint64_t)st.st_size;
		/* Linux 6.1 and later say it; a page fits every file system. */
		if (b->direct)
			block = !statx(b->fd, "", AT_EMPTY_PATH, STATX_DIOALIGN, &x) &&
						x.stx_mask & STATX_DIOALIGN &&
						x.stx_dio_offset_align
					? (int)(x.stx_dio_offset_align > x.stx_dio_mem_align
							? x.stx_dio_offset_align
							: x.stx_dio_mem_align)
					: 4096;
	} else {
		return err_set(e, -EINVAL, "%s is neither a file nor a block device", b->dev.id);
	}
	if (bytes < (uint64_t)block)
		return err_set(e, -EINVAL, "%s has %llu bytes, less than a sector", b->dev.id,
			       (unsigned long long)bytes);
	b->block = (uint32_t)block;
	b->sectors = bytes / (uint64_t)block * ((uint64_t)block / SECTOR);
	return 0;
}

static void describe(struct hv_blk *b)
{
	const uint32_t most = UINT32_MAX / SECTOR;

	b->config = (struct virtio_blk_config){
		.capacity = b->sectors,
		.seg_max = BLK_SEG_MAX,
		.blk_size = b->block,
		.max_discard_sectors = most,
		.max_discard_seg = 1,
		.discard_sector_alignment = b->block / SECTOR,
		.max_write_zeroes_sectors = most,
		.max_write_zeroes_seg = 1,
		.write_zeroes_may_unmap = 1,
	};
}

static int make_parts(struct hv_blk *b, struct err *e)
{
	b->req = calloc(BLK_QUEUE, sizeof(*b->req));
	b->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	b->broken_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (!b->req || b->wake_fd < 0 || b->broken_fd < 0)
		return err_set(e, -ENOMEM, "%s: out of memory or descriptors", b->dev.id);
	for (unsigned int i = BLK_QUEUE; i--;) {
		b->req[i].next = b->unused;
		b->unused = &b->req[i];
	}
	int rc = io_uring_queue_init(BLK_QUEUE + 8, &b->ring, IORING_SETUP_R_DISABLED);
	if (!rc)
		rc = blk_ring_restrict(&b->ring);
	if (rc)
		return err_set(
			e, rc,
			"%s: no io_uring: %s; disks need it: Linux 5.10 with CONFIG_IO_URING and "
			"/proc/sys/kernel/io_uring_disabled 0",
			b->dev.id, strerror(-rc));
	return 0;
}

static int plug(struct hv_blk *b, struct hv_pci *pci, struct err *e)
{
	const struct hv_virtio_options o = {
		.type = 2,
		.class_code = CLASS_STORAGE,
		.features =
			BIT(VIRTIO_BLK_F_SEG_MAX) | BIT(VIRTIO_BLK_F_BLK_SIZE) |
			BIT(VIRTIO_BLK_F_FLUSH) | BIT(VIRTIO_RING_F_INDIRECT_DESC) |
			BIT(VIRTIO_RING_F_EVENT_IDX) | BIT(VIRTIO_F_RING_PACKED) |
			(b->readonly ? BIT(VIRTIO_BLK_F_RO)
				     : BIT(VIRTIO_BLK_F_DISCARD) | BIT(VIRTIO_BLK_F_WRITE_ZEROES)),
		.queues = 1,
		.queue_size = BLK_QUEUE,
		.config_bytes = sizeof(b->config),
		.name = b->dev.id,
	};

	b->v = hv_virtio_new(pci, &o, &virtio_ops, b, e);
	if (!b->v)
		return e->code ? e->code : -ENOMEM;
	b->broken = event_new(b->vm->loop, b->broken_fd, EV_READ | EV_PERSIST, on_broken, b);
	if (!b->broken || event_add(b->broken, NULL))
		return err_set(e, -ENOMEM, "out of memory");
	int rc = -pthread_create(&b->thread, NULL, blk_main, b);
	if (rc)
		return err_set(e, rc, "%s: no thread: %s", b->dev.id, strerror(-rc));
	b->thread_there = true;
	return 0;
}

int hv_blk_create(struct hv_vm *vm, struct hv_pci *pci, const struct hv_blk_options *o,
		  struct hv_blk **out, struct err *e)
{
	struct hv_blk *b = calloc(1, sizeof(*b));
	struct err own = {0};
	int rc;

	if (!b) {
		close(o->fd);
		return err_set(e, -ENOMEM, "out of memory");
	}
	b->vm = vm;
	b->fd = o->fd;
	b->readonly = o->readonly;
	b->direct = o->direct;
	b->wake_fd = b->broken_fd = -1;
	b->call_fd = -1;
	memcpy(b->serial, o->serial, strnlen(o->serial, sizeof(b->serial)));
	pthread_mutex_init(&b->lock, NULL);
	pthread_cond_init(&b->changed, NULL);
	rc = hv_vm_add(vm, &b->dev, &device_ops, b, o->id, e);
	if (rc) {
		destroy(b);
		return rc;
	}
	if ((rc = measure(b, &own)) || (rc = make_parts(b, &own)))
		goto remove;
	describe(b);
	if ((rc = plug(b, pci, &own)))
		goto remove;
	*out = b;
	return 0;

remove:
	err_set(e, rc, "%s", own.text);
	hv_vm_remove(vm, &b->dev);
	destroy(b);
	return rc;
}

uint64_t hv_blk_bytes(const struct hv_blk *b)
{
	return b->sectors * SECTOR;
}

void hv_blk_stats(const struct hv_blk *blk, struct hv_blk_stats *s)
{
	struct hv_blk *b = (struct hv_blk *)(uintptr_t)blk;

	*s = (struct hv_blk_stats){b->reads,	  b->writes,	    b->flushes,
				   b->read_bytes, b->written_bytes, b->errors};
}
