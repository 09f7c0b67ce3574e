/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Being told when the way of offloaded connections changes: links, neighbors, routes, rules and
 * addresses of one network namespace. One watch a namespace is enough; it keeps the namespace
 * alive, so it is closed with the last connection there. PMTUs that ICMP brings are not told by the
 * kernel: the switch sees those itself. All: main.
 */
#ifndef OFFLOAD_CHIMNEY_SLOW_WATCH_H
#define OFFLOAD_CHIMNEY_SLOW_WATCH_H

#include "base/err.h"
#include "offload/chimney/slow/news.h"

struct chim_watch;

/* In the namespace that sockfd is in. NULL: e says why. */
struct chim_watch *chim_watch_open(int sockfd, struct err *e);
void chim_watch_close(struct chim_watch *w);

/* Becomes readable when there is news. */
int chim_watch_fd(const struct chim_watch *w);

/* Tells what has come in, without waiting; of very much only a part, then the descriptor is still
 * readable. After CHIM_NEWS_LOST it goes on as before. 0, or a negative errno: the watch is broken.
 * tell() must not close the watch. */
int chim_watch_read(struct chim_watch *w, void (*tell)(void *arg, const struct chim_news *news),
		    void *arg);

#endif
