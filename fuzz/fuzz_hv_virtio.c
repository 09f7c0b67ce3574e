/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A driver that does what it likes with a virtio device's registers, in BAR 0 and through the
 * window in configuration space. Input: eight bytes an access. What must hold after each: a device
 * that runs has agreed on features and its queues lie in guest memory; start and stop take turns;
 * kernel listeners are those of enabled queues.
 */
#include "base/log.h"
#include "hv-core/pci/fake_board.h"
#include "hv-core/virtio/virtio.h"

#include <linux/pci_regs.h>
#include <linux/virtio_config.h>
#include <linux/virtio_pci.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#define QUEUES 4
#define CONFIG 20

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

static struct hv_mem mem;

struct device {
	struct fake_board b;
	struct hv_virtio *v;
	bool started;
	uint8_t config[CONFIG];
};

static bool accept_(void *self, uint64_t features)
{
	return !(features & 1u << 7);
}

static int start(void *self)
{
	struct device *d = self;

	if (d->started)
		abort();
	d->started = d->config[0] != 0xee;
	return d->started ? 0 : -EIO;
}

static void stop(void *self)
{
	struct device *d = self;

	if (!d->started)
		abort();
	d->started = false;
}

static void config_read(void *self, unsigned int off, void *to, unsigned int len)
{
	struct device *d = self;

	if (off + len > CONFIG)
		abort();
	memcpy(to, d->config + off, len);
}

static void config_write(void *self, unsigned int off, const void *from, unsigned int len)
{
	struct device *d = self;

	if (off + len > CONFIG)
		abort();
	memcpy(d->config + off, from, len);
}

static const struct hv_virtio_ops ops = {.accept = accept_,
					 .start = start,
					 .stop = stop,
					 .config_read = config_read,
					 .config_write = config_write};

static void must_be_sound(struct device *d)
{
	bool packed = hv_virtio_features(d->v) >> VIRTIO_F_RING_PACKED & 1;
	unsigned int enabled = 0;

	if (hv_virtio_running(d->v) != d->started)
		abort();
	for (unsigned int i = 0; i < QUEUES; i++) {
		const struct hv_virtio_queue *q = hv_virtio_queue(d->v, i);

		enabled += q->enabled;
		if (!d->started || !q->enabled)
			continue;
		if (!q->size || q->size > q->size_max || (!packed && q->size & (q->size - 1)) ||
		    !hv_mem_at(&mem, q->desc, 16ull * q->size) ||
		    !hv_mem_at(&mem, q->driver, packed ? 4 : 6 + 2ull * q->size) ||
		    !hv_mem_at(&mem, q->device, packed ? 4 : 6 + 8ull * q->size))
			abort();
	}
	if (d->started && !(hv_virtio_features(d->v) >> VIRTIO_F_VERSION_1 & 1))
		abort();
	if (fake_board_kicks(&d->b) != (d->started && hv_virtio_fn(d->v)->bar[0].at ? enabled : 0))
		abort();
}

static void put(struct device *d, unsigned int off, unsigned int len, uint64_t value)
{
	uint64_t bar = hv_virtio_fn(d->v)->bar[0].at;

	if (bar)
		fake_write(&d->b, bar + off, len, value);
}

/* What an honest driver does, so that short inputs get beyond it. */
static void bring_up(struct device *d, uint32_t value)
{
	put(d, VIRTIO_PCI_COMMON_STATUS, 1, 0);
	put(d, VIRTIO_PCI_COMMON_GFSELECT, 4, 1);
	put(d, VIRTIO_PCI_COMMON_GF, 4, 1 | (value & 4));
	put(d, VIRTIO_PCI_COMMON_STATUS, 1, 11);
	for (unsigned int i = 0; i < value % (QUEUES + 1); i++) {
		put(d, VIRTIO_PCI_COMMON_Q_SELECT, 2, i);
		put(d, VIRTIO_PCI_COMMON_Q_DESCLO, 4, 0x10000 * (i + 1));
		put(d, VIRTIO_PCI_COMMON_Q_AVAILLO, 4, 0x10000 * (i + 1) + 0x4000);
		put(d, VIRTIO_PCI_COMMON_Q_USEDLO, 4, 0x10000 * (i + 1) + 0x8000);
		put(d, VIRTIO_PCI_COMMON_Q_ENABLE, 2, 1);
	}
	put(d, VIRTIO_PCI_COMMON_STATUS, 1, 15);
}

static void act(struct device *d, const uint8_t *data)
{
	unsigned int len = 1u << (data[1] & 3);
	uint16_t off = (uint16_t)(data[2] | data[3] << 8);
	uint64_t bar = hv_virtio_fn(d->v)->bar[0].at;
	uint32_t value;

	memcpy(&value, data + 4, 4);
	switch (data[0] % 8) {
	case 0:
		put(d, off % 0x8000, len, value * 0x100000001ull);
		break;
	case 1: /* the registers that matter most, more often */
		put(d, off % 0x40, len, value);
		break;
	case 2:
		if (bar)
			fake_read(&d->b, bar + off % 0x8000, len);
		break;
	case 3:
		fake_write(&d->b, HV_ECAM + (1 << 15) + off % 0x100, len, value);
		break;
	case 4:
		fake_read(&d->b, HV_ECAM + (1 << 15) + off % 0x100, len);
		break;
	case 5:
		bring_up(d, value);
		break;
	case 6:
		if (value & 1)
			hv_virtio_config_changed(d->v);
		else
			hv_virtio_broken(d->v, "fuzz");
		break;
	default:
		if (hv_virtio_call_fd(d->v, value % QUEUES) >= 0)
			eventfd_write(hv_virtio_call_fd(d->v, value % QUEUES), 1);
		hv_virtio_limit(d->v, value);
	}
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	log_set_level(LOG_LVL_ERR);
	return hv_mem_create(&mem, 2 << 20, 4096, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct hv_virtio_options o = {.type = 1,
						   .class_code = 0x020000,
						   .features =
							   0x7f00ff | 1ull << VIRTIO_F_RING_PACKED,
						   .queues = QUEUES,
						   .queue_size = 256,
						   .config_bytes = CONFIG,
						   .name = "fuzz"};
	static struct device d;
	struct hv_pci *pci;

	d = (struct device){0};
	fake_board_init(&d.b, 0);
	d.b.vm.mem = mem;
	if (hv_pci_create(&d.b.vm, &pci, NULL))
		abort();
	d.v = hv_virtio_new(pci, &o, &ops, &d, NULL);
	if (!d.v)
		abort();
	fake_write(&d.b, HV_ECAM + (1 << 15) + PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	for (; size >= 8; data += 8, size -= 8) {
		act(&d, data);
		must_be_sound(&d);
	}
	hv_virtio_free(d.v);
	if (d.started)
		abort();
	d.b.vm.mem = (struct hv_mem){.fd = -1};
	fake_board_destroy(&d.b);
	return 0;
}
