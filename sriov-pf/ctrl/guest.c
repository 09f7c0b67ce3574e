/* SPDX-License-Identifier: BSD-3-Clause */
#include "sriov-pf/ctrl/guest.h"

#include "sriov-pf/ctrl/peer.h"
#include "sriov-pf/ctrl/qmp.h"

#include <stdio.h>
#include <stdlib.h>

struct ask {
	struct peer *peer;
	guest_asked asked;
	void *arg;
};

static void answer(struct ask *k, const struct err *e)
{
	k->asked(k->arg, e);
	peer_free(k->peer);
	free(k);
}

static void on_message(void *arg, const json_t *msg)
{
	const json_t *error = json_object_get(msg, "error");
	struct err e = {0};

	if (error)
		err_set(&e, -EIO, "%.300s", json_get_str(error, "message", "it gives no reason"));
	answer(arg, error ? &e : NULL);
}

static void on_lost(void *arg, const struct err *e)
{
	answer(arg, e);
}

static const struct peer_ops ops = {.message = on_message, .lost = on_lost};

void guest_unplug(struct ctrl *c, const struct lease *l, unsigned int timeout_s, guest_asked asked,
		  void *arg)
{
	struct ask *k;
	struct err e = {0};
	char path[256];
	json_t *msg;

	if (l->qmp[0]) {
		qmp_unplug(c, l, timeout_s, asked, arg);
		return;
	}
	k = calloc(1, sizeof(*k));
	snprintf(path, sizeof(path), "%s/%s.sock", c->setup->vm_dir, l->guest);
	if (k && l->nic[0])
		k->peer = peer_open(c->base, path, timeout_s, &ops, k, &e);
	else
		err_set(&e, k ? -ENXIO : -ENOMEM,
			"it did not say which of its cards this is, so it cannot be asked");
	if (!k || !k->peer) {
		free(k);
		asked(arg, &e);
		return;
	}
	k->asked = asked;
	k->arg = arg;
	msg = json_pack("{s:s,s:i,s:s,s:{s:s,s:s}}", "jsonrpc", "2.0", "id", 1, "method", "nic.del",
			"params", "guest", l->guest, "name", l->nic);
	peer_send(k->peer, msg);
	json_decref(msg);
}
