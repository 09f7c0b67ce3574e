/* SPDX-License-Identifier: BSD-3-Clause */
/* What a back end of vhost-user may send: a header that is believed, and an answer to each message.
 * Byte 0: how many descriptors came; byte 1: which ring or part was asked for; then a message. */
#include "hv-core/vhost/msg.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void answers(const struct hv_vu_msg *m, unsigned int n_fds, uint8_t arg)
{
	const struct hv_vu_record asked = {.queues = arg, .queue_size = 256};
	struct hv_vu_record rec = {0};
	uint8_t config[64];
	struct err e;
	uint64_t u64 = 0;
	uint32_t num = 0;

	if (hv_vu_reply_u64(m, m->request, n_fds, &u64, &e) == 0 && (m->size != 8 || n_fds != 0))
		abort();
	if (hv_vu_reply_state(m, HV_VU_GET_VRING_BASE, n_fds, arg, &num, &e) == 0 &&
	    (m->request != HV_VU_GET_VRING_BASE || m->payload[0] != arg))
		abort();
	if (hv_vu_reply_ack(m, m->request, n_fds, &e) == 0 && m->payload[0] != 0)
		abort();
	(void)hv_vu_reply_log(m, n_fds, &e);
	if (hv_vu_reply_record(m, n_fds, &asked, &rec, &e) == 0 &&
	    (n_fds != 1 || rec.bytes == 0 || rec.queues != arg ||
	     (int64_t)(rec.offset + rec.bytes) <= 0))
		abort();
	if (arg <= sizeof(config) && hv_vu_reply_config(m, n_fds, 4, config, arg, &e) == 0 &&
	    m->size != 12u + arg)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hv_vu_msg m = {0};
	bool supported = false;
	struct err e;

	if (size < 2 + HV_VU_HEADER)
		return 0;
	memcpy(&m, data + 2, HV_VU_HEADER);
	if (hv_vu_header_check(&m, &e) != 0)
		return 0;
	if (m.size > sizeof(m.payload))
		abort();
	/* As from the socket: all of it, or no message. */
	if (size - 2 - HV_VU_HEADER < m.size)
		return 0;
	memcpy(m.payload, data + 2 + HV_VU_HEADER, m.size);
	answers(&m, data[0], data[1]);
	if (hv_vu_back_check(&m, data[0], &supported, &e) == 0) {
		if (m.flags & HV_VU_REPLY || (supported && data[0] != 0))
			abort();
		hv_vu_back_answer(&m, supported);
		if (hv_vu_header_check(&m, &e) != 0)
			abort();
	}
	return 0;
}
