/* SPDX-License-Identifier: BSD-3-Clause */
/* Bridges' policies: which connections are taken, and which go back because they are not worth it.
 */
#include "vswitch/ctrl/chimney.h"

#include "base/clock.h"

static const struct chim_policy *policy_of(const struct chim_link *l)
{
	return &l->chimney->ctrl->bridges[l->bridge].policy;
}

struct chim_verdict chimney_policy(const struct chim_link *l)
{
	uint32_t now = 0;
	const struct chim_link *other;

	TAILQ_FOREACH (other, &l->chimney->links, list)
		now += other != l && other->bridge == l->bridge && other->phase <= CHIM_FREEZING;
	return chim_policy_decide(policy_of(l), &l->facts, now);
}

bool chimney_policy_cares(const struct chim_link *l)
{
	const struct chim_policy *p = policy_of(l);

	return l->phase == CHIM_RUNNING && (p->idle_s > 0 || p->max_loss > 0);
}

void chimney_policy_look(struct chim_link *l)
{
	const struct chim_tcp_info *i = &l->conn.info;
	uint64_t now = clock_now_ns(), moved = i->segs_in + i->segs_out;
	struct chim_activity a = {.segs_out = i->segs_out - l->seen.segs_out,
				  .retrans = i->retrans - l->seen.retrans};
	enum chim_upload why;

	if (moved != l->seen.moved || l->seen.moved_ns == 0)
		l->seen.moved_ns = now;
	a.idle_ms = (now - l->seen.moved_ns) / 1000000;
	why = chim_policy_keep(policy_of(l), &a);
	l->seen.moved = moved;
	if (a.segs_out >= 100) {
		l->seen.segs_out = i->segs_out;
		l->seen.retrans = i->retrans;
	}
	if (why != CHIM_UPLOAD_NONE)
		chimney_upload(l, why);
}
