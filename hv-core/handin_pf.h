/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * VFs that flue-pf owns: taken from it for a guest, and given back. flue-vm needs no right on PCI
 * devices for that, nor on /dev/vfio.
 *
 * A connection to flue-pf's hand-over socket (unix(7), SOCK_SEQPACKET) carries one message and its
 * answer, one JSON text a packet:
 *
 *	{"take":{"vf":"wan/0","guest":"d","nic":"vf0","memory":[[0,536870911]]}}
 *		{"address":"0000:01:10.0","group":9,"epoch":7} with VFIO's container and the group
 *		(SCM_RIGHTS), or {"error":{"errno":"EBUSY","text":"..."}}
 *	{"give":{"vf":"wan/0","epoch":7}}
 *		{}, or an error: the lease is another by now
 *
 * EAGAIN says that the VF is on its way back from its last guest, and to be asked for again soon.
 * Answers are untrusted input. Main thread of the supervisor.
 */
#ifndef HV_CORE_HANDIN_PF_H
#define HV_CORE_HANDIN_PF_H

#include "base/err.h"
#include "base/json.h"
#include "base/pci/vfio.h"
#include "hv-core/config.h"

#define HV_PF_SOCKET	   "/run/flue/flue-pf-hand.sock" /* unless FLUE_PF_HAND says another */
#define HV_PF_TAKE_MS	   15000 /* flue-pf may have to bind the VF and to reset it */
#define HV_PF_GIVE_MS	   2000
#define HV_PF_SOON_MS	   200	 /* between asking and asking again, on -EAGAIN */
#define HV_PF_PATIENCE_MS  10000 /* for how long to ask again */
#define HV_PF_ADDRESS_SIZE 13

struct hv_pf_taken {
	char address[HV_PF_ADDRESS_SIZE];
	unsigned int group;
	uint64_t epoch;
	struct pci_vfio fds; /* the caller's, close-on-exec */
};

/* The messages; new references, NULL: out of memory. mem_bytes: the guest's memory. */
json_t *hv_pf_take_message(const char *guest, uint64_t mem_bytes, const struct hv_nic_config *nic);
json_t *hv_pf_give_message(const char *vf, uint64_t epoch);

/* Sends a message (taken over; NULL: -ENOMEM) to flue-pf. The connection on which the answer comes,
 * non-blocking and close-on-exec; or negative errno, with the cure when nobody listens. */
int hv_pf_ask(json_t *message, struct err *e);

/* The answer, once there is something to read on the connection. 0; -EBADMSG: not an answer; the
 * error that flue-pf answers; -EPIPE: it hung up. On error nothing is left open. t: only for a
 * take. */
int hv_pf_taken(int fd, struct hv_pf_taken *t, struct err *e);
int hv_pf_given(int fd, struct err *e);

/* Takes a VF and waits for it for up to timeout_ms. The same errors; -ETIMEDOUT. */
int hv_pf_take(const char *guest, uint64_t mem_bytes, const struct hv_nic_config *nic,
	       unsigned int timeout_ms, struct hv_pf_taken *t, struct err *e);

#endif
