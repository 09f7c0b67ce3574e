/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An application of flued's that does nothing but hand a connection over and have it back:
 * api/chim_msg.h. Process of `__handoff`, its main thread. Blocks; nothing takes longer than
 * OFFERER_MS.
 */
#ifndef BENCH_HANDOFF_OFFERER_H
#define BENCH_HANDOFF_OFFERER_H

#include "base/err.h"

#include <stdint.h>

enum { OFFERER_MS = 5000 };

struct offerer {
	int fd;
	uint32_t conn; /* the number of the connection that is with flued */
};

/* Connects and says hello. 0 or a negative errno. */
int offerer_open(struct offerer *o, const char *path, struct err *e);
void offerer_close(struct offerer *o);

/* Hands sock over, until flued has said that it runs it. 0; -EAGAIN: refused for now, as e says;
 * -EPERM: refused for good; -ETIMEDOUT, or what the socket says. */
int offerer_offer(struct offerer *o, int sock, struct err *e);

/* Has it back, until the kernel's socket is the connection again. 0; -ECONNABORTED: it is lost;
 * -EBUSY: flued keeps it. */
int offerer_upload(struct offerer *o, struct err *e);

#endif
