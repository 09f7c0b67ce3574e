/* SPDX-License-Identifier: BSD-3-Clause */
/* mirror: the least that can stand between two guests, `flue-bench __mirror`. It moves descriptors
 * and the first bytes of a frame, so it shows how fast the generator is. */
#include "bench/system/rig.h"

static int version(char *text, size_t size, struct err *e)
{
	snprintf(text, size, "%s", FLUE_VERSION);
	return 0;
}

static int can(const struct wiring *w, struct err *e)
{
	int rc = rig_can_kinds(w, NULL, "it has vhost ports only", e);

	for (size_t i = 0; i < w->n_ports && !rc; i++)
		if (w->ports[i].guest_serves)
			rc = err_set(e, -ENOTSUP, "it makes the sockets itself");
	if (!rc && w->n_ports % 2)
		rc = err_set(e, -ENOTSUP, "it works between pairs of ports");
	return rc;
}

static int start(struct rig *rig, struct err *e)
{
	struct rig_args args = {0};
	struct proc *p;

	rig_arg(&args, "%s", bench_program("flue-bench"));
	rig_arg(&args, "__mirror");
	for (size_t i = 0; i < rig->wiring.n_ports; i++)
		rig_arg(&args, "%s", rig->wiring.ports[i].socket);
	int rc =
		rig_proc(rig,
			 &(struct proc_spec){
				 .name = rig->id, .argv = args.of, .cpus = rig->wiring.worker_cpus},
			 &p, e);
	return rc ? rc : rig_wait_sockets(rig, p, e);
}

const struct bench_system system_mirror = {
	.name = "mirror",
	.what = "hands frames from guest to guest, no switch: the ceiling of loads between guests",
	.version = version,
	.can = can,
	.start = start,
};
