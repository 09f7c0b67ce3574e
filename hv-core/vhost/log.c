/* SPDX-License-Identifier: BSD-3-Clause */
/* The dirty log: which pages the back end wrote to, in memory both share. */
#include "hv-core/vhost/sock.h"
#include "hv-core/vhost/vu.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE_BYTES 4096ull

/* Has the running back end log what it writes, or no longer: features first, then each ring's
 * addresses, whose used ring is logged by its flag. */
static int tell_running(struct hv_vu *v, struct err *e)
{
	struct hv_vu_msg m;
	uint64_t features = v->features | (v->offered & HV_VU_F_PROTOCOL);
	int ret = 0;

	v->deadline_ns = hv_vu_now_ns() + HV_VU_ORDERS;
	if (v->log)
		ret = hv_vu_log_give(v, e);
	if (ret != 0)
		return ret;
	hv_vu_msg_u64(&m, HV_VU_SET_FEATURES, v->log ? features | HV_VU_F_LOG_ALL : features);
	ret = hv_vu_tell(v, &m, NULL, 0, true, e);
	for (unsigned int i = 0; i < v->rings && ret == 0; i++) {
		hv_vu_msg_addr(&m, i, &v->ring[i], v->log ? v->ring[i].device_gpa : 0);
		ret = hv_vu_tell(v, &m, NULL, 0, true, e);
	}
	return ret;
}

int hv_vu_log_give(struct hv_vu *v, struct err *e)
{
	struct hv_vu_msg m;
	unsigned int n_fds;
	int fd, ret;

	if (!(v->protocol & HV_VU_P_LOG_SHMFD) || !(v->offered & HV_VU_F_LOG_ALL))
		return err_set(e, -EOPNOTSUPP, "the back end writes no dirty log");
	hv_vu_msg_log(&m, v->log_bytes);
	ret = hv_vu_send(v->fd, &m, &v->log_fd, 1, v->deadline_ns, e);
	/* Answered always, whether acknowledgements were agreed on or not. */
	if (ret == 0)
		ret = hv_vu_recv(v->fd, &m, &fd, &n_fds, v->deadline_ns, e);
	if (ret == 0) {
		if (fd >= 0)
			close(fd);
		ret = hv_vu_reply_log(&m, n_fds, e);
	}
	return ret == 0 ? 0 : hv_vu_give_up(v, e);
}

static int make(struct hv_vu *v, uint64_t bytes, struct err *e)
{
	v->log_fd = memfd_create("vhost-log", MFD_CLOEXEC);
	if (v->log_fd < 0 || ftruncate(v->log_fd, (off_t)bytes) != 0)
		return err_set(e, -errno, "dirty log: %s", strerror(errno));
	v->log = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, v->log_fd, 0);
	if (v->log == MAP_FAILED) {
		v->log = NULL;
		return err_set(e, -errno, "dirty log: %s", strerror(errno));
	}
	v->log_bytes = bytes;
	return 0;
}

static void forget(struct hv_vu *v)
{
	if (v->log)
		munmap(v->log, v->log_bytes);
	if (v->log_fd >= 0)
		close(v->log_fd);
	v->log = NULL;
	v->log_fd = -1;
	v->log_bytes = v->log_words = 0;
}

int hv_vu_log_on(struct hv_vu *v, uint64_t memory_end, struct err *e)
{
	struct err mine = {0};
	uint64_t pages = (memory_end + PAGE_BYTES - 1) / PAGE_BYTES;
	int ret;

	e = e ? e : &mine;
	pthread_mutex_lock(&v->lock);
	if (v->log)
		ret = err_set(e, -EBUSY, "the dirty log is on");
	else
		/* Whole pages, for who maps it. */
		ret = make(v, (pages / 8 + PAGE_BYTES) & ~(PAGE_BYTES - 1), e);
	v->log_words = v->log ? (pages + 63) / 64 : 0;
	if (ret == 0 && v->running && !v->broken)
		ret = tell_running(v, e);
	if (ret != 0 && ret != -EBUSY)
		forget(v);
	pthread_mutex_unlock(&v->lock);
	return ret;
}

void hv_vu_log_off(struct hv_vu *v)
{
	struct err e;

	pthread_mutex_lock(&v->lock);
	if (v->log) {
		forget(v);
		/* A back end that does not do as told is sent away, and logs no more either. */
		if (v->running && !v->broken)
			(void)tell_running(v, &e);
	}
	pthread_mutex_unlock(&v->lock);
}

uint64_t hv_vu_log_take(struct hv_vu *v, uint64_t *to)
{
	uint64_t found = 0;

	pthread_mutex_lock(&v->lock);
	for (uint64_t i = 0; i < v->log_words; i++) {
		uint64_t *word = (uint64_t *)(void *)v->log + i;
		uint64_t bits;

		if (__atomic_load_n(word, __ATOMIC_RELAXED) == 0)
			continue;
		bits = __atomic_exchange_n(word, 0, __ATOMIC_ACQ_REL);
		found += (uint64_t)__builtin_popcountll(bits & ~to[i]);
		to[i] |= bits;
	}
	pthread_mutex_unlock(&v->lock);
	return found;
}
