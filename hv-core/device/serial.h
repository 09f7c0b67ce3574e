/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A serial port: the 16550A, a UART with FIFOs of 16 bytes. Bytes take no time on the line: what
 * the guest sends is out at once, what comes in waits in the receive FIFO until the guest took it.
 */
#ifndef HV_CORE_DEVICE_SERIAL_H
#define HV_CORE_DEVICE_SERIAL_H

#include "hv-core/machine/vm.h"

#include <stddef.h>
#include <stdint.h>

struct hv_serial;

/* Eight ports from `port` on, and a line into the IOAPIC's pin `gsi` (edge-triggered, active high).
 * Registers as the device `id` of the machine, which frees it. out: takes what the guest sends; a
 * vCPU thread calls it with the port's lock held, so it must not block and must not call back into
 * the port. It may be NULL: nobody listens. 0; -EEXIST, -ENAMETOOLONG, -ENOMEM with e filled.
 * Main thread. */
int hv_serial_create(struct hv_vm *vm, uint16_t port, unsigned int gsi, const char *id,
		     void (*out)(void *arg, const uint8_t *bytes, size_t len), void *arg,
		     struct hv_serial **s, struct err *e);

/* Bytes for the guest. Returns how many were taken; the others are the caller's to keep until there
 * is room again. While the guest has the port in loopback none are. Main thread. */
size_t hv_serial_input(struct hv_serial *s, const uint8_t *bytes, size_t len);

/* room: called when the guest emptied the FIFO after hv_serial_input() took less than it was given,
 * so that it is worth to try again. A vCPU thread calls it with the port's lock held: wake the main
 * thread and return. It may also come when there is nothing to give. Main thread, before the vCPUs
 * run. */
void hv_serial_on_room(struct hv_serial *s, void (*room)(void *arg), void *arg);

#endif
