/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The record of buffers in flight (vhost-user, "Inflight I/O tracking"): memory that the back end
 * lays out and writes, and the front end keeps, so that a successor of a killed back end knows what
 * it had taken and not given back. Here it is only kept and handed over.
 *
 * Of packed rings no back end for networks keeps a record (flued, rte_vhost, OVS); what they leave
 * in the ring itself says enough, see recover.c.
 */
#include "hv-core/vhost/vu.h"

#include <linux/virtio_config.h>
#include <unistd.h>

void hv_vu_record_drop(struct hv_vu *v)
{
	if (v->record_fd >= 0)
		close(v->record_fd);
	v->record_fd = -1;
}

void hv_vu_forget(struct hv_vu *v)
{
	pthread_mutex_lock(&v->lock);
	hv_vu_record_drop(v);
	pthread_mutex_unlock(&v->lock);
}

static int ask(struct hv_vu *v, const struct hv_vu_record *want, struct err *e)
{
	struct hv_vu_msg m;
	unsigned int n_fds;
	int fd, ret;

	hv_vu_msg_record(&m, HV_VU_GET_INFLIGHT_FD, want);
	ret = hv_vu_ask(v, &m, &fd, &n_fds, e);
	if (ret != 0)
		return ret;
	ret = hv_vu_reply_record(&m, n_fds, want, &v->record, e);
	if (ret != 0) {
		if (fd >= 0)
			close(fd);
		return ret;
	}
	v->record_fd = fd;
	return 0;
}

int hv_vu_record_give(struct hv_vu *v, const struct hv_vu_ring *ring, unsigned int rings,
		      struct err *e)
{
	struct hv_vu_record want = {.queues = (uint16_t)rings};
	struct hv_vu_msg m;

	if (!(v->protocol & HV_VU_P_INFLIGHT) || v->features & 1ull << VIRTIO_F_RING_PACKED) {
		/* It goes on without, so what one before it wrote is true no more. */
		hv_vu_record_drop(v);
		return 0;
	}
	for (unsigned int i = 0; i < rings; i++)
		if (ring[i].size > want.queue_size)
			want.queue_size = ring[i].size;
	if (v->record.queues != want.queues || v->record.queue_size != want.queue_size)
		hv_vu_record_drop(v);
	if (v->record_fd < 0) {
		int ret = ask(v, &want, e);

		if (ret != 0)
			return ret;
	}
	hv_vu_msg_record(&m, HV_VU_SET_INFLIGHT_FD, &v->record);
	return hv_vu_tell(v, &m, &v->record_fd, 1, true, e);
}
