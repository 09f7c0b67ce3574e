/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who answers at which address: one bus for memory-mapped I/O, one for ports.
 *
 * A range belongs to a device. The vCPU thread that left the guest calls the device's handler with
 * the device's lock held; different devices' handlers run at the same time. A handler may add and
 * remove ranges, its own too: looking up and calling are apart. After hv_bus_del() a handler may
 * still be called once by a vCPU that looked it up before, so a device is freed only while the
 * vCPUs are parked.
 */
#ifndef HV_CORE_MACHINE_BUS_H
#define HV_CORE_MACHINE_BUS_H

#include "base/err.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct hv_bus;

/* len: 1, 2, 4 or 8, any alignment; off + len never exceeds the range. Values are little-endian
 * numbers, upper bytes 0. An access nobody answers reads as all ones and writes nothing. */
struct hv_io_ops {
	uint64_t (*read)(void *self, uint64_t off, unsigned int len);
	void (*write)(void *self, uint64_t off, unsigned int len, uint64_t value);
};

struct hv_bus *hv_bus_new(void);
void hv_bus_free(struct hv_bus *b);

/* lock may be NULL: the handlers take care themselves. `name` is for messages and must live as long
 * as the range. 0, -EEXIST: overlaps another's range (e names both), -ENOMEM. Any thread. */
int hv_bus_add(struct hv_bus *b, uint64_t base, uint64_t bytes, const struct hv_io_ops *ops,
	       void *self, pthread_mutex_t *lock, const char *name, struct err *e);
/* Removes the range that begins there and belongs to self; nothing when there is none. Any thread.
 */
void hv_bus_del(struct hv_bus *b, uint64_t base, void *self);

/* Carries out an access. Returns false when nobody answers (a read gave all ones). vCPU threads. */
bool hv_bus_read(struct hv_bus *b, uint64_t addr, unsigned int len, uint64_t *value);
bool hv_bus_write(struct hv_bus *b, uint64_t addr, unsigned int len, uint64_t value);

#endif
