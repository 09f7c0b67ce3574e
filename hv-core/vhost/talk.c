/* SPDX-License-Identifier: BSD-3-Clause */
/* Saying something to the back end and hearing what it answers; and finding out what it can do. */
#include "hv-core/vhost/sock.h"
#include "hv-core/vhost/vu.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* virtio 1.2, 5.1.4: the configuration up to and with the MTU, and where that is. */
#define CONFIG_BYTES 12
#define CONFIG_MTU   10

int hv_vu_give_up(struct hv_vu *v, const struct err *e)
{
	if (!v->broken && v->fd >= 0) {
		v->broken = true;
		snprintf(v->why, sizeof(v->why), "%s", e->text);
		shutdown(v->fd, SHUT_RDWR);
	}
	return e->code;
}

int hv_vu_ask(struct hv_vu *v, struct hv_vu_msg *m, int *fd, unsigned int *n_fds, struct err *e)
{
	int ret;

	*fd = -1;
	*n_fds = 0;
	if (v->fd < 0 || v->broken)
		return err_set(e, -ENOTCONN, "there is no back end");
	ret = hv_vu_send(v->fd, m, NULL, 0, v->deadline_ns, e);
	if (ret == 0)
		ret = hv_vu_recv(v->fd, m, fd, n_fds, v->deadline_ns, e);
	return ret == 0 ? 0 : hv_vu_give_up(v, e);
}

int hv_vu_ask_u64(struct hv_vu *v, enum hv_vu_request r, uint64_t *value, struct err *e)
{
	struct hv_vu_msg m;
	unsigned int n_fds;
	int fd, ret;

	hv_vu_msg_empty(&m, r);
	ret = hv_vu_ask(v, &m, &fd, &n_fds, e);
	if (ret != 0)
		return ret;
	if (fd >= 0)
		close(fd);
	ret = hv_vu_reply_u64(&m, r, n_fds, value, e);
	return ret == 0 ? 0 : hv_vu_give_up(v, e);
}

int hv_vu_tell(struct hv_vu *v, struct hv_vu_msg *m, const int *fd, unsigned int n_fds, bool ack,
	       struct err *e)
{
	enum hv_vu_request r = m->request;
	unsigned int n_got;
	int got, ret;

	if (v->fd < 0 || v->broken)
		return err_set(e, -ENOTCONN, "there is no back end");
	ack = ack && v->protocol & HV_VU_P_REPLY_ACK;
	if (ack)
		m->flags |= HV_VU_NEED_REPLY;
	ret = hv_vu_send(v->fd, m, fd, n_fds, v->deadline_ns, e);
	if (ret == 0 && ack) {
		ret = hv_vu_recv(v->fd, m, &got, &n_got, v->deadline_ns, e);
		if (ret == 0) {
			if (got >= 0)
				close(got);
			ret = hv_vu_reply_ack(m, r, n_got, e);
		}
	}
	return ret == 0 ? 0 : hv_vu_give_up(v, e);
}

/* Its own channel, by which it says that its configuration changed. */
static int give_channel(struct hv_vu *v, struct err *e)
{
	struct hv_vu_msg m;
	int pair[2], ret;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) != 0)
		return err_set(e, -errno, "socketpair: %s", strerror(errno));
	v->back = pair[0];
	hv_vu_msg_empty(&m, HV_VU_SET_BACKEND_REQ_FD);
	ret = hv_vu_tell(v, &m, &pair[1], 1, false, e);
	close(pair[1]);
	return ret;
}

static int ask_mtu(struct hv_vu *v, struct err *e)
{
	struct hv_vu_msg m;
	uint8_t config[CONFIG_BYTES];
	uint16_t mtu;
	unsigned int n_fds;
	int fd, ret;

	hv_vu_msg_config(&m, 0, CONFIG_BYTES);
	ret = hv_vu_ask(v, &m, &fd, &n_fds, e);
	if (ret != 0)
		return ret;
	if (fd >= 0)
		close(fd);
	ret = hv_vu_reply_config(&m, n_fds, 0, config, CONFIG_BYTES, e);
	if (ret != 0)
		return hv_vu_give_up(v, e);
	memcpy(&mtu, config + CONFIG_MTU, sizeof(mtu));
	v->mtu = mtu;
	return 0;
}

/* What goes with the protocol features: each only where the back end has it. */
static int negotiate_protocol(struct hv_vu *v, struct err *e)
{
	struct hv_vu_msg m;
	uint64_t protocol = 0, pairs = 1;
	int ret = hv_vu_ask_u64(v, HV_VU_GET_PROTOCOL_FEATURES, &protocol, e);

	if (ret != 0)
		return ret;
	v->protocol = protocol & HV_VU_P_OURS;
	hv_vu_msg_u64(&m, HV_VU_SET_PROTOCOL_FEATURES, v->protocol);
	ret = hv_vu_tell(v, &m, NULL, 0, false, e);
	if (ret == 0 && v->protocol & HV_VU_P_MQ)
		ret = hv_vu_ask_u64(v, HV_VU_GET_QUEUE_NUM, &pairs, e);
	if (ret != 0)
		return ret;
	if (pairs == 0)
		return err_set(e, -EPROTO, "it has no queues");
	/* More than we have rings for is as good as that many. */
	v->queue_pairs = pairs > HV_VU_RINGS / 2 ? HV_VU_RINGS / 2 : (unsigned int)pairs;
	if (v->protocol & HV_VU_P_BACKEND_REQ)
		ret = give_channel(v, e);
	if (ret == 0 && v->protocol & HV_VU_P_CONFIG)
		ret = ask_mtu(v, e);
	return ret;
}

int hv_vu_negotiate(struct hv_vu *v, struct err *e)
{
	struct hv_vu_msg m;
	uint64_t offered = 0;
	int ret;

	v->protocol = 0;
	v->queue_pairs = 1;
	v->mtu = 0;
	ret = hv_vu_ask_u64(v, HV_VU_GET_FEATURES, &offered, e);
	v->offered = offered;
	if (ret == 0 && offered & HV_VU_F_PROTOCOL)
		ret = negotiate_protocol(v, e);
	if (ret != 0)
		return ret;
	hv_vu_msg_empty(&m, HV_VU_SET_OWNER);
	return hv_vu_tell(v, &m, NULL, 0, false, e);
}
