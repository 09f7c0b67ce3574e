/* SPDX-License-Identifier: BSD-3-Clause */
/* The control queue (virtio 1.2, 5.1.6.5): few commands, answered by the main thread. */
#include "hv-core/virtio/net_impl.h"

#include "base/log.h"

#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#define PARTS 16 /* a command, its arguments and the answer: Linux uses five at most */

/* 5.1.2: behind all pairs there can be, or behind the only one. */
unsigned int hv_net_control_index(const struct hv_net *n)
{
	bool mq = hv_virtio_features(n->virtio) & BIT(VIRTIO_NET_F_MQ);

	return mq ? 2u * n->ctl.pairs_max : 2;
}

void hv_net_control_listen(struct hv_net *n, bool on)
{
	struct epoll_event ev = {.events = EPOLLIN, .data.u32 = 1};
	int fd;

	if (n->listening == on)
		return;
	fd = hv_virtio_queue(n->virtio, hv_net_control_index(n))->kick_fd;
	if (epoll_ctl(n->epoll, on ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, fd, &ev) != 0)
		log_err("nic %s: control queue: %s", n->id, strerror(errno));
	else
		n->listening = on;
}

/* What the driver wrote, in one piece. False: it is too long. */
static bool gather(const struct hv_vq_chain *c, uint8_t *to)
{
	if (c->out_bytes > HV_NET_CTL_BYTES)
		return false;
	for (unsigned int i = 0; i < c->out_n; i++) {
		memcpy(to, c->iov[i].iov_base, c->iov[i].iov_len);
		to += c->iov[i].iov_len;
	}
	return true;
}

/* Another number of pairs is in use: the switch serves those, and no others. */
static void enable_pairs(struct hv_net *n)
{
	struct err e;

	for (unsigned int i = 0; i < n->rings; i++) {
		bool on = i / 2 < n->ctl.pairs;

		if (n->ring[i].enabled == on)
			continue;
		n->ring[i].enabled = on;
		if (n->handed && hv_vu_enable(n->vu, i, on, &e) != 0 && e.code != -ENOTCONN)
			log_warn("nic %s: ring %u: %s", n->id, i, e.text);
	}
}

static bool command(struct hv_net *n, const struct hv_vq_chain *c)
{
	static uint8_t bytes[HV_NET_CTL_BYTES]; /* the main thread's only */
	uint64_t features = hv_virtio_features(n->virtio);

	if (!gather(c, bytes) || !hv_net_ctl_command(&n->ctl, features, bytes, c->out_bytes))
		return false;
	enable_pairs(n);
	return true;
}

void hv_net_control_run(struct hv_net *n)
{
	unsigned int index = hv_net_control_index(n);
	struct iovec iov[PARTS];
	struct hv_vq_chain c = {.iov = iov, .iov_max = PARTS};
	eventfd_t kicks;
	int ret;

	if (!n->listening)
		return;
	eventfd_read(hv_virtio_queue(n->virtio, index)->kick_fd, &kicks);
	if (n->quiesced)
		return; /* resuming looks again */
	/* With an event index the driver's next kick comes only if it is asked for (2.7.10). */
	do {
		while ((ret = hv_vq_pop(&n->control, &c)) > 0) {
			uint8_t ack = command(n, &c) ? VIRTIO_NET_OK : VIRTIO_NET_ERR;

			/* The answer is one byte, where the driver left room for it. */
			if (c.in_bytes > 0)
				memcpy(c.iov[c.out_n].iov_base, &ack, 1);
			hv_vq_push(&n->control, &c, c.in_bytes > 0 ? 1 : 0);
			if (!n->started)
				return;
		}
	} while (ret == 0 && hv_vq_listen(&n->control));
	if (ret < 0) {
		hv_virtio_broken(n->virtio, n->control.broken);
		return;
	}
	if (hv_vq_needs_call(&n->control)) {
		int fd = hv_virtio_call_fd(n->virtio, index);

		if (fd >= 0)
			eventfd_write(fd, 1);
	}
}
