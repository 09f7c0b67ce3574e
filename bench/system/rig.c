/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/system/rig.h"

#include "base/clock.h"

#include <assert.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

void rig_path(const struct rig *rig, const char *name, char *path, size_t size)
{
	snprintf(path, size, "%s/%s", bench_dir(), rig->id);
	(void)mkdir(path, 0700);
	snprintf(path, size, "%s/%s/%s", bench_dir(), rig->id, name);
}

int rig_proc(struct rig *rig, const struct proc_spec *spec, struct proc **p, struct err *e)
{
	struct proc *one;

	if (rig->n_procs == RIG_PROCS)
		return err_set(e, -E2BIG, "%s has too many processes", rig->id);
	int rc = proc_start(spec, &one, e);
	if (rc)
		return rc;
	rig->procs[rig->n_procs++] = one;
	if (p)
		*p = one;
	return 0;
}

int rig_wait_sockets(struct rig *rig, struct proc *p, struct err *e)
{
	uint64_t end = clock_now_ns() + RIG_START_MS * 1000000ull;

	for (size_t i = 0; i < rig->wiring.n_ports; i++) {
		const struct wire_port *port = &rig->wiring.ports[i];
		if (port->kind != PORT_VHOST || port->guest_serves)
			continue;
		while (access(port->socket, F_OK) != 0) {
			int rc = proc_alive(p, e);
			if (rc)
				return rc;
			if (clock_now_ns() > end)
				return err_set(e, -ETIMEDOUT, "%s did not make %s within %d s",
					       rig->id, port->socket, RIG_START_MS / 1000);
			nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
		}
	}
	return 0;
}

int rig_can_kinds(const struct wiring *w, const char *no_vhost, const char *no_host, struct err *e)
{
	if (w->n_ports < 2 || w->n_ports > WIRE_PORTS)
		return err_set(e, -ENOTSUP, "it takes 2 to %d ports", WIRE_PORTS);
	for (size_t i = 0; i < w->n_ports; i++) {
		const char *why = w->ports[i].kind == PORT_VHOST ? no_vhost : no_host;
		if (why)
			return err_set(e, -ENOTSUP, "%s", why);
	}
	return 0;
}

bool rig_any_tso(const struct wiring *w)
{
	for (size_t i = 0; i < w->n_ports; i++)
		if (w->ports[i].tso)
			return true;
	return false;
}

void rig_cpu_list(uint64_t mask, char *text, size_t size)
{
	size_t len = 0;

	text[0] = '\0';
	for (int cpu = 0; cpu < 64; cpu++)
		if (mask >> cpu & 1 && len < size)
			len += (size_t)snprintf(text + len, size - len, "%s%d", len ? "," : "",
						cpu);
}

void rig_lcores(const struct wiring *w, char *text, size_t size)
{
	char control[256];
	int lcore = 0;

	rig_cpu_list(w->control_cpus, control, sizeof(control));
	size_t len = (size_t)snprintf(text, size, "0@(%s)", control);
	for (int cpu = 0; cpu < 64; cpu++)
		if (w->worker_cpus >> cpu & 1 && len < size)
			len += (size_t)snprintf(text + len, size - len, ",%d@%d", ++lcore, cpu);
}

void rig_arg(struct rig_args *a, const char *fmt, ...)
{
	va_list ap;
	char *at = a->text + a->used;

	va_start(ap, fmt);
	int n = vsnprintf(at, sizeof(a->text) - a->used, fmt, ap);
	va_end(ap);
	assert(a->n + 1 < RIG_ARGS && n >= 0 && a->used + (size_t)n + 1 <= sizeof(a->text));
	a->of[a->n++] = at;
	a->of[a->n] = NULL;
	a->used += (size_t)n + 1;
}
