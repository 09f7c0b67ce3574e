/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef HV_CORE_E1000_RX_H
#define HV_CORE_E1000_RX_H

#include "hv-core/e1000/card.h"

/* Completes a checksum that the switch left to us, in the frame, and says what is known of it, as
 * bits of a receive descriptor's second word (3.2.3, table 3-2). head: the frame's first 18 bytes.
 */
uint64_t hv_e1000_rx_sum(const struct hv_e1000_card *c, const struct hv_link_frame *f,
			 const uint8_t head[18]);

/* Copies [from, from + len) of the frame's pieces; false when they are shorter. */
bool hv_e1000_rx_bytes(const struct hv_link_frame *f, uint32_t from, void *to, uint32_t len);

#endif
