/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ICMP errors about connections that the host's kernel has not got any more: a worker saw them pass
 * (offload/chimney/steer/quote.h). What is "too big" lowers the path's MTU, if the connection may
 * have sent what is quoted (RFC 5927 4.1), which its worker knows. "Unreachable" is no reason to
 * end an established connection (RFC 1122 4.2.3.9, RFC 5461): it is counted.
 */
#include "vswitch/ctrl/chimney.h"

#include "base/clock.h"
#include "offload/chimney/steer/quote.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* Smaller MTUs are not believed: of IPv4 as Linux' net.ipv4.route.min_pmtu, RFC 8201 4 of IPv6. */
enum { MIN_MTU4 = 552, MIN_MTU6 = 1280 };

static void too_big(struct chim_link *l, const struct flow_quote *q)
{
	uint16_t least = q->key.v6 ? MIN_MTU6 : MIN_MTU4, mtu = q->mtu < least ? least : q->mtu;

	/* One at a time: what is lost is said again. */
	if (l->quoted_mtu || !l->node || mtu >= l->node->path->mtu)
		return;
	l->quoted_mtu = mtu;
	l->conn.quoted_seq = q->seq;
	chimney_ask(l, CHIM_ASK_QUOTES);
}

void chimney_quoted(struct chim_link *l)
{
	struct chimney *ch = l->chimney;
	uint16_t mtu = l->quoted_mtu;

	l->quoted_mtu = 0;
	if (!l->conn.quotes) {
		ch->counts.forged++;
		return;
	}
	ch->counts.too_big++;
	if (l->node && mtu < l->node->path->mtu) {
		l->node->path->user_ns = clock_now_ns();
		chim_tree_path_mtu(ch->tree, l->node->path, mtu);
	}
}

static void on_quotes(evutil_socket_t fd, short what, void *arg)
{
	struct flow_quote q[FLOW_QUOTES];
	struct chimney *ch = arg;
	uint64_t count;
	unsigned int n;

	if (read(fd, &count, sizeof(count)) < 0)
		return;
	n = flow_quotes_take(ch->flows, q);
	for (unsigned int i = 0; i < n; i++) {
		struct flow *f = flow_get(ch->flows, &q[i].key);
		/* What the flow's packets are for: a link begins with it. */
		struct chim_link *l = f ? flow_user(f) : NULL;

		if (l && q[i].kind == FLOW_TOO_BIG)
			too_big(l, &q[i]);
		else if (l)
			ch->counts.unreachable++;
	}
}

int chimney_icmp_init(struct chimney *ch, struct err *e)
{
	ch->quotes_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (ch->quotes_fd < 0)
		return err_set(e, -errno, "no eventfd: %s", strerror(errno));
	ch->quotes = event_new(ch->ctrl->base, ch->quotes_fd, EV_READ | EV_PERSIST, on_quotes, ch);
	if (!ch->quotes || event_add(ch->quotes, NULL) != 0 ||
	    flow_table_note_quotes(ch->flows, ch->quotes_fd) != 0)
		return err_set(e, -ENOMEM, "no memory for what ICMP says");
	return 0;
}

void chimney_icmp_fini(struct chimney *ch)
{
	if (ch->quotes)
		event_free(ch->quotes);
	if (ch->quotes_fd > 0)
		close(ch->quotes_fd);
}
