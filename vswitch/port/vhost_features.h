/* SPDX-License-Identifier: BSD-3-Clause */
/* Virtio features (virtio 1.2, 5.1.3) of a guest's port, as bits. All: any thread. */
#ifndef VSWITCH_PORT_VHOST_FEATURES_H
#define VSWITCH_PORT_VHOST_FEATURES_H

#include "base/json.h"

/* What a guest with these negotiated features takes; enum port_cap. */
uint32_t vhost_caps(uint64_t features);

/* What the guest is not offered: UDP fragmentation offload, which no hardware or kernel does any
 * more, and what the configuration turns off. HOST_*: the guest may send such; GUEST_*: take. */
uint64_t vhost_withheld(const json_t *conf);

/* What of the vhost-user protocol is spoken beyond its base, as bits (VHOST_USER_PROTOCOL_F_*). */
uint64_t vhost_protocol_features(void);

#endif
