/* SPDX-License-Identifier: BSD-3-Clause */
/* chimney.* methods, and flow.show: what is offloaded, and how it goes; giving it back. */
#include "vswitch/ctrl/chimney.h"

#include "base/clock.h"
#include "offload/chimney/names.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A list that waits for what workers know. */
struct chim_show {
	struct rpc_reply *reply;
	unsigned int pending;
	json_t *rows;
	json_t *by_flow; /* the same by their flows, for flow.show; else NULL */
	json_t *params;	 /* flow.show's, or NULL */
};

static const char *const phases[] = {
	[CHIM_STARTING] = "starting", [CHIM_RUNNING] = "offloaded", [CHIM_FREEZING] = "uploading",
	[CHIM_OVER] = "over",	      [CHIM_CLOSING] = "closing",   [CHIM_ENDING] = "ending",
};

static void end_text(char out[64], bool v6, const uint8_t *addr, uint16_t port)
{
	char ip[INET6_ADDRSTRLEN];

	inet_ntop(v6 ? AF_INET6 : AF_INET, addr, ip, sizeof(ip));
	snprintf(out, 64, v6 ? "[%s]:%u" : "%s:%u", ip, ntohs(port));
}

void chimney_ends(const struct chim_tuple *t, char local[64], char remote[64])
{
	end_text(local, t->v6, t->local, t->local_port);
	end_text(remote, t->v6, t->remote, t->remote_port);
}

static void put(json_t *o, const char *key, uint64_t value)
{
	json_object_set_new(o, key, json_integer((json_int_t)value));
}

static void put_tcp(json_t *row, const struct chim_tcp_info *i)
{
	if (!i->phase)
		return;
	json_object_set_new(row, "state", json_string(i->phase));
	json_object_set_new(row, "cc", json_string(i->cc));
	json_object_set_new(row, "ca_state", json_string(i->ca_state));
	put(row, "cwnd", i->cwnd);
	put(row, "ssthresh", i->ssthresh);
	put(row, "rtt_us", i->srtt_us);
	put(row, "rttvar_us", i->rttvar_us);
	put(row, "min_rtt_us", i->min_rtt_us);
	put(row, "rto_us", i->rto_us);
	put(row, "mss", i->state.mss);
	put(row, "mtu", i->state.path.mtu);
	put(row, "snd_wnd", i->state.snd_wnd);
	put(row, "rcv_wnd", i->state.rcv_wnd);
	put(row, "send_queue", i->state.snd_len);
	put(row, "recv_queue", i->state.rcv_len);
	put(row, "inflight", i->inflight);
	put(row, "bytes_sent", i->bytes_sent);
	put(row, "bytes_acked", i->bytes_acked);
	put(row, "bytes_received", i->bytes_received);
	put(row, "bytes_retrans", i->bytes_retrans);
	put(row, "retrans", i->retrans);
	put(row, "rtos", i->rtos);
	put(row, "tlps", i->tlps);
	put(row, "ooo", i->ooo);
	put(row, "reordered_in", i->traffic.reordered_in);
	put(row, "reordered_out", i->traffic.reordered_out);
	put(row, "data_segs_in", i->traffic.data_in);
	put(row, "data_segs_out", i->traffic.data_out);
	put(row, "pushes_in", i->traffic.pushes_in);
	put(row, "pushes_out", i->traffic.pushes_out);
	put(row, "segs_in", i->segs_in);
	put(row, "segs_out", i->segs_out);
}

static json_t *row_of(const struct chim_link *l)
{
	char local[64], remote[64];
	json_t *row;

	chimney_ends(&l->taken.tuple, local, remote);
	row = json_pack("{s:s,s:s,s:s,s:i,s:s,s:i,s:s,s:f}", "local", local, "remote", remote,
			"where", phases[l->phase], "pid", (int)l->app->pid, "application",
			l->app->name, "worker", (int)l->worker, "port",
			l->chimney->ctrl->ports[l->port].port.name, "age_s",
			(double)(clock_now_ns() - l->since_ns) / 1e9);
	if (l->why != CHIM_UPLOAD_NONE)
		json_object_set_new(row, "upload", json_string(chim_upload_name(l->why)));
	put_tcp(row, &l->conn.info);
	return row;
}

static void add_row(struct chim_show *s, const struct chim_link *l)
{
	json_t *row = row_of(l);
	char key[24];

	json_array_append_new(s->rows, row);
	if (!s->by_flow || !l->flow)
		return;
	snprintf(key, sizeof(key), "%p", (const void *)l->flow);
	json_object_set(s->by_flow, key, row);
}

static json_t *counts_json(const struct chimney *ch)
{
	const struct chimney_counts *n = &ch->counts;
	json_t *refused = json_object(), *uploaded = json_object();

	for (int i = 1; i < CHIM_REFUSE_MAX; i++)
		if (n->refused[i])
			put(refused, chim_refusal_name(i), n->refused[i]);
	for (int i = 1; i < CHIM_UPLOAD_MAX; i++)
		if (n->uploaded[i])
			put(uploaded, chim_upload_name(i), n->uploaded[i]);
	return json_pack("{s:I,s:I,s:I,s:o,s:o}", "offloaded", (json_int_t)n->offloads, "uploaded",
			 (json_int_t)n->uploads, "lost", (json_int_t)n->failed_uploads, "refused",
			 refused, "upload_reasons", uploaded);
}

static json_t *engine_json(const struct chimney *ch)
{
#define COUNT(name)                                             \
	{                                                       \
#name, offsetof(struct chim_engine_stats, name) \
	}
	static const struct {
		const char *name;
		size_t at;
	} counts[] = {
		COUNT(started),	       COUNT(segs_in),	    COUNT(segs_out),	  COUNT(units_out),
		COUNT(bytes_in),       COUNT(bytes_out),    COUNT(retrans),	  COUNT(rtos),
		COUNT(tlps),	       COUNT(recoveries),   COUNT(spurious),	  COUNT(ooo),
		COUNT(dup_in),	       COUNT(bad_ack),	    COUNT(paws),	  COUNT(ts_behind),
		COUNT(challenge_acks), COUNT(keepalives),   COUNT(persist),	  COUNT(wakes),
		COUNT(hostile),	       COUNT(reordered_in), COUNT(reordered_out), COUNT(fragments),
		COUNT(ip_options),     COUNT(odd_forged),
	};
#undef COUNT
	json_t *out = json_object();

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		uint64_t sum = 0;

		for (uint16_t w = 0; w < ch->ctrl->n_workers; w++)
			sum += *(const uint64_t *)((const char *)chim_lane_stats(ch->lanes[w]) +
						   counts[i].at);
		put(out, counts[i].name, sum);
	}
	return out;
}

static json_t *tree_json(const struct chimney *ch)
{
	const struct chim_tree_counts *n = chim_tree_counts(ch->tree);
	json_t *out = json_object();

	put(out, "neighbors", n->neighbors);
	put(out, "paths", n->paths);
	put(out, "connections", n->tcps);
	put(out, "news", ch->counts.news);
	put(out, "updates", n->updates);
	put(out, "invalidations", n->invalidations);
	put(out, "looks", n->looks);
	put(out, "too_big", ch->counts.too_big);
	put(out, "unreachable", ch->counts.unreachable);
	put(out, "forged", ch->counts.forged);
	return out;
}

/* How long connections stood still when they changed hands; -1: too few to tell. */
static json_t *pause_json(const struct hist *h)
{
	uint64_t p50 = 0, p99 = 0;
	bool has50 = hist_percentile(h, 50, &p50), has99 = hist_percentile(h, 99, &p99);

	return json_pack("{s:I,s:I,s:I,s:I}", "count", (json_int_t)h->total, "p50_ns",
			 has50 ? (json_int_t)p50 : -1, "p99_ns", has99 ? (json_int_t)p99 : -1,
			 "max_ns", (json_int_t)h->max);
}

json_t *chimney_summary(const struct chimney *ch)
{
	return json_pack("{s:b,s:i,s:i,s:i,s:o,s:o,s:o,s:{s:o,s:o}}", "listening",
			 ch->listen_fd >= 0, "applications", (int)ch->n_apps, "connections",
			 (int)ch->n_links, "max", (int)ch->max_links, "counts", counts_json(ch),
			 "tree", tree_json(ch), "engine", engine_json(ch), "pauses", "handoff",
			 pause_json(&ch->handoffs), "upload", pause_json(&ch->uploads));
}

/* What is known of the connection that a flow belongs to. */
static void add_connection(void *ctx, json_t *row, const struct flow *f)
{
	const struct chim_show *s = ctx;
	const json_t *found;
	char key[24];

	snprintf(key, sizeof(key), "%p", (const void *)f);
	found = json_object_get(s->by_flow, key);
	/* Another flow may have its place by now. */
	if (found &&
	    strcmp(json_get_str(found, "remote", ""), json_get_str(row, "src", "-")) == 0 &&
	    strcmp(json_get_str(found, "local", ""), json_get_str(row, "dst", "-")) == 0) {
		json_object_update_missing(row, (json_t *)(uintptr_t)found);
		json_object_del(row, "local");
		json_object_del(row, "remote");
	}
}

static void finish_flows(struct ctrl *c, struct chim_show *s)
{
	struct err e = {0};
	json_t *out;

	c->flow_extra = add_connection;
	c->flow_extra_ctx = s;
	out = flow_show(c, s->params, &e);
	c->flow_extra = NULL;
	if (out)
		rpc_reply_result(s->reply, out);
	else
		rpc_reply_error(s->reply, &e);
	json_decref(s->rows);
	json_decref(s->by_flow);
	json_decref(s->params);
	free(s);
}

static void finish(struct chimney *ch, struct chim_show *s)
{
	json_t *out;

	if (s->by_flow) {
		finish_flows(ch->ctrl, s);
		return;
	}
	out = chimney_summary(ch);
	json_object_set_new(out, "flows", s->rows);
	rpc_reply_result(s->reply, out);
	free(s);
}

void chimney_informed(struct chim_link *l)
{
	struct chim_show *s = l->asked;

	if (l->phase == CHIM_CLOSING && l->conn.info.phase &&
	    strcmp(l->conn.info.phase, "TIME-WAIT") == 0)
		chimney_empty(l);
	if (chimney_policy_cares(l))
		chimney_policy_look(l);
	if (!s)
		return;
	l->asked = NULL;
	add_row(s, l);
	if (--s->pending == 0)
		finish(l->chimney, s);
}

void chimney_forget(struct chim_link *l)
{
	if (l->asked)
		chimney_informed(l);
}

static struct chim_show *new_show(struct rpc_reply *reply)
{
	struct chim_show *s = calloc(1, sizeof(*s));
	struct err e = {0};

	if (!s) {
		err_set(&e, -ENOMEM, "out of memory");
		rpc_reply_error(reply, &e);
		return NULL;
	}
	s->reply = reply;
	s->rows = json_array();
	return s;
}

/* finish() follows, when the workers have said how each connection stands. */
static void ask_all(struct chimney *ch, struct chim_show *s)
{
	struct chim_link *l;

	s->pending = 1;
	TAILQ_FOREACH (l, &ch->links, list) {
		if (l->phase == CHIM_ENDING || l->phase == CHIM_STARTING || l->asked) {
			add_row(s, l);
			continue;
		}
		l->asked = s;
		s->pending++;
		chimney_query(l);
	}
	if (--s->pending == 0)
		finish(ch, s);
}

void chimney_show(void *ctx, const json_t *params, struct rpc_reply *reply)
{
	struct chim_show *s = new_show(reply);
	struct ctrl *c = ctx;

	if (s)
		ask_all(c->chimney, s);
}

void chimney_show_flows(void *ctx, const json_t *params, struct rpc_reply *reply)
{
	struct chim_show *s = new_show(reply);
	struct ctrl *c = ctx;

	if (!s)
		return;
	s->by_flow = json_object();
	s->params = json_deep_copy(params);
	ask_all(c->chimney, s);
}

json_t *chimney_upload_rpc(void *ctx, const json_t *params, struct err *e)
{
	const char *local = json_get_str(params, "local", NULL);
	int64_t pid = json_get_int(params, "pid", 0);
	struct ctrl *c = ctx;
	struct chim_link *l;
	unsigned int n = 0;

	if (!local && !pid && !json_get_bool(params, "all", false)) {
		err_set(e, -EINVAL, "say which: local ADDRESS:PORT, pid PID or all on");
		return NULL;
	}
	TAILQ_FOREACH (l, &c->chimney->links, list) {
		char ours[64], theirs[64];

		chimney_ends(&l->taken.tuple, ours, theirs);
		if ((pid && l->app->pid != pid) || (local && strcmp(local, ours) != 0))
			continue;
		n += chimney_upload(l, CHIM_UPLOAD_REQUESTED) == 0;
	}
	return json_pack("{s:i}", "uploading", (int)n);
}
