/* SPDX-License-Identifier: BSD-3-Clause */
/* The card's side of the link: frames in and out, and waiting for them. */
#include "hv-core/vhost/link_impl.h"

#include "base/log.h"

#include <sys/eventfd.h>

/* Once for each connection. Lock held. */
static void look_for_nonsense(struct hv_link *l, const struct hv_link_ring *q)
{
	if (!q->broken || l->broken_said)
		return;
	l->broken_said = true;
	log_err("%s: the switch returned buffers it never had; nothing is carried until it is "
		"started anew",
		l->name);
}

bool hv_link_send(struct hv_link *l, const struct iovec *iov, unsigned int n,
		  const struct virtio_net_hdr *hdr)
{
	struct hv_link_ring *q = &l->ring[TX];
	bool sent = true;
	size_t bytes = 0;

	for (unsigned int i = 0; i < n; i++)
		bytes += iov[i].iov_len;
	pthread_mutex_lock(&l->lock);
	if (!l->up && l->grace) {
		sent = false;
	} else if (!l->up || q->broken || bytes > HV_LINK_SEND_MAX) {
		l->stats.lost++;
	} else {
		sent = hv_link_ring_send(q, iov, n, hdr);
		look_for_nonsense(l, q);
		l->kick[TX] |= sent;
		l->stats.sent += sent;
		l->stats.full += !sent && !q->broken;
		l->stats.lost += !sent && q->broken;
		sent |= q->broken;
	}
	pthread_mutex_unlock(&l->lock);
	return sent;
}

bool hv_link_peek(struct hv_link *l, struct hv_link_frame *f)
{
	struct hv_link_ring *q = &l->ring[RX];

	pthread_mutex_lock(&l->lock);
	bool there = l->up && !q->broken && hv_link_ring_peek(q, f);
	look_for_nonsense(l, q);
	pthread_mutex_unlock(&l->lock);
	return there;
}

void hv_link_drop(struct hv_link *l)
{
	pthread_mutex_lock(&l->lock);
	if (l->up && l->ring[RX].taken_n) {
		hv_link_ring_drop(&l->ring[RX]);
		l->kick[RX] = true;
		l->stats.received++;
	}
	pthread_mutex_unlock(&l->lock);
}

void hv_link_flush(struct hv_link *l)
{
	bool kick[RINGS];

	pthread_mutex_lock(&l->lock);
	for (int i = 0; i < RINGS; i++) {
		kick[i] = l->kick[i] && l->up && hv_link_ring_wants_kick(&l->ring[i]);
		l->kick[i] = false;
	}
	pthread_mutex_unlock(&l->lock);
	for (int i = 0; i < RINGS; i++)
		if (kick[i])
			eventfd_write(l->kick_fd[i], 1);
}

unsigned int hv_link_offloads(struct hv_link *l)
{
	pthread_mutex_lock(&l->lock);
	unsigned int o = l->up ? l->offloads : 0;
	pthread_mutex_unlock(&l->lock);
	return o;
}

int hv_link_call_fd(const struct hv_link *l)
{
	return l->call_fd;
}

bool hv_link_listen(struct hv_link *l, bool rx, bool tx)
{
	bool want[RINGS] = {[RX] = rx, [TX] = tx}, there = false;

	pthread_mutex_lock(&l->lock);
	for (int i = 0; i < RINGS; i++) {
		hv_link_ring_want_call(&l->ring[i], want[i]);
		there |= want[i] && l->up && !l->ring[i].broken &&
			 hv_link_ring_has_used(&l->ring[i]);
	}
	pthread_mutex_unlock(&l->lock);
	return there;
}

void hv_link_busy(struct hv_link *l)
{
	eventfd_t n;

	hv_link_listen(l, false, false);
	eventfd_read(l->call_fd, &n);
}

void hv_link_stats(struct hv_link *l, struct hv_link_stats *s)
{
	pthread_mutex_lock(&l->lock);
	*s = l->stats;
	pthread_mutex_unlock(&l->lock);
}
