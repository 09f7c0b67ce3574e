/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/path.h"

int path_judge(const char *address, const struct probe_result *r, struct err *e)
{
	if (r->state == PROBE_UNREACHABLE)
		return err_set(e, -EHOSTUNREACH, "%s does not answer: %s", address,
			       r->reason[0] ? r->reason : "nothing came back");
	if (probe_carries(r))
		return 0;
	if (r->state == PROBE_SMALLER_BACK)
		return err_set(
			e, -EMSGSIZE,
			"packets of %u bytes reach %s, but those back are cut at %u: give every "
			"port and interface of the path the MTU %u",
			r->asked, address, r->backward, r->asked);
	return err_set(
		e, -EMSGSIZE,
		"the path to %s carries %u bytes, and the interface sends %u; larger packets %s. "
		"Give every port of the path the MTU %u, or the interface %u",
		address, r->forward, r->asked,
		r->black_hole ? "vanish in silence, so transfers would hang" : "are refused",
		r->asked, r->forward);
}

int path_check(const char *netns, const char *address, struct err *e)
{
	struct probe_config config = {.target = address, .netns = netns};
	struct probe *probe;
	int ret = probe_open(&config, &probe, e);

	if (ret)
		return ret;
	ret = probe_run(probe, e);
	if (!ret)
		ret = path_judge(address, probe_result_of(probe), e);
	probe_close(probe);
	return ret;
}
