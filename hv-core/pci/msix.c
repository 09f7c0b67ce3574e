/* SPDX-License-Identifier: BSD-3-Clause */
/* MSI-X: the capability, and the way from a vector's descriptor into KVM. */
#include "hv-core/pci/msix_impl.h"
#include "hv-core/pci/pci_impl.h"

#include "base/log.h"

#include <linux/pci_regs.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define ENTRY_BYTES 16

struct hv_msix *hv_msix_new(struct hv_pci_fn *fn, unsigned int vectors, unsigned int bar,
			    uint32_t table_off, uint32_t pba_off, struct err *e)
{
	struct hv_msix *m;
	unsigned int cap;

	if (vectors == 0 || vectors > HV_MSIX_MAX || bar >= HV_PCI_BARS ||
	    (table_off | pba_off) & 7 ||
	    table_off + (uint64_t)vectors * ENTRY_BYTES > fn->bar[bar].bytes ||
	    pba_off + (vectors + 63) / 64 * 8ull > fn->bar[bar].bytes) {
		err_set(e, -EINVAL, "%s: %u MSI-X vectors do not fit into BAR %u; ask for fewer",
			fn->name, vectors, bar);
		return NULL;
	}
	cap = hv_pci_cap(fn, PCI_CAP_ID_MSIX, PCI_CAP_MSIX_SIZEOF);
	if (!cap) {
		err_set(e, -ENOSPC, "%s: no room for the MSI-X capability", fn->name);
		return NULL;
	}
	m = calloc(1, sizeof(*m));
	if (m)
		m->v = calloc(vectors, sizeof(*m->v));
	if (!m || !m->v) {
		free(m);
		err_set(e, -ENOMEM, "no memory for %u MSI-X vectors", vectors);
		return NULL;
	}
	m->fn = fn;
	m->cap = cap;
	m->table_off = table_off;
	m->pba_off = pba_off;
	m->n = vectors;
	for (unsigned int i = 0; i < vectors; i++)
		m->v[i] = (struct vector){.fd = -1, .gsi = -1, .masked = true};
	hv_pci_put16(fn->config + cap + PCI_MSIX_FLAGS, (uint16_t)(vectors - 1));
	hv_pci_put16(fn->wmask + cap + PCI_MSIX_FLAGS,
		     PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL);
	hv_pci_put32(fn->config + cap + PCI_MSIX_TABLE, table_off | bar);
	hv_pci_put32(fn->config + cap + PCI_MSIX_PBA, pba_off | bar);
	return m;
}

void hv_msix_on_mask(struct hv_msix *m, void (*hook)(void *self, unsigned int vector, bool masked),
		     void *self)
{
	m->hook = hook;
	m->hook_self = self;
}

int hv_msix_fd(const struct hv_msix *m, unsigned int vector)
{
	int fd, none = -1;

	if (vector >= m->n)
		return -1;
	fd = atomic_load(&m->v[vector].fd);
	if (fd >= 0)
		return fd;
	fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (fd < 0 || atomic_compare_exchange_strong(&m->v[vector].fd, &none, fd))
		return fd;
	close(fd); /* another thread was faster */
	return none;
}

unsigned int hv_msix_vectors(const struct hv_msix *m)
{
	return m->n;
}

static uint16_t control(const struct hv_msix *m)
{
	return hv_pci_get16(m->fn, m->cap + PCI_MSIX_FLAGS);
}

bool hv_msix_enabled(const struct hv_msix *m)
{
	return control(m) & PCI_MSIX_FLAGS_ENABLE;
}

/* What is in the descriptor while KVM listens is on its way, and not pending. */
bool hv_msix_pending(const struct hv_msix *m, unsigned int vector)
{
	struct pollfd p = {.fd = atomic_load(&m->v[vector].fd), .events = POLLIN};

	return !m->v[vector].bound && poll(&p, 1, 0) == 1 && p.revents & POLLIN;
}

void hv_msix_drain(struct hv_msix *m, unsigned int vector)
{
	int fd = atomic_load(&m->v[vector].fd);
	eventfd_t n;

	if (fd >= 0)
		eventfd_read(fd, &n);
}

static int bind_vector(struct hv_msix *m, unsigned int vector)
{
	struct vector *v = &m->v[vector];
	int fd = hv_msix_fd(m, vector), rc;

	if (fd < 0)
		return -EMFILE;
	m->vm = m->fn->pci->vm;
	if (v->gsi < 0)
		v->gsi = hv_msi_alloc(m->vm);
	if (v->gsi < 0)
		return v->gsi;
	rc = hv_msi_set(m->vm, (unsigned int)v->gsi, v->address, v->data);
	if (rc || v->bound)
		return rc;
	rc = hv_irqfd_add(m->vm, fd, (unsigned int)v->gsi, -1);
	/* KVM raises what waited, but leaves it in the descriptor; it would be pending again at the
	 * next mask. What is written since is raised as it is written, whether we read it or not.
	 */
	if (rc == 0)
		hv_msix_drain(m, vector);
	return rc;
}

static void unbind_vector(struct hv_msix *m, struct vector *v)
{
	if (v->bound)
		hv_irqfd_del(m->vm, atomic_load(&v->fd), (unsigned int)v->gsi);
	v->bound = false;
}

void hv_msix_update(struct hv_msix *m, unsigned int vector)
{
	struct vector *v = &m->v[vector];
	bool was = v->bound, on = hv_msix_enabled(m) && !(control(m) & PCI_MSIX_FLAGS_MASKALL) &&
				  !v->masked && m->fn->pci;
	int rc = 0;

	if (on) {
		rc = bind_vector(m, vector);
		v->bound = v->bound || rc == 0;
	} else {
		unbind_vector(m, v);
	}
	if (rc && !m->failed) {
		m->failed = true;
		log_err("%s: MSI-X vector %u interrupts nobody: %s", m->fn->name, vector,
			strerror(-rc));
	}
	if (v->bound != was && m->hook)
		m->hook(m->hook_self, vector, !v->bound);
}

void hv_msix_config_written(struct hv_msix *m, unsigned int off, unsigned int len)
{
	bool enabled = hv_msix_enabled(m);

	if (off >= m->cap + PCI_MSIX_TABLE || off + len <= m->cap + PCI_MSIX_FLAGS)
		return;
	/* While MSI-X is off the function sends no messages: what was written then is none. */
	if (enabled && !m->enabled)
		for (unsigned int i = 0; i < m->n; i++)
			hv_msix_drain(m, i);
	m->enabled = enabled;
	for (unsigned int i = 0; i < m->n; i++)
		hv_msix_update(m, i);
}

void hv_msix_reset(struct hv_msix *m)
{
	uint8_t *flags = m->fn->config + m->cap + PCI_MSIX_FLAGS;

	hv_pci_put16(flags, (uint16_t)(control(m) & PCI_MSIX_FLAGS_QSIZE));
	m->enabled = false;
	for (unsigned int i = 0; i < m->n; i++) {
		m->v[i].masked = true;
		m->v[i].address = 0;
		m->v[i].data = 0;
		hv_msix_update(m, i);
		hv_msix_drain(m, i);
	}
}

void hv_msix_free(struct hv_msix *m)
{
	if (!m)
		return;
	for (unsigned int i = 0; i < m->n; i++) {
		struct vector *v = &m->v[i];

		unbind_vector(m, v);
		if (v->gsi >= 0)
			hv_msi_free(m->vm, (unsigned int)v->gsi);
		if (atomic_load(&v->fd) >= 0)
			close(atomic_load(&v->fd));
	}
	free(m->v);
	free(m);
}
