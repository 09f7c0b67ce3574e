/* SPDX-License-Identifier: BSD-3-Clause */
/* The card as a PCI function and a device of the machine. Its thread is in carry.c. */
#include "hv-core/e1000/device.h"

#include "base/clock.h"

#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define VERSION 1

static bool master(void *self)
{
	struct hv_e1000 *d = self;

	return hv_pci_master(&d->fn);
}

static void line(void *self, bool on)
{
	struct hv_e1000 *d = self;

	hv_pci_intx(&d->fn, on);
}

static uint64_t now_ns(void *self)
{
	return clock_now_ns();
}

static bool wire_send(void *self, const struct iovec *iov, unsigned int n,
		      const struct virtio_net_hdr *hdr)
{
	return hv_link_send(self, iov, n, hdr);
}

static bool wire_peek(void *self, struct hv_link_frame *f)
{
	return hv_link_peek(self, f);
}

static void wire_drop(void *self)
{
	hv_link_drop(self);
}

static unsigned int wire_offloads(void *self)
{
	return hv_link_offloads(self);
}

static const struct hv_e1000_wire_ops wire_ops = {
	.send = wire_send, .peek = wire_peek, .drop = wire_drop, .offloads = wire_offloads};

static uint64_t mem_read(void *self, uint64_t off, unsigned int len)
{
	return hv_e1000_mem_read(self, off, len);
}

static void mem_write(void *self, uint64_t off, unsigned int len, uint64_t value)
{
	hv_e1000_mem_write(self, off, len, value);
}

static uint64_t io_read(void *self, uint64_t off, unsigned int len)
{
	return hv_e1000_io_read(self, off, len);
}

static void io_write(void *self, uint64_t off, unsigned int len, uint64_t value)
{
	hv_e1000_io_write(self, off, len, value);
}

static const struct hv_io_ops mem_ops = {.read = mem_read, .write = mem_write};
static const struct hv_io_ops io_ops = {.read = io_read, .write = io_write};

/* Bus mastering may be on now. */
static void config_written(void *self, unsigned int off, unsigned int len)
{
	struct hv_e1000 *d = self;

	hv_e1000_wake(d);
}

static void ejected(void *self)
{
	struct hv_e1000 *d = self;

	d->ejected(d->owner);
}

static const struct hv_pci_fn_ops fn_ops = {.config_written = config_written};
static const struct hv_pci_fn_ops fn_ops_ejectable = {.config_written = config_written,
						      .ejected = ejected};

static void link_changed(void *self, bool up)
{
	struct hv_e1000 *d = self;
	uint8_t mac[6];

	pthread_mutex_lock(&d->fn.lock);
	hv_e1000_set_cable(&d->card, up);
	memcpy(mac, &E1000_REG(&d->card, E1000_RAL), 4);
	memcpy(mac + 4, &E1000_REG(&d->card, E1000_RAL + 4), 2);
	hv_e1000_wake(d);
	pthread_mutex_unlock(&d->fn.lock);
	if (up && d->announce)
		hv_link_announce(d->link, mac);
	if (up)
		d->announce = false;
}

static int quiesce(void *self, struct err *e)
{
	struct hv_e1000 *d = self;

	hv_e1000_hold(d);
	hv_link_stop(d->link);
	return 0;
}

static void resume(void *self)
{
	struct hv_e1000 *d = self;

	hv_link_start(d->link);
	hv_e1000_release(d);
}

static void save(void *self, struct hv_out *out)
{
	struct hv_e1000 *d = self;

	pthread_mutex_lock(&d->fn.lock);
	hv_pci_fn_save(&d->fn, out);
	hv_e1000_card_save(&d->card, out);
	pthread_mutex_unlock(&d->fn.lock);
}

static int load(void *self, struct hv_in *in, uint32_t version, struct err *e)
{
	struct hv_e1000 *d = self;

	pthread_mutex_lock(&d->fn.lock);
	int rc = hv_pci_fn_load(&d->fn, in, e);
	if (rc == 0) {
		hv_e1000_card_load(&d->card, in);
		rc = hv_in_end(in, d->fn.name, e);
	}
	if (rc == 0)
		hv_pci_intx(&d->fn, d->card.line);
	pthread_mutex_unlock(&d->fn.lock);
	d->announce = true;
	return rc;
}

static void destroy(void *self)
{
	struct hv_e1000 *d = self;

	hv_e1000_end(d);
	if (d->link)
		hv_link_free(d->link);
	if (d->fn.pci)
		hv_pci_unplug(&d->fn);
	hv_pci_destroy(&d->fn);
	pthread_cond_destroy(&d->changed);
	int fds[] = {d->wake_fd, d->timer_fd};
	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	free(d);
}

static const struct hv_device_ops device_ops = {.kind = "e1000",
						.version = VERSION,
						.quiesce = quiesce,
						.resume = resume,
						.save = save,
						.load = load,
						.destroy = destroy};

static void make_function(struct hv_e1000 *d, const struct hv_vm *vm,
			  const struct hv_e1000_options *o)
{
	static const struct hv_pci_id id = {.vendor = 0x8086,
					    .device = 0x100e,
					    .subvendor = 0x8086,
					    .subdevice = 0x001e,
					    .class_code = 0x020000,
					    .revision = 2,
					    .intx = true};
	struct hv_e1000_env env = {.mem = &vm->mem,
				   .wire = &wire_ops,
				   .wire_self = d->link,
				   .self = d,
				   .master = master,
				   .line = line,
				   .wake = hv_e1000_wake,
				   .alarm = hv_e1000_alarm_at,
				   .now_ns = now_ns};

	d->ejected = o->ejected;
	d->owner = o->self;
	hv_pci_init(&d->fn, &id, o->ejected ? &fn_ops_ejectable : &fn_ops, d, d->device.id);
	hv_pci_bar(&d->fn, 0, HV_BAR_MEM32, E1000_BAR_MEM_BYTES, &mem_ops, &d->card);
	hv_pci_bar(&d->fn, 2, HV_BAR_IO, E1000_BAR_IO_BYTES, &io_ops, &d->card);
	hv_e1000_card_init(&d->card, &env, o->mac);
}

struct hv_e1000 *hv_e1000_new(struct hv_vm *vm, struct hv_pci *pci,
			      const struct hv_e1000_options *o, struct err *e)
{
	static const struct hv_link_ops link_ops = {.changed = link_changed};
	struct hv_e1000 *d = calloc(1, sizeof(*d));
	struct hv_link_options link = o->link;

	if (!d) {
		err_set(e, -ENOMEM, "%s: out of memory", o->name);
		return NULL;
	}
	strncpy(d->device.id, o->name, sizeof(d->device.id) - 1);
	pthread_cond_init(&d->changed, NULL);
	make_function(d, vm, o);
	d->vm = vm;
	d->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	d->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (d->wake_fd < 0 || d->timer_fd < 0) {
		err_set(e, -errno, "%s: no more descriptors: %s; raise LimitNOFILE", o->name,
			strerror(errno));
		goto free_device;
	}
	link.name = d->device.id;
	d->link = hv_link_new(vm->loop, &link, &link_ops, d, e);
	if (!d->link)
		goto free_device;
	d->card.env.wire_self = d->link;
	if (hv_pci_plug(pci, &d->fn, o->slot, e) ||
	    hv_vm_add(vm, &d->device, &device_ops, d, o->name, e))
		goto free_device;
	return d;
free_device:
	destroy(d);
	return NULL;
}

void hv_e1000_remove(struct hv_e1000 *d)
{
	hv_vm_remove(d->vm, &d->device);
	destroy(d);
}

void hv_e1000_give(struct hv_e1000 *d, int fd)
{
	hv_link_give(d->link, fd);
}

struct hv_pci_fn *hv_e1000_fn(struct hv_e1000 *d)
{
	return &d->fn;
}

bool hv_e1000_connected(struct hv_e1000 *d)
{
	pthread_mutex_lock(&d->fn.lock);
	bool cable = d->card.cable;
	pthread_mutex_unlock(&d->fn.lock);
	return cable;
}

void hv_e1000_link_stats(struct hv_e1000 *d, struct hv_link_stats *s)
{
	hv_link_stats(d->link, s);
}
