/* SPDX-License-Identifier: BSD-3-Clause */
/* Starting and stopping rings. */
#include "hv-core/vhost/sock.h"
#include "hv-core/vhost/vu.h"

#include <linux/virtio_config.h>
#include <linux/virtio_net.h>
#include <string.h>
#include <unistd.h>

/* The device's status as the back end is told it: all is negotiated (virtio 1.2, 2.1). */
#define STATUS_RUNNING                                                                        \
	(VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER | VIRTIO_CONFIG_S_FEATURES_OK | \
	 VIRTIO_CONFIG_S_DRIVER_OK)
#define PACKED (1ull << VIRTIO_F_RING_PACKED)

static int tell_u64(struct hv_vu *v, enum hv_vu_request r, uint64_t value, bool ack, struct err *e)
{
	struct hv_vu_msg m;

	hv_vu_msg_u64(&m, r, value);
	return hv_vu_tell(v, &m, NULL, 0, ack, e);
}

static int tell_state(struct hv_vu *v, enum hv_vu_request r, unsigned int ring, uint32_t num,
		      bool ack, struct err *e)
{
	struct hv_vu_msg m;

	hv_vu_msg_state(&m, r, ring, num);
	return hv_vu_tell(v, &m, NULL, 0, ack, e);
}

static int tell_fd(struct hv_vu *v, enum hv_vu_request r, unsigned int ring, int fd, struct err *e)
{
	struct hv_vu_msg m;

	hv_vu_msg_u64(&m, r, ring | (fd < 0 ? HV_VU_NO_FD : 0));
	return hv_vu_tell(v, &m, &fd, fd >= 0 ? 1 : 0, true, e);
}

static int give_memory(struct hv_vu *v, const struct hv_vu_region *region, unsigned int regions,
		       struct err *e)
{
	struct hv_vu_msg m;
	int fd[HV_VU_REGIONS];

	for (unsigned int i = 0; i < regions; i++)
		fd[i] = region[i].fd;
	hv_vu_msg_regions(&m, region, regions);
	return hv_vu_tell(v, &m, fd, regions, true, e);
}

static uint64_t features_told(const struct hv_vu *v)
{
	uint64_t f = v->features | (v->offered & HV_VU_F_PROTOCOL);

	return v->log ? f | HV_VU_F_LOG_ALL : f;
}

static int give_addresses(struct hv_vu *v, unsigned int i, struct err *e)
{
	struct hv_vu_msg m;

	hv_vu_msg_addr(&m, i, &v->ring[i], v->log ? v->ring[i].device_gpa : 0);
	return hv_vu_tell(v, &m, NULL, 0, true, e);
}

/* A back end looks at addresses when it gets the kick, so that comes after them. */
static int give_ring(struct hv_vu *v, unsigned int i, struct err *e)
{
	const struct hv_vu_ring *r = &v->ring[i];
	uint32_t base = v->features & PACKED ? r->packed_base : r->base;
	int ret = tell_state(v, HV_VU_SET_VRING_NUM, i, r->size, false, e);

	if (ret == 0)
		ret = tell_state(v, HV_VU_SET_VRING_BASE, i, base, false, e);
	if (ret == 0)
		ret = give_addresses(v, i, e);
	if (ret == 0)
		ret = tell_fd(v, HV_VU_SET_VRING_ERR, i, v->faults, e);
	if (ret == 0)
		ret = tell_fd(v, HV_VU_SET_VRING_CALL, i, r->call_fd, e);
	if (ret == 0)
		ret = tell_fd(v, HV_VU_SET_VRING_KICK, i, r->kick_fd, e);
	return ret;
}

static int give_all(struct hv_vu *v, const struct hv_vu_region *region, unsigned int regions,
		    struct err *e)
{
	int ret = tell_u64(v, HV_VU_SET_FEATURES, features_told(v), true, e);

	if (ret == 0)
		ret = give_memory(v, region, regions, e);
	if (ret == 0 && v->mtu_told && v->protocol & HV_VU_P_NET_MTU &&
	    v->features & 1ull << VIRTIO_NET_F_MTU)
		ret = tell_u64(v, HV_VU_NET_SET_MTU, v->mtu_told, true, e);
	if (ret == 0 && v->log)
		ret = hv_vu_log_give(v, e);
	if (ret == 0)
		ret = hv_vu_record_give(v, v->ring, v->rings, e);
	for (unsigned int i = 0; i < v->rings && ret == 0; i++)
		ret = give_ring(v, i, e);
	if (ret == 0 && v->protocol & HV_VU_P_STATUS)
		ret = tell_u64(v, HV_VU_SET_STATUS, STATUS_RUNNING, true, e);
	/* Without protocol features a ring is enabled by its kick. */
	if (v->offered & HV_VU_F_PROTOCOL)
		for (unsigned int i = 0; i < v->rings && ret == 0; i++)
			ret = tell_state(v, HV_VU_SET_VRING_ENABLE, i, v->ring[i].enabled, true, e);
	return ret;
}

static int check(const struct hv_vu *v, uint64_t features, unsigned int regions, unsigned int rings,
		 struct err *e)
{
	uint64_t lacking = features & ~(v->offered & v->mask);

	if (!v->connected || v->broken)
		return err_set(e, -ENOTCONN, "there is no back end");
	if (lacking)
		return err_set(e, -ENOTSUP,
			       "it lacks features the guest has agreed to: %#llx; start it as it "
			       "was, or reset the guest's device",
			       (unsigned long long)lacking);
	if (regions == 0 || regions > HV_VU_REGIONS || rings > v->queues_max)
		return err_set(e, -EINVAL, "%u regions and %u rings are more than there can be",
			       regions, rings);
	if (rings > 2 * v->queue_pairs)
		return err_set(e, -ENOTSUP, "it has %u queue pairs, the guest uses %u",
			       v->queue_pairs, rings / 2);
	return 0;
}

static void kick(const struct hv_vu_ring *r)
{
	const uint64_t one = 1;

	if (r->kick_fd >= 0 && write(r->kick_fd, &one, sizeof(one)) < 0)
		return; /* full: it is kicked already */
}

int hv_vu_start(struct hv_vu *v, uint64_t features, const struct hv_vu_region *region,
		unsigned int regions, const struct hv_vu_ring *ring, unsigned int rings,
		struct err *e)
{
	struct err mine = {0};
	int ret;

	e = e ? e : &mine;
	pthread_mutex_lock(&v->lock);
	ret = check(v, features, regions, rings, e);
	if (ret != 0) {
		if (ret == -ENOTSUP)
			hv_vu_give_up(v, e);
		goto unlock;
	}
	v->deadline_ns = hv_vu_now_ns() + HV_VU_ORDERS;
	v->features = features;
	memcpy(v->ring, ring, rings * sizeof(*ring));
	v->rings = rings;
	ret = give_all(v, region, regions, e);
	v->running = ret == 0;
	if (ret != 0)
		hv_vu_give_up(v, e);
	/* A ring begins with a kick, and that of the driver may have gone to a predecessor. */
	for (unsigned int i = 0; i < rings && ret == 0; i++)
		kick(&ring[i]);

unlock:
	pthread_mutex_unlock(&v->lock);
	return ret;
}

/* Begins to say something about a ring of a running back end: takes the lock. */
static int begin(struct hv_vu *v, unsigned int ring, struct err *e)
{
	pthread_mutex_lock(&v->lock);
	v->deadline_ns = hv_vu_now_ns() + HV_VU_ORDERS;
	if (!v->running || v->broken)
		return err_set(e, -ENOTCONN, "there is no back end that runs");
	if (ring >= v->rings)
		return err_set(e, -EINVAL, "ring %u is not running", ring);
	return 0;
}

int hv_vu_set_call(struct hv_vu *v, unsigned int ring, int call_fd, struct err *e)
{
	struct err mine = {0};
	int ret = begin(v, ring, e = e ? e : &mine);

	if (ret == 0) {
		v->ring[ring].call_fd = call_fd;
		ret = tell_fd(v, HV_VU_SET_VRING_CALL, ring, call_fd, e);
	}
	pthread_mutex_unlock(&v->lock);
	return ret;
}

int hv_vu_enable(struct hv_vu *v, unsigned int ring, bool enabled, struct err *e)
{
	struct err mine = {0};
	int ret = begin(v, ring, e = e ? e : &mine);

	if (ret == 0 && !(v->offered & HV_VU_F_PROTOCOL) && !enabled)
		ret = err_set(e, -EOPNOTSUPP, "the back end cannot turn a ring off");
	if (ret == 0) {
		v->ring[ring].enabled = enabled;
		if (v->offered & HV_VU_F_PROTOCOL)
			ret = tell_state(v, HV_VU_SET_VRING_ENABLE, ring, enabled, true, e);
	}
	pthread_mutex_unlock(&v->lock);
	return ret;
}

/* The answer is 16 bits: an index; packed: a slot and its wrap counter (and in the upper half,
 * where a back end has more to say than rte_vhost, the same of used buffers: a ring that stands
 * still has none under way, so both are equal). */
static int stop_ring(struct hv_vu *v, unsigned int i, struct hv_vu_ring *r, struct err *e)
{
	struct hv_vu_msg m;
	unsigned int n_fds;
	uint32_t num = 0;
	int fd, ret;

	hv_vu_msg_state(&m, HV_VU_GET_VRING_BASE, i, 0);
	ret = hv_vu_ask(v, &m, &fd, &n_fds, e);
	if (ret != 0)
		return ret;
	if (fd >= 0)
		close(fd);
	ret = hv_vu_reply_state(&m, HV_VU_GET_VRING_BASE, n_fds, i, &num, e);
	if (ret != 0)
		return ret;
	if (v->features & PACKED) {
		if ((num & 0x7fff) >= r->size || (num >> 16 && num >> 16 != (num & 0xffff)))
			return err_set(e, -EPROTO, "it stopped packed ring %u at %#x", i, num);
		r->packed_base = (num & 0xffff) * 0x10001;
	} else {
		if (num > UINT16_MAX)
			return err_set(e, -EPROTO, "it stopped ring %u at %u", i, num);
		r->base = (uint16_t)num;
	}
	return 0;
}

int hv_vu_stop(struct hv_vu *v, struct hv_vu_ring *ring, unsigned int rings, struct err *e)
{
	struct err mine = {0};
	int ret = begin(v, 0, e = e ? e : &mine);

	if (ret == 0 && rings > v->rings)
		ret = err_set(e, -EINVAL, "%u rings were never started", rings);
	for (unsigned int i = 0; i < rings && ret == 0; i++)
		ret = stop_ring(v, i, &ring[i], e);
	if (ret == 0 && v->protocol & HV_VU_P_STATUS)
		ret = tell_u64(v, HV_VU_SET_STATUS, 0, true, e);
	if (v->running && ret != 0 && ret != -EINVAL) {
		hv_vu_give_up(v, e);
		ret = -ENOTCONN;
	}
	v->running = false;
	/* Rings that stand still have nothing in flight. */
	hv_vu_record_drop(v);
	pthread_mutex_unlock(&v->lock);
	return ret;
}

int hv_vu_announce(struct hv_vu *v, const uint8_t mac[6], struct err *e)
{
	struct err mine = {0};
	uint64_t address = 0;
	int ret = begin(v, 0, e = e ? e : &mine);

	memcpy(&address, mac, 6);
	if (ret == 0 && !(v->protocol & HV_VU_P_RARP))
		ret = err_set(e, -EOPNOTSUPP, "the back end cannot announce an address");
	else if (ret == 0)
		ret = tell_u64(v, HV_VU_SEND_RARP, address, true, e);
	pthread_mutex_unlock(&v->lock);
	return ret;
}
