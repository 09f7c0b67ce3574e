/* SPDX-License-Identifier: BSD-3-Clause */
/* api/chimney.h's objects, and what it does with a connection that is the kernel's again. */
#ifndef OFFLOAD_CHIMNEY_SHIM_DIRECT_H
#define OFFLOAD_CHIMNEY_SHIM_DIRECT_H

#include "offload/chimney/shim/stream.h"

#define CHIM_PUBLIC __attribute__((visibility("default")))

enum { CHIM_BOUNCE_BYTES = 1 << 16 };

struct chimney {
	struct chim_link *link;
};

struct chimney_conn {
	struct chim_conn *conn;
	int sock;	    /* the kernel's */
	uint32_t armed;	    /* CHIM_IN, CHIM_OUT: parked for chimney_arm() */
	bool reserved_back; /* chimney_send_reserve() gave room in the buffer */
	uint8_t *
		bounce; /* stands for the rings when they are gone: first receiving, then sending */
};

/* Moves what the cursor has left with the kernel's socket. Count or negative errno. */
ssize_t chim_direct_send(struct chimney_conn *c, struct chim_cursor *cur, int flags);
ssize_t chim_direct_recv(struct chimney_conn *c, struct chim_cursor *cur, int flags);

/* The buffer; NULL: no memory. receive: the half for that. */
uint8_t *chim_direct_bounce(struct chimney_conn *c, bool receive);

#endif
