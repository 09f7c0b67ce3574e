/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/guest_impl.h"

#include "hv-core/boot/boot.h"
#include "hv-core/device/i8042.h"
#include "hv-core/device/sleep.h"
#include "hv-core/machine/vcpu.h"
#include "hv-core/sandbox/sandbox.h"
#include "hv-core/virtio/blk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static int map_image(int fd, const char *path, struct hv_boot_image *image, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st))
		return err_set(e, -errno, "cannot read %s: %s", path, strerror(errno));
	image->len = (size_t)st.st_size;
	image->p = image->len ? mmap(NULL, image->len, PROT_READ, MAP_PRIVATE, fd, 0) : NULL;
	if (image->p == MAP_FAILED) {
		image->p = NULL;
		return err_set(e, -errno, "cannot map %s: %s", path, strerror(errno));
	}
	return 0;
}

static void unmap_image(struct hv_boot_image *image)
{
	if (image->p)
		munmap((void *)(uintptr_t)image->p, image->len);
}

static int boot(struct guest *g, const struct hv_fds *fds, struct err *e)
{
	const struct hv_config *c = g->config;
	struct hv_boot_image kernel = {0}, initrd = {0};
	int rc = map_image(fds->kernel, c->native ? c->native : c->kernel, &kernel, e);

	if (!rc && fds->initrd >= 0)
		rc = map_image(fds->initrd, c->initrd, &initrd, e);
	if (!rc && c->native)
		rc = hv_boot_native(&g->vm, &kernel, c->cmdline, hv_vcpu_tsc_khz(&g->vm), e);
	else if (!rc)
		rc = hv_boot_linux(&g->vm, &kernel, &initrd, c->cmdline, e);
	unmap_image(&kernel);
	unmap_image(&initrd);
	return rc;
}

static int add_disks(struct guest *g, const struct hv_fds *fds, struct err *e)
{
	for (unsigned int i = 0; i < g->config->disks; i++) {
		const struct hv_disk_config *c = &g->config->disk[i];
		struct disk *d = &g->disk[i];

		snprintf(d->id, sizeof(d->id), "disk:%s", c->name);
		const struct hv_blk_options o = {.id = d->id,
						 .serial = c->name,
						 .fd = fds->disk[i],
						 .readonly = c->readonly,
						 .direct = c->direct};
		int rc = hv_blk_create(&g->vm, g->pci, &o, &d->blk, e);
		if (rc)
			return rc;
	}
	return 0;
}

static int add_cards(struct guest *g, const struct hv_fds *fds, struct err *e)
{
	for (unsigned int i = 0; i < g->config->nics; i++) {
		int rc = card_add(g, &g->config->nic[i], &fds->nic[i], e);

		if (rc)
			return rc;
	}
	return 0;
}

/* The order of registration is the order in which devices are held, saved and loaded: cards, whose
 * rings others read and write, come first. Nothing here depends on a later one. */
static int add_devices(struct guest *g, const struct hv_fds *fds, struct err *e)
{
	int rc;

	if ((rc = hv_ged_create(&g->vm, &g->ged, e)) || (rc = hv_pci_create(&g->vm, &g->pci, e)) ||
	    (rc = add_cards(g, fds, e)) || (rc = add_disks(g, fds, e)) ||
	    (rc = hv_pci_set_ged(g->pci, g->ged, e)) || (rc = hv_sleep_create(&g->vm, e)) ||
	    (rc = hv_i8042_create(&g->vm, e)))
		return rc;
	return guest_tty_create(g, fds->console_in, fds->console_out, e);
}

/* What was read is of no more use, and the machine has a descriptor of its own for /dev/kvm. */
static void close_used(const struct hv_fds *fds)
{
	const int used[] = {fds->kvm, fds->kernel, fds->initrd};

	for (size_t i = 0; i < sizeof(used) / sizeof(used[0]); i++)
		if (used[i] >= 0)
			close(used[i]);
}

static int disk_thread(void *arg, struct err *e)
{
	return hv_sandbox_thread(HV_SANDBOX_DISK, e);
}

static int vcpu_thread(void *arg, struct err *e)
{
	return hv_sandbox_thread(HV_SANDBOX_VCPU, e);
}

int guest_create(struct guest **out, const struct hv_config *config, const struct hv_fds *fds,
		 const struct guest_ops *ops, struct event_base *loop, struct err *e)
{
	const struct hv_vm_options o = {
		.kvm_fd = fds->kvm,
		.mem_bytes = config->mem_bytes,
		.page_bytes = config->page_bytes,
		.cpus = config->cpus,
		.cpu_model = config->cpu_baseline ? HV_CPU_BASELINE : HV_CPU_HOST,
	};
	int rc = hv_sandbox_enter(fds->uid, fds->gid, e);
	struct guest *g = rc ? NULL : calloc(1, sizeof(*g));

	if (!g)
		return rc ? rc : err_set(e, -ENOMEM, "out of memory");
	g->config = config;
	g->ops = *ops;
	hv_blk_thread_init(disk_thread, NULL);
	rc = hv_vm_create(&g->vm, &o, loop, e);
	if (rc)
		goto free_guest;
	/* A guest that goes on from a snapshot has booted: its memory comes from there. */
	if ((rc = add_devices(g, fds, e)) || (fds->restore < 0 && (rc = boot(g, fds, e)))) {
		guest_destroy(g);
		return rc;
	}
	close_used(fds);
	*out = g;
	return 0;

free_guest:
	free(g);
	return rc;
}

int guest_run(struct guest *g, struct err *e)
{
	int rc = cards_start(g, e);

	/* Threads first: one that is made by this one has its list, too. The processors wait for
	 * hv_vm_run(), and each takes its own list before that. */
	if (rc || (rc = hv_vm_start(&g->vm, vcpu_thread, NULL, e)) ||
	    (rc = hv_sandbox_thread(HV_SANDBOX_MAIN, e)))
		return rc;
	g->started = true;
	hv_vm_run(&g->vm);
	return 0;
}

void guest_power_button(struct guest *g)
{
	hv_ged_power_button(g->ged);
}

void guest_pause(struct guest *g)
{
	if (!g->paused)
		hv_vm_park(&g->vm);
	g->paused = true;
}

void guest_resume(struct guest *g)
{
	if (g->paused)
		hv_vm_run(&g->vm);
	g->paused = false;
}

int guest_end_fd(const struct guest *g)
{
	return g->vm.end_fd;
}

enum hv_end guest_end(const struct guest *g)
{
	return atomic_load(&g->vm.end);
}

const char *guest_why(const struct guest *g)
{
	return g->vm.why;
}

void guest_destroy(struct guest *g)
{
	if (!g)
		return;
	hv_vm_destroy(&g->vm);
	cards_free(g);
	guest_tty_free(g->tty);
	free(g);
}
