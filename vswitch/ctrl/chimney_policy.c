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
	return l->phase == CHIM_RUNNING && chim_policy_watches(policy_of(l));
}

static struct chim_activity_way since(const struct chim_activity_way *now,
				      const struct chim_activity_way *seen)
{
	return (struct chim_activity_way){
		.segs = now->segs - seen->segs,
		.reordered = now->reordered - seen->reordered,
		.bytes = now->bytes - seen->bytes,
		.pushes = now->pushes - seen->pushes,
	};
}

/* Of what there was enough, the next look begins anew. */
static void remember(struct chim_link *l, const struct chim_activity *a,
		     const struct chim_activity_way *in, const struct chim_activity_way *out)
{
	const struct chim_tcp_info *i = &l->conn.info;

	if (a->segs_out >= CHIM_POLICY_SEGS) {
		l->seen.segs_out = i->segs_out;
		l->seen.retrans = i->retrans;
	}
	if (a->in.segs >= CHIM_POLICY_SEGS) {
		l->seen.in.segs = in->segs;
		l->seen.in.reordered = in->reordered;
	}
	if (a->out.segs >= CHIM_POLICY_SEGS) {
		l->seen.out.segs = out->segs;
		l->seen.out.reordered = out->reordered;
	}
	if (a->in.pushes + a->out.pushes >= CHIM_POLICY_SEGS) {
		l->seen.in.bytes = in->bytes;
		l->seen.in.pushes = in->pushes;
		l->seen.out.bytes = out->bytes;
		l->seen.out.pushes = out->pushes;
	}
}

void chimney_policy_look(struct chim_link *l)
{
	const struct chim_tcp_info *i = &l->conn.info;
	const struct chim_tcp_traffic *t = &i->traffic;
	const struct chim_activity_way in = {t->data_in, t->reordered_in, i->bytes_received,
					     t->pushes_in},
				       out = {t->data_out, t->reordered_out,
					      i->bytes_sent - i->bytes_retrans, t->pushes_out};
	uint64_t now = clock_now_ns(), moved = i->segs_in + i->segs_out;
	struct chim_activity a = {
		.segs_out = i->segs_out - l->seen.segs_out,
		.retrans = i->retrans - l->seen.retrans,
		.in = since(&in, &l->seen.in),
		.out = since(&out, &l->seen.out),
	};
	enum chim_upload why;

	if (moved != l->seen.moved || l->seen.moved_ns == 0)
		l->seen.moved_ns = now;
	a.idle_ms = (now - l->seen.moved_ns) / 1000000;
	why = chim_policy_keep(policy_of(l), &a);
	l->seen.moved = moved;
	remember(l, &a, &in, &out);
	if (why != CHIM_UPLOAD_NONE)
		chimney_upload(l, why);
}
