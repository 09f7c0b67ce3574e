/* SPDX-License-Identifier: BSD-3-Clause */
/* trace.* methods: what the workers recorded of followed packets, in words. */
#include "vswitch/ctrl/ctrl.h"

#include "base/mac.h"
#include "vswitch/ctrl/trace_words.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int fill_filter(struct pkt_trace_filter *f, const struct ctrl_port *p, const json_t *params,
		       struct err *e)
{
	const char *host = json_get_str(params, "host", NULL);

	memset(f, 0, sizeof(*f));
	f->port = p->port.id;
	f->vlan = (uint16_t)json_get_int(params, "vlan", 0);
	f->ether_type = (uint16_t)json_get_int(params, "ethertype", 0);
	mac_parse(json_get_str(params, "mac", NULL), f->mac);
	if (!host)
		return 0;
	if (inet_pton(AF_INET, host, f->host) == 1)
		f->host_len = 4;
	else if (inet_pton(AF_INET6, host, f->host) == 1)
		f->host_len = 16;
	else
		return err_at(e, -EINVAL, "/host", "host: '%s' is not an IP address", host);
	return 0;
}

static void free_trace(struct ctrl *c, void *arg)
{
	free(arg);
}

static int stop(struct ctrl *c, struct err *e)
{
	struct pkt_trace *old = c->trace;
	int ret;

	if (!old)
		return 0;
	c->trace = NULL;
	ret = ctrl_publish(c, e);
	if (ret != 0)
		c->trace = old;
	else
		ctrl_defer(c, free_trace, old);
	return ret;
}

json_t *trace_start(void *ctx, const json_t *params, struct err *e)
{
	struct ctrl *c = ctx;
	struct ctrl_port *p = ctrl_port_get(c, json_get_str(params, "port", ""), e);
	struct pkt_trace_filter filter;
	struct pkt_trace *t;

	if (!p || fill_filter(&filter, p, params, e) != 0 || stop(c, e) != 0)
		return NULL;
	t = calloc(c->n_workers, sizeof(*t));
	if (!t) {
		err_set(e, -ENOMEM, "out of memory");
		return NULL;
	}
	for (uint16_t i = 0; i < c->n_workers; i++) {
		t[i].filter = filter;
		t[i].packets = &t->count;
		t[i].max_packets = (uint32_t)json_get_int(params, "count", 10);
	}
	c->trace = t;
	if (ctrl_publish(c, e) != 0) {
		c->trace = NULL;
		free(t);
		return NULL;
	}
	return json_object();
}

json_t *trace_stop(void *ctx, const json_t *params, struct err *e)
{
	return stop(ctx, e) == 0 ? json_object() : NULL;
}

static const char *port_name(void *ctx, uint16_t id)
{
	const struct ctrl *c = ctx;

	return id < FWD_PORTS_MAX && c->ports[id].used ? c->ports[id].port.name : "a removed port";
}

static void nothing(struct ctrl *c, void *arg)
{
}

/* How many packets are followed by now; *running: may there be more? */
static uint32_t followed(const struct ctrl *c, bool *running)
{
	uint32_t packets;

	*running = false;
	if (!c->trace)
		return 0;
	packets = RTE_MIN(atomic_load(c->trace->packets), c->trace->max_packets);
	for (uint16_t w = 0; w < c->n_workers; w++)
		*running |= packets < c->trace->max_packets &&
			    atomic_load(&c->trace[w].n) < PKT_TRACE_STEPS;
	return packets;
}

static void add_steps(struct ctrl *c, uint16_t w, uint64_t after, json_t *steps)
{
	struct pkt_trace *t = &c->trace[w];
	uint32_t n = atomic_load_explicit(&t->n, memory_order_acquire);

	for (uint32_t i = 0; i < n; i++) {
		const struct pkt_trace_step *s = &t->steps[i];
		uint64_t seq = (uint64_t)i * c->n_workers + w + 1;
		const char *stage;
		char text[512];

		if (seq <= after)
			continue;
		stage = trace_words(s, port_name, c, text, sizeof(text));
		json_array_append_new(steps, json_pack("{s:I,s:i,s:s,s:s}", "seq", (json_int_t)seq,
						       "packet", (int)s->packet, "stage", stage,
						       "text", text));
	}
}

/* Steps, and packets, are numbered through all workers: worker w's i-th is i * n_workers + w + 1.
 */
json_t *trace_read(void *ctx, const json_t *params, struct err *e)
{
	uint64_t after = (uint64_t)json_get_int(params, "after", 0);
	struct ctrl *c = ctx;
	json_t *steps = json_array();
	bool running;
	uint32_t packets = followed(c, &running);

	/* The last packet may be on its way still; its last steps belong to the last answer. */
	if (c->trace && !running)
		ctrl_defer(c, nothing, NULL);
	for (uint16_t w = 0; c->trace && w < c->n_workers; w++)
		add_steps(c, w, after, steps);
	return json_pack("{s:b,s:i,s:o}", "running", running, "packets", (int)packets, "steps",
			 steps);
}
