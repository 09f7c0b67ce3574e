/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * vhost-user's messages as bytes (vhost-user, "Message Specification"): what is sent is written
 * here, and what came is checked here. Pure functions: no socket, no state. Numbers are in the
 * machine's own order, as the protocol has it. Any thread.
 */
#ifndef HV_CORE_VHOST_MSG_H
#define HV_CORE_VHOST_MSG_H

#include "base/err.h"
#include "hv-core/vhost/front.h"

#include <stddef.h>

/* "Front-end message types". */
enum hv_vu_request {
	HV_VU_GET_FEATURES = 1,
	HV_VU_SET_FEATURES = 2,
	HV_VU_SET_OWNER = 3,
	HV_VU_SET_MEM_TABLE = 5,
	HV_VU_SET_LOG_BASE = 6,
	HV_VU_SET_VRING_NUM = 8,
	HV_VU_SET_VRING_ADDR = 9,
	HV_VU_SET_VRING_BASE = 10,
	HV_VU_GET_VRING_BASE = 11,
	HV_VU_SET_VRING_KICK = 12,
	HV_VU_SET_VRING_CALL = 13,
	HV_VU_SET_VRING_ERR = 14,
	HV_VU_GET_PROTOCOL_FEATURES = 15,
	HV_VU_SET_PROTOCOL_FEATURES = 16,
	HV_VU_GET_QUEUE_NUM = 17,
	HV_VU_SET_VRING_ENABLE = 18,
	HV_VU_SEND_RARP = 19,
	HV_VU_NET_SET_MTU = 20,
	HV_VU_SET_BACKEND_REQ_FD = 21,
	HV_VU_GET_CONFIG = 24,
	HV_VU_GET_INFLIGHT_FD = 31,
	HV_VU_SET_INFLIGHT_FD = 32,
	HV_VU_SET_STATUS = 39,
};

/* "Back-end message types". */
enum hv_vu_back_request {
	HV_VU_BACK_CONFIG_CHANGE = 2,
};

/* "Protocol features", those used here. */
#define HV_VU_P_MQ	    (1ull << 0)
#define HV_VU_P_LOG_SHMFD   (1ull << 1)
#define HV_VU_P_RARP	    (1ull << 2)
#define HV_VU_P_REPLY_ACK   (1ull << 3)
#define HV_VU_P_NET_MTU	    (1ull << 4)
#define HV_VU_P_BACKEND_REQ (1ull << 5)
#define HV_VU_P_CONFIG	    (1ull << 9)
#define HV_VU_P_INFLIGHT    (1ull << 12)
#define HV_VU_P_STATUS	    (1ull << 16)
#define HV_VU_P_OURS                                                                           \
	(HV_VU_P_MQ | HV_VU_P_LOG_SHMFD | HV_VU_P_RARP | HV_VU_P_REPLY_ACK | HV_VU_P_NET_MTU | \
	 HV_VU_P_BACKEND_REQ | HV_VU_P_CONFIG | HV_VU_P_INFLIGHT | HV_VU_P_STATUS)

/* Among the virtio features: there are protocol features at all; the dirty log is written. */
#define HV_VU_F_PROTOCOL (1ull << 30)
#define HV_VU_F_LOG_ALL	 (1ull << 26)

/* The flags of a header: version 1 and two bits. */
#define HV_VU_VERSION	 0x1u
#define HV_VU_REPLY	 0x4u
#define HV_VU_NEED_REPLY 0x8u

#define HV_VU_NO_FD 0x100u /* in a vring's number: no descriptor comes with it */

#define HV_VU_HEADER  12
#define HV_VU_PAYLOAD 272 /* the largest: eight regions, or 256 bytes of configuration */

struct hv_vu_msg {
	uint32_t request, flags, size; /* size: bytes of payload */
	uint8_t payload[HV_VU_PAYLOAD];
};
_Static_assert(offsetof(struct hv_vu_msg, payload) == HV_VU_HEADER, "vhost-user, \"Header\"");

/* The record of buffers in flight: the back end lays it out, the front end keeps it. */
struct hv_vu_record {
	uint64_t bytes, offset;
	uint16_t queues, queue_size;
};

/* What is sent. The descriptors that go with it are the caller's business. */
void hv_vu_msg_empty(struct hv_vu_msg *m, enum hv_vu_request r);
void hv_vu_msg_u64(struct hv_vu_msg *m, enum hv_vu_request r, uint64_t v);
void hv_vu_msg_state(struct hv_vu_msg *m, enum hv_vu_request r, uint32_t ring, uint32_t num);
/* log_gpa 0: what the back end writes into the ring is not logged. */
void hv_vu_msg_addr(struct hv_vu_msg *m, uint32_t ring, const struct hv_vu_ring *v,
		    uint64_t log_gpa);
void hv_vu_msg_regions(struct hv_vu_msg *m, const struct hv_vu_region *region, unsigned int n);
void hv_vu_msg_log(struct hv_vu_msg *m, uint64_t bytes);
void hv_vu_msg_record(struct hv_vu_msg *m, enum hv_vu_request r, const struct hv_vu_record *rec);
void hv_vu_msg_config(struct hv_vu_msg *m, uint32_t offset, uint32_t bytes);

/* Is the header one of a message that fits? Then m->size bytes of payload follow. 0 or -EPROTO. */
int hv_vu_header_check(const struct hv_vu_msg *m, struct err *e);

/* What came as the answer to `r`, with n_fds descriptors. 0; -EPROTO, and a sentence of what is
 * wrong with it. */
int hv_vu_reply_u64(const struct hv_vu_msg *m, enum hv_vu_request r, unsigned int n_fds,
		    uint64_t *v, struct err *e);
int hv_vu_reply_state(const struct hv_vu_msg *m, enum hv_vu_request r, unsigned int n_fds,
		      uint32_t ring, uint32_t *num, struct err *e);
/* REPLY_ACK's answer: 0 is yes. -EREMOTEIO: the back end says no. */
int hv_vu_reply_ack(const struct hv_vu_msg *m, enum hv_vu_request r, unsigned int n_fds,
		    struct err *e);
/* SET_LOG_BASE is answered with nothing in it, or as an acknowledgement. */
int hv_vu_reply_log(const struct hv_vu_msg *m, unsigned int n_fds, struct err *e);
/* Needs exactly one descriptor, and room for the queues asked for. */
int hv_vu_reply_record(const struct hv_vu_msg *m, unsigned int n_fds,
		       const struct hv_vu_record *asked, struct hv_vu_record *rec, struct err *e);
int hv_vu_reply_config(const struct hv_vu_msg *m, unsigned int n_fds, uint32_t offset, void *to,
		       uint32_t bytes, struct err *e);

/* A request from the back end on its own channel. *supported: we do what it asks. 0 or -EPROTO. */
int hv_vu_back_check(const struct hv_vu_msg *m, unsigned int n_fds, bool *supported, struct err *e);
/* The answer to it, where it asked for one. */
void hv_vu_back_answer(struct hv_vu_msg *m, bool done);

#endif
