/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Moves bytes between a program, which has the far end of a socketpair in the place of its TCP
 * socket, and the connection's end.
 *
 * The program must never take the relay's death for the peer's orderly end. A UNIX socket tells its
 * other side ECONNRESET if it is closed with something unread, so the relay leaves one byte unread
 * at all times: the last one it has passed on, and at first one that means nothing. Only when the
 * connection has ended as it should it is taken out.
 *
 * Everything here belongs to the relay's one thread.
 */
#ifndef OFFLOAD_CHIMNEY_ATTACH_RELAY_H
#define OFFLOAD_CHIMNEY_ATTACH_RELAY_H

#include "offload/chimney/attach/end.h"

#include <stdint.h>

enum { ATT_BUFFER = 256 << 10 }; /* bytes on their way, each direction */

struct att_queue {
	uint8_t *at;
	size_t off, len, room;
};

enum att_over {
	ATT_RUNS,
	ATT_ENDED, /* both sides ended, or the program closed it */
	ATT_RESET, /* the connection died, or the program closed it with something unread */
};

struct att_relay {
	int near, far; /* far: until the program has it; else -1 */
	int epoll;
	struct att_end *end;
	struct att_queue up, down; /* up: from the program */
	bool feeding;		   /* what comes from the connection goes to the program */
	size_t allowance;	   /* if not: so many bytes do nevertheless */
	bool up_held;		   /* what the program writes waits */
	bool up_ended;		   /* the program writes no more, and the end knows */
	bool down_ended;	   /* the peer sends no more, and the program knows */
	bool peer_ended, deaf;	   /* the peer sends no more; the program reads no more */
	bool broken;		   /* the end takes no more */
	bool moved;		   /* the end became stale: see att_relay_use() */
	bool more;		   /* something was left to be moved */
	enum att_over over;
	uint64_t up_bytes, down_bytes;
};

/* Makes the socketpair and buffers. 0 or a negative errno. */
int att_relay_init(struct att_relay *r);
/* Closes what is its own, not the end. The program sees the end if r->over is ATT_ENDED, else a
 * reset. */
void att_relay_fini(struct att_relay *r);

/* From now on this is the connection's end; the old one is the caller's. 0 or a negative errno. */
int att_relay_use(struct att_relay *r, struct att_end *end);

/* Appends bytes to what the program wrote, or to what it is to read. 0 or -ENOMEM. */
int att_relay_append(struct att_queue *q, const void *bytes, size_t n);

/* Moves what can be moved now: all of it, or 16 buffers each way, so that a busy connection does
 * not keep its relay from what else is to be done. Looks for the end of either side, and sets
 * r->over. */
void att_relay_pump(struct att_relay *r);

/* Sleeps until something can be moved (not at all, if something was left), a descriptor watched
 * with att_relay_watch() is readable, or the time is over; -1: no limit. */
void att_relay_sleep(struct att_relay *r, int timeout_ms);
int att_relay_watch(struct att_relay *r, int fd);

/* Has the program read everything that was passed on to it, and is nothing on its way to it? */
bool att_relay_is_read(const struct att_relay *r);

/* Takes in all that the program has written so far, however much it is, and its end too. 0 or
 * -ENOMEM. The program stands still meanwhile. */
int att_relay_take_all(struct att_relay *r);

#endif
