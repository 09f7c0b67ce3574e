/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A guest as a file and back. Order of writing: board, processors, devices, memory. Devices are
 * held still before the first byte is written, and a device's rings are stopped by that: what its
 * back end wrote to memory is in the snapshot, and nothing later is.
 *
 * Order of loading is the same, and enforced: board, processors, devices as they are registered,
 * memory from its beginning on, each of them once. Nothing runs before all of it was found whole,
 * so a snapshot with a damaged end starts nothing.
 */
#include "hv-core/guest_impl.h"

#include "hv-core/machine/mem_state.h"
#include "hv-core/machine/vcpu.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define VERSION 1

static int save_board(struct guest *g, struct hv_snap_out *s, struct err *e)
{
	struct hv_out out = {0};
	int rc = hv_board_save(&g->vm, &out, e);

	if (!rc)
		hv_snap_section(s, "board", VERSION, out.buf, out.len);
	hv_out_free(&out);
	for (unsigned int i = 0; i < g->vm.cpus && !rc; i++) {
		char id[HV_SNAP_ID];

		snprintf(id, sizeof(id), "cpu:%u", i);
		rc = hv_vcpu_save(&g->vm, i, &out, e);
		if (!rc)
			hv_snap_section(s, id, VERSION, out.buf, out.len);
		hv_out_free(&out);
	}
	return rc;
}

static int save_devices(struct guest *g, struct hv_snap_out *s, struct err *e)
{
	for (struct hv_device *d = g->vm.devices; d; d = d->next) {
		struct hv_out out = {0};

		d->ops->save(d->self, &out);
		if (out.failed)
			return err_set(e, -ENOMEM, "out of memory");
		hv_snap_section(s, d->id, d->ops->version, out.buf, out.len);
		hv_out_free(&out);
	}
	return 0;
}

/* Both errors are possible: of what was to be written, and of writing it. The first is the cause.
 */
static int save_all(struct guest *g, FILE *f, struct err *e)
{
	struct hv_snap_out *s = hv_snap_begin(f);
	int rc;

	if (!s)
		return err_set(e, -ENOMEM, "out of memory");
	if (!(rc = save_board(g, s, e)) && !(rc = save_devices(g, s, e)))
		rc = hv_mem_save(&g->vm.mem, s, e);
	int finished = hv_snap_finish(s, rc ? NULL : e);
	return rc ? rc : finished;
}

static const struct hv_device *cannot_save(const struct guest *g)
{
	for (const struct hv_device *d = g->vm.devices; d; d = d->next)
		if (!d->ops->save)
			return d;
	return NULL;
}

int guest_snapshot(struct guest *g, int fd, struct err *e)
{
	const struct hv_device *d = cannot_save(g);
	int own = d ? -1 : dup(fd);
	FILE *f = own >= 0 ? fdopen(own, "w") : NULL;
	int rc;

	if (d)
		return err_set(e, -ENOTSUP,
			       "%s is a device of the host's that was handed to the guest, and "
			       "cannot be saved; take it out "
			       "first: flue vm nic del",
			       d->id);
	if (!f) {
		rc = err_set(e, -errno, "cannot write the snapshot: %s", strerror(errno));
		if (own >= 0)
			close(own);
		return rc;
	}
	hv_vm_park(&g->vm);
	rc = hv_vm_quiesce(&g->vm, e);
	if (!rc) {
		rc = save_all(g, f, e);
		hv_vm_resume(&g->vm);
	}
	hv_vm_run(&g->vm);
	/* To the disk before it is called done; a pipe or socket has none. */
	if (!rc && fsync(fd) && errno != EINVAL && errno != EROFS)
		rc = err_set(e, -errno, "cannot write the snapshot: %s", strerror(errno));
	if (fclose(f) && !rc)
		rc = err_set(e, -errno, "cannot write the snapshot: %s", strerror(errno));
	return rc;
}

struct loading {
	struct guest *g;
	bool board;
	unsigned int cpus;	  /* come in order */
	struct hv_device *device; /* the one that is next */
	uint64_t memory;	  /* where the next piece may begin */
};

static int check_version(const struct hv_snap_section *x, uint32_t newest, struct err *e)
{
	if (x->version >= 1 && x->version <= newest)
		return 0;
	return err_set(e, -ENOTSUP, "the snapshot has %s in version %u; this flue-vm knows 1 to %u",
		       x->id, x->version, newest);
}

static int load_device(struct loading *l, const struct hv_snap_section *x, struct err *e)
{
	struct hv_device *d = l->device;
	struct hv_in in = {x->payload, x->len, false};

	if (!d || strcmp(d->id, x->id))
		return err_set(e, -EINVAL,
			       "the snapshot has %s where this guest has %s: its definition must "
			       "be the one the snapshot "
			       "was made with",
			       x->id, d ? d->id : "no further device");
	if (!d->ops->load)
		return err_set(e, -ENOTSUP, "%s cannot be loaded from a snapshot", d->id);
	int rc = check_version(x, d->ops->version, e);
	if (rc)
		return rc;
	l->device = d->next;
	return d->ops->load(d->self, &in, x->version, e);
}

static int load_memory(struct loading *l, const struct hv_snap_section *x, struct err *e)
{
	struct hv_in in = {x->payload, x->len, false};
	uint64_t at = hv_in_u64(&in);

	if (at < l->memory)
		return err_set(e, -EINVAL, "the snapshot has memory at %#llx twice or out of order",
			       (unsigned long long)at);
	l->memory = at + in.left;
	return hv_mem_load(&l->g->vm.mem, x, e);
}

static int load_section(struct loading *l, const struct hv_snap_section *x, struct err *e)
{
	struct hv_vm *vm = &l->g->vm;
	struct hv_in in = {x->payload, x->len, false};
	char cpu[HV_SNAP_ID];
	int rc;

	snprintf(cpu, sizeof(cpu), "cpu:%u", l->cpus);
	if (!l->board) {
		if (strcmp(x->id, "board"))
			return err_set(e, -EINVAL,
				       "the snapshot begins with %s instead of the board", x->id);
		l->board = true;
		rc = check_version(x, VERSION, e);
		return rc ? rc : hv_board_load(vm, &in, e);
	}
	if (l->cpus < vm->cpus && !strcmp(x->id, cpu)) {
		rc = check_version(x, VERSION, e);
		return rc ? rc : hv_vcpu_load(vm, l->cpus++, &in, e);
	}
	if (l->cpus < vm->cpus)
		return err_set(e, -EINVAL,
			       "the snapshot has %s where the state of processor %u is due", x->id,
			       l->cpus);
	/* A guest has devices at all times, so memory can only come when they are through. */
	if (!l->device && !strcmp(x->id, "memory"))
		return load_memory(l, x, e);
	return load_device(l, x, e);
}

static int load_all(struct guest *g, FILE *f, struct err *e)
{
	struct loading l = {.g = g, .device = g->vm.devices};
	struct hv_snap_in *s;
	struct hv_snap_section x;
	int rc = hv_snap_open(f, &s, e);

	if (rc)
		return rc;
	while ((rc = hv_snap_next(s, &x, e)) > 0)
		if ((rc = load_section(&l, &x, e)))
			break;
	hv_snap_close(s);
	if (!rc && (!l.board || l.cpus < g->vm.cpus || l.device))
		rc = err_set(e, -EINVAL,
			     "the snapshot lacks %s: its definition must be the one the snapshot "
			     "was made with",
			     !l.board		   ? "the board"
			     : l.cpus < g->vm.cpus ? "a processor"
						   : l.device->id);
	return rc;
}

int guest_restore(struct guest *g, int fd, struct err *e)
{
	FILE *f = fdopen(fd, "r");
	int rc;

	if (!f) {
		rc = err_set(e, -errno, "cannot read the snapshot: %s", strerror(errno));
		close(fd);
		return rc;
	}
	rc = load_all(g, f, e);
	fclose(f);
	if (!rc)
		hv_vm_resume(&g->vm);
	return rc;
}
