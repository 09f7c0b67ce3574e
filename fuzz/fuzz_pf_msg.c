/* SPDX-License-Identifier: BSD-3-Clause */
/* What comes in on flue-pf's hand-over socket, from its agents, of a process, and from its files.
 */
#include "base/err_json.h"
#include "sriov-pf/ctrl/hand_msg.h"
#include "sriov-pf/ctrl/lease.h"
#include "sriov-pf/ctrl/wire.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
	if (!ok)
		abort();
}

/* A table that was taken comes out as it went in. */
static void leases(const char *text, size_t size)
{
	struct lease_table t = {.boot = "b"}, same = {.boot = "b"};
	json_t *json = json_loadb(text, size, 0, NULL), *out;

	if (lease_table_parse(&t, json, NULL) == 0) {
		out = lease_table_json(&t);
		must(!out || lease_table_parse(&same, out, NULL) == 0);
		must(!out || (same.leases == t.leases && same.epoch == t.epoch));
		for (unsigned int i = 0; i < t.leases; i++)
			must(t.lease[i]->epoch <= t.epoch && t.lease[i]->vf < PF_VFS_MAX);
		json_decref(out);
		lease_table_clear(&same);
	}
	lease_table_clear(&t);
	json_decref(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct pf_wire_msg answer;
	struct hand_msg m;
	struct err e = {0};

	if (hand_msg_parse(text, size, &m, &e) == 0) {
		must(m.pf[0] && m.vf < PF_VFS_MAX && (m.take ? m.guest[0] != '\0' : m.epoch > 0));
		json_decref(m.root);
	} else {
		must(e.code == -EINVAL && e.text[0]);
	}
	if (pf_wire_parse(text, size, &answer) == 0) {
		must(answer.id > 0 && answer.fds <= PF_WIRE_FDS);
		if (answer.error)
			err_from_json(answer.error, "the agent gives no reason", &e);
		must(e.code <= 0);
		json_decref(answer.root);
	}
	leases(text, size);
	return 0;
}
