/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What comes in on the hand-over socket: one JSON object a packet.
 *
 *	{"take":{"vf":"wan/0","guest":"d","nic":"net0","memory":[[0,3221225471],..]}}
 *	{"give":{"vf":"wan/0","epoch":7}}
 *
 * nic (the guest's card) and memory (where the guest's lies) may be absent. The answer to a take is
 * {"address":"0000:01:10.0","group":9,"epoch":7} with two descriptors, VFIO's container and the
 * group; to a give {}; or {"error":{"errno":"EBUSY","text":"..."}}.
 */
#ifndef SRIOV_PF_CTRL_HAND_MSG_H
#define SRIOV_PF_CTRL_HAND_MSG_H

#include "sriov-pf/model/plan.h"

#define HAND_MSG_MAX 4096

struct hand_msg {
	json_t *root; /* owns memory */
	bool take;    /* else give */
	char pf[PF_NAME];
	unsigned int vf;
	char guest[PF_NAME], nic[PF_NAME];
	uint64_t epoch;
	const json_t *memory; /* or NULL; an array, whose items are not checked here */
};

/* Pure, distrusts its input. 0: root is the caller's; -EINVAL with e, and nothing to free. */
int hand_msg_parse(const char *text, size_t len, struct hand_msg *m, struct err *e);

/* "wan/3": 0 or -EINVAL. */
int hand_msg_vf(const char *text, char pf[PF_NAME], unsigned int *vf);

json_t *hand_msg_error(const struct err *e);

#endif
