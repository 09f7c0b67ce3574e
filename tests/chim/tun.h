/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Linux' TCP as a peer: a network namespace with one TUN device, whose other end this process is.
 * Units go both ways as units. Main thread.
 */
#ifndef TESTS_CHIM_TUN_H
#define TESTS_CHIM_TUN_H

#include "tests/chim/link.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	TUN_BYTES = 65536 + 64,
	TUN_SKIPPED = 77, /* what a test ends with where there is no TUN to be had */
};

/* The calling thread moves to a new namespace, in which the device has 10.9.NET.1/16 and
 * fd09:NET::1/64. The namespace lives as long as the thread stays, or a socket or
 * the device in it. Returns its descriptor, which does not block; on errors the process ends with
 * TUN_SKIPPED, and says why. */
int tun_new(uint8_t net, uint16_t mtu);

/* The next TCP packet for the other end, valid until the next call; NULL: there is none now. */
const struct packet *tun_read(int fd);

/* Gives it to the kernel. Its TCP checksum is made. */
void tun_write(int fd, const struct packet *p);

#endif
