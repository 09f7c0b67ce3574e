/* SPDX-License-Identifier: BSD-3-Clause */
/* What rtnetlink tells by itself, in the words that paths are made of. Pure; any thread. */
#ifndef OFFLOAD_CHIMNEY_SLOW_NEWS_H
#define OFFLOAD_CHIMNEY_SLOW_NEWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum chim_news_kind {
	CHIM_NEWS_LINK,	 /* ifindex, ifname, up, mtu, mac; gone: it is no more */
	CHIM_NEWS_NEIGH, /* ifindex, addr; usable: mac; else it is not resolved (any more) */
	CHIM_NEWS_ROUTE, /* addr/bits: a route for these came or went; by ifindex (0: not told) */
	CHIM_NEWS_ADDR,	 /* ifindex, addr: a local address came or went */
	CHIM_NEWS_RULE,	 /* any route may lead elsewhere now */
	CHIM_NEWS_LOST,	 /* news were lost: everything may have changed */
};

struct chim_news {
	enum chim_news_kind kind;
	bool gone, up, usable, v6;
	uint8_t bits, mac[6], addr[16];
	uint32_t ifindex, mtu;
	char ifname[16];
};

/* Tells what the messages of one datagram say, in order. What is not understood is left out; a
 * damaged message ends the datagram. bytes must be aligned to 4. */
void chim_news_read(const void *bytes, size_t len,
		    void (*tell)(void *arg, const struct chim_news *news), void *arg);

#endif
