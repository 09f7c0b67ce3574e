/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * For tests and fuzz targets of PCI devices: a machine with memory, buses and a list of devices,
 * and no KVM. Pins, messages, kicks and ACPI events are noted instead of delivered.
 */
#ifndef HV_CORE_PCI_FAKE_BOARD_H
#define HV_CORE_PCI_FAKE_BOARD_H

#include "hv-core/device/acpi_events.h"
#include "hv-core/machine/vm.h"

#define FAKE_MSIS  256
#define FAKE_KICKS 128

struct fake_msi {
	bool taken;
	uint64_t address;
	uint32_t data;
	int fd;		   /* -1: not bound */
	unsigned int sent; /* messages, as far as fake_board_sent() was called */
};

/* The event device's part, as the bus sees it. */
struct hv_ged {
	void (*eject)(void *arg, unsigned int slot);
	void *arg;
	uint32_t filled, wanted; /* a bit a slot */
};

struct fake_kick {
	uint64_t addr; /* 0: unused */
	int fd;
};

struct fake_board {
	struct hv_vm vm;
	bool line[HV_GSI_PINS];
	struct fake_msi msi[FAKE_MSIS]; /* by gsi - HV_GSI_MSI */
	struct fake_kick kick[FAKE_KICKS];
};

/* mem_bytes 0: no memory. Aborts when it cannot be had. */
void fake_board_init(struct fake_board *b, uint64_t mem_bytes);
/* With its devices, last one first; nothing may be bound or listened to then. */
void fake_board_destroy(struct fake_board *b);

/* Takes what was written to bound descriptors; returns how many messages were sent in all for this
 * data. */
unsigned int fake_board_sent(struct fake_board *b, uint32_t data);
unsigned int fake_board_bound(const struct fake_board *b);
/* The descriptor that listens at the address, or -1; how many listen in all. */
int fake_board_kick(const struct fake_board *b, uint64_t addr);
unsigned int fake_board_kicks(const struct fake_board *b);

/* As the guest does them. */
uint64_t fake_read(struct fake_board *b, uint64_t addr, unsigned int len);
void fake_write(struct fake_board *b, uint64_t addr, unsigned int len, uint64_t value);
uint64_t fake_in(struct fake_board *b, uint64_t port, unsigned int len);
void fake_out(struct fake_board *b, uint64_t port, unsigned int len, uint64_t value);
/* Configuration space of a slot, by ECAM. */
uint32_t fake_cfg(struct fake_board *b, unsigned int slot, unsigned int off, unsigned int len);
void fake_cfg_write(struct fake_board *b, unsigned int slot, unsigned int off, unsigned int len,
		    uint32_t value);
/* The offset of the nth capability with that id, as a guest walks the list; 0: none. */
unsigned int fake_cap(struct fake_board *b, unsigned int slot, uint8_t id, unsigned int n);

#endif
