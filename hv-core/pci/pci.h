/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The PCI bus: one host bridge, one bus, 32 slots; configuration space by ECAM (PCIe 7.2.2) and by
 * ports CF8/CFC (PCI 3.2.2.3.2); base address registers; capabilities; INTx; hot-plug by ACPI.
 *
 * A function is embedded in its device. Fill `config` with hv_pci_init(), add BARs and
 * capabilities, then plug it. From then on the guest's reads come from `config` and its writes go
 * there through `wmask` (bits that may be written) and `w1c` (bits that a written 1 clears); hooks
 * see what is special. Everything here is called with the function's lock held, but for
 * hv_pci_plug() and hv_pci_unplug(), which are the main thread's.
 */
#ifndef HV_CORE_PCI_PCI_H
#define HV_CORE_PCI_PCI_H

#include "base/err.h"
#include "hv-core/machine/vm.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#define HV_PCI_CONFIG 4096
#define HV_PCI_BARS   6
#define HV_PCI_SLOTS  32

struct hv_pci;
struct hv_pci_fn;
struct hv_ged;

enum hv_pci_bar_kind {
	HV_BAR_NONE,
	HV_BAR_IO,
	HV_BAR_MEM32,
	HV_BAR_MEM64,
	HV_BAR_MEM64_PREF,
	HV_BAR_MEM32_PREF
};

struct hv_pci_bar {
	enum hv_pci_bar_kind kind;
	uint64_t bytes;		     /* a power of two; at least 16 (I/O: 4) */
	const struct hv_io_ops *ops; /* NULL: the hook `mapped` does it all (a VFIO region) */
	void *self;
	uint64_t at; /* where the guest has it; 0: nowhere (decoding is off, or the address is
			outside the windows or another BAR's) */
};

struct hv_pci_fn_ops {
	/* The BAR is now at `at` in the guest's space, or nowhere (0). For ioeventfds and mapped
	 * regions. May be NULL. */
	void (*mapped)(void *self, unsigned int bar, uint64_t at);
	/* Instead of `config` for that access; returns false to use `config` as usual. May be NULL.
	 */
	bool (*config_read)(void *self, unsigned int off, unsigned int len, uint32_t *value);
	/* After `config` was written as the masks allow. May be NULL. */
	void (*config_written)(void *self, unsigned int off, unsigned int len);
	/* The guest ejected it (ACPI _EJ0), or agreed to. The owner unplugs and frees it from the
	 * loop. NULL: the function cannot be taken out. Main thread. */
	void (*ejected)(void *self);
};

struct hv_pci_fn {
	const struct hv_pci_fn_ops *ops;
	void *self;
	struct hv_pci *pci; /* NULL: not plugged */
	unsigned int slot;
	const char *name; /* for messages */
	pthread_mutex_t lock;
	uint8_t config[HV_PCI_CONFIG], wmask[HV_PCI_CONFIG], w1c[HV_PCI_CONFIG];
	struct hv_pci_bar bar[HV_PCI_BARS];
	unsigned int cap_next, ecap_next; /* where the next capability goes */
	unsigned int cap_last, ecap_last;
	bool intx;	   /* our line is asserted */
	bool intx_counted; /* and the bus counts it: the guest did not disable it */
	bool bar_said;	   /* a BAR that cannot be mapped was logged once */
};

struct hv_pci_id {
	uint16_t vendor, device, subvendor, subdevice;
	uint32_t class_code; /* 24 bits */
	uint8_t revision;
	bool intx; /* pin A */
};

/* The bus with its host bridge in slot 0; it registers as a device of the machine. Main thread. */
int hv_pci_create(struct hv_vm *vm, struct hv_pci **pci, struct err *e);
struct hv_vm *hv_pci_vm(const struct hv_pci *pci);

/* Writes the header and makes the lock. Then add BARs and capabilities, then plug. */
void hv_pci_init(struct hv_pci_fn *fn, const struct hv_pci_id *id, const struct hv_pci_fn_ops *ops,
		 void *self, const char *name);
void hv_pci_destroy(struct hv_pci_fn *fn); /* unplugged */

void hv_pci_bar(struct hv_pci_fn *fn, unsigned int bar, enum hv_pci_bar_kind kind, uint64_t bytes,
		const struct hv_io_ops *ops, void *self);
/* Room for a capability of len bytes (its 2-byte header included); returns its offset, 0 when there
 * is none. The body is zero and read-only until config and wmask are written. */
unsigned int hv_pci_cap(struct hv_pci_fn *fn, uint8_t id, unsigned int len);
/* An extended one (PCIe 7.6.3), header of 4 bytes included. */
unsigned int hv_pci_ecap(struct hv_pci_fn *fn, uint16_t id, uint8_t version, unsigned int len);

/* Gives the function a slot (-1: the first that is free), its BARs addresses, and the guest the
 * news when it runs. 0; -ENOSPC: no slot or no room in a window, -EBUSY: the slot is taken. Main
 * thread. */
int hv_pci_plug(struct hv_pci *pci, struct hv_pci_fn *fn, int slot, struct err *e);
/* Asks the guest to let go of it: ops->ejected comes when it did. 0 or -EOPNOTSUPP. Main thread. */
int hv_pci_unplug_request(struct hv_pci_fn *fn, struct err *e);
/* Takes it out at once; vCPUs parked. Main thread. */
void hv_pci_unplug(struct hv_pci_fn *fn);

/* The function's INTx line: level-triggered, shared by slots (layout.h). Nothing happens while the
 * guest disabled it in the command register; the status bit follows (PCI 6.2.3). */
void hv_pci_intx(struct hv_pci_fn *fn, bool level);

/* Is bus mastering on: may the device read and write guest memory? */
bool hv_pci_master(const struct hv_pci_fn *fn);

/* State of the function: config space and BAR addresses. For the device's own save and load; after
 * load the BARs are mapped where the guest had them. */
void hv_pci_fn_save(struct hv_pci_fn *fn, struct hv_out *out);
int hv_pci_fn_load(struct hv_pci_fn *fn, struct hv_in *in, struct err *e);

/* From now on the guest is told of each function that is plugged, and may be asked to let go of
 * one. Functions that are there before the guest starts are plugged before this call. 0 or negative
 * errno. Main thread. */
int hv_pci_set_ged(struct hv_pci *pci, struct hv_ged *ged, struct err *e);

/* What ACPI's tables must say of the bus: the windows. */
struct hv_pci_windows {
	uint64_t mem32, mem32_bytes, mem64, mem64_bytes;
};
void hv_pci_windows(const struct hv_vm *vm, struct hv_pci_windows *w);

#endif
