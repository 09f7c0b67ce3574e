/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of a guest share; nobody else includes this. Main thread, all of it. */
#ifndef HV_CORE_GUEST_IMPL_H
#define HV_CORE_GUEST_IMPL_H

#include "hv-core/device/acpi_events.h"
#include "hv-core/device/serial.h"
#include "hv-core/guest.h"
#include "hv-core/pci/pci.h"

struct guest;
struct card;

/* A way for a card to be: one of hv_cards. */
struct card_model {
	const char *name; /* as in the configuration */
	/* 0, or why not. Takes over the descriptors it uses and sets them to -1. */
	int (*create)(struct card *c, struct hv_nic_fds *fds, struct err *e);
	/* Before the guest runs, or once it was plugged into a running one. */
	int (*start)(struct card *c, struct err *e);
	/* Asks the guest to let go; card and record are gone when it did. */
	int (*unplug)(struct card *c, struct err *e);
	/* Adds what is known of it to vm.show's answer. */
	void (*show)(const struct card *c, json_t *to);
	/* The connection it asked for, or negative errno. NULL: it has none. */
	void (*give)(struct card *c, int fd);
};

struct card {
	struct guest *guest;
	struct hv_nic_config config;
	const struct card_model *model;
	char id[HV_DEVICE_ID]; /* of the device in the machine: "nic:net0" */
	void *impl;
	bool leaving;
	struct card *next;
};

struct disk {
	char id[HV_DEVICE_ID];
	struct hv_blk *blk;
};

struct guest {
	const struct hv_config *config;
	struct guest_ops ops;
	struct hv_vm vm;
	struct hv_ged *ged;
	struct hv_pci *pci;
	struct guest_tty *tty;
	struct card *cards;
	struct disk disk[HV_DISKS_MAX];
	bool started, paused;
};

extern const struct card_model *const hv_cards[]; /* by enum hv_nic_model */

/* Makes the card and plugs it. fds are taken over, on error too. */
int card_add(struct guest *g, const struct hv_nic_config *config, const struct hv_nic_fds *fds,
	     struct err *e);
/* Asks for a connection; arg: the card. */
int card_dial(void *arg);
/* A card's thread gets its list. */
int card_thread(void *arg, struct err *e);
/* Lets all of them begin. */
int cards_start(struct guest *g, struct err *e);
void cards_free(struct guest *g); /* the records; devices are the machine's */

/* The console's two pipes and the serial port between them. */
int guest_tty_create(struct guest *g, int in_fd, int out_fd, struct err *e);
void guest_tty_free(struct guest_tty *t);
uint64_t guest_tty_lost(const struct guest_tty *t); /* bytes of output nobody took in time */

#endif
