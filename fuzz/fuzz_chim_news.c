/* SPDX-License-Identifier: BSD-3-Clause */
/* What rtnetlink tells of links, neighbors, routes and addresses. */
#include "offload/chimney/slow/news.h"
#include "offload/chimney/slow/nl.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ENDED(text) (memchr(text, 0, sizeof(text)) != NULL)

static void must(bool ok)
{
	if (!ok)
		abort();
}

static void tell(void *arg, const struct chim_news *news)
{
	int *n = arg;

	++*n;
	must(news->kind < CHIM_NEWS_LOST && ENDED(news->ifname));
	must(news->bits <= (news->v6 ? 128 : 32));
	must(!news->usable || !news->gone);
	must(!news->up || !news->gone);
	must(news->ifindex || news->kind == CHIM_NEWS_ROUTE || news->kind == CHIM_NEWS_RULE ||
	     news->kind == CHIM_NEWS_ADDR);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct nlmsghdr *msg = (const struct nlmsghdr *)data;
	struct chim_nl_link link;
	int n = 0;

	chim_news_read(data, size, tell, &n);
	/* No message is shorter than its header. */
	must((size_t)n <= size / sizeof(struct nlmsghdr));
	if (chim_nl_link(msg, size, &link))
		must(ENDED(link.name) && ENDED(link.kind) && link.ifindex);
	return 0;
}
