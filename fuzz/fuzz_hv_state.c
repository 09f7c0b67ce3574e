/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The loaders of the PCI bus, a virtio device and a virtqueue. Input: which one, how many bytes are
 * cut off, then patches of a state that was really saved, three bytes each: where and what. What
 * must hold: it is refused with a sentence, or the device is as sound as one a driver set up, and
 * saves as much as it loaded.
 */
#include "base/log.h"
#include "hv-core/pci/fake_board.h"
#include "hv-core/virtio/queue.h"

#include <linux/pci_regs.h>
#include <linux/virtio_config.h>
#include <linux/virtio_pci.h>
#include <stdlib.h>
#include <string.h>

#define BAR HV_HIGH

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

static struct hv_mem mem;
static struct hv_out saved[3]; /* bus, device, queue */

struct device {
	struct fake_board b;
	struct hv_pci *pci;
	struct hv_virtio *v;
};

static int start(void *self)
{
	return 0;
}

static void stop(void *self)
{
}

static const struct hv_virtio_ops ops = {.start = start, .stop = stop};

static void make(struct device *d)
{
	static const struct hv_virtio_options o = {.type = 1,
						   .class_code = 0x020000,
						   .features = 1ull << VIRTIO_F_RING_PACKED,
						   .queues = 2,
						   .queue_size = 64,
						   .name = "fuzz"};

	fake_board_init(&d->b, 0);
	d->b.vm.mem = mem;
	if (hv_pci_create(&d->b.vm, &d->pci, NULL))
		abort();
	d->v = hv_virtio_new(d->pci, &o, &ops, d, NULL);
	if (!d->v)
		abort();
}

static void unmake(struct device *d)
{
	hv_virtio_free(d->v);
	d->b.vm.mem = (struct hv_mem){.fd = -1};
	fake_board_destroy(&d->b);
}

static void bring_up(struct fake_board *b)
{
	fake_cfg_write(b, 1, PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	fake_cfg_write(b, 1, fake_cap(b, 1, PCI_CAP_ID_MSIX, 0) + PCI_MSIX_FLAGS, 2,
		       PCI_MSIX_FLAGS_ENABLE);
	fake_write(b, BAR + 0x4000, 8, 0xfee00000);
	fake_write(b, BAR + 0x4008, 8, 0x41);
	fake_write(b, BAR + VIRTIO_PCI_COMMON_GFSELECT, 4, 1);
	fake_write(b, BAR + VIRTIO_PCI_COMMON_GF, 4, 1);
	fake_write(b, BAR + VIRTIO_PCI_COMMON_STATUS, 1, 11);
	fake_write(b, BAR + VIRTIO_PCI_COMMON_Q_MSIX, 2, 0);
	fake_write(b, BAR + VIRTIO_PCI_COMMON_Q_DESCLO, 4, 0x1000);
	fake_write(b, BAR + VIRTIO_PCI_COMMON_Q_AVAILLO, 4, 0x2000);
	fake_write(b, BAR + VIRTIO_PCI_COMMON_Q_USEDLO, 4, 0x3000);
	fake_write(b, BAR + VIRTIO_PCI_COMMON_Q_ENABLE, 2, 1);
	fake_write(b, BAR + VIRTIO_PCI_COMMON_STATUS, 1, 15);
}

static void make_queue(struct hv_vq *q, bool packed)
{
	const struct hv_virtio_queue vq = {
		.size = 64, .desc = 0x1000, .driver = 0x2000, .device = 0x3000};

	if (hv_vq_init(q, &mem, &vq, (uint64_t)packed << VIRTIO_F_RING_PACKED))
		abort();
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct device d;
	struct hv_vq q;

	log_set_level(LOG_LVL_ERR);
	if (hv_mem_create(&mem, 2 << 20, 4096, NULL))
		abort();
	make(&d);
	bring_up(&d.b);
	if (!hv_virtio_running(d.v))
		abort();
	d.b.vm.devices->ops->save(d.b.vm.devices->self, &saved[0]);
	hv_virtio_save(d.v, &saved[1]);
	unmake(&d);
	make_queue(&q, true);
	hv_vq_save(&q, &saved[2]);
	return 0;
}

static void must_be_sound(struct hv_virtio *v)
{
	for (unsigned int i = 0; hv_virtio_running(v) && i < 2; i++) {
		const struct hv_virtio_queue *q = hv_virtio_queue(v, i);
		bool packed = hv_virtio_features(v) >> VIRTIO_F_RING_PACKED & 1;

		if (q->enabled && (!q->size || q->size > q->size_max ||
				   !hv_mem_at(&mem, q->desc, 16ull * q->size) ||
				   !hv_mem_at(&mem, q->driver, packed ? 4 : 6 + 2ull * q->size) ||
				   !hv_mem_at(&mem, q->device, packed ? 4 : 6 + 8ull * q->size)))
			abort();
	}
}

/* Returns what the loader did, and how much a save gives afterwards. */
static int load(struct device *d, unsigned int which, struct hv_in *in, struct err *e,
		size_t *again)
{
	struct hv_out out = {0};
	struct hv_vq q;
	int rc;

	if (which == 0) {
		rc = d->b.vm.devices->ops->load(d->b.vm.devices->self, in, 1, e);
		d->b.vm.devices->ops->save(d->b.vm.devices->self, &out);
	} else if (which == 1) {
		rc = hv_virtio_load(d->v, in, e);
		must_be_sound(d->v);
		hv_virtio_save(d->v, &out);
	} else {
		make_queue(&q, true);
		rc = hv_vq_load(&q, in, e);
		if (rc == 0 && (q.avail >= q.size || q.used >= q.size))
			abort();
		hv_vq_save(&q, &out);
	}
	*again = out.len;
	hv_out_free(&out);
	return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err e = {0};
	struct device d;
	size_t len, again;
	uint8_t *bytes;

	if (size < 2)
		return 0;
	const struct hv_out *whole = &saved[data[0] % 3];
	len = whole->len > data[1] ? whole->len - data[1] : 0;
	bytes = malloc(len + 1);
	memcpy(bytes, whole->buf, len);
	for (size_t i = 2; i + 3 <= size && len; i += 3)
		bytes[(data[i] | (size_t)data[i + 1] << 8) % len] ^= data[i + 2];
	struct hv_in in = {bytes, len, false};
	make(&d);
	if (load(&d, data[0] % 3, &in, &e, &again) == 0) {
		if (len != whole->len || again != len || in.left)
			abort();
	} else if (e.code != -EINVAL || !e.text[0]) {
		abort();
	}
	unmake(&d);
	free(bytes);
	return 0;
}
