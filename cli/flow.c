/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/cli.h"
#include "cli/render.h"

/* One flow with all that is known of it; who runs it adds what it knows. */
static void print_flow(FILE *out, const json_t *flow)
{
	static const char *const apart[] = {"src", "dst", NULL};

	fprintf(out, "%s > %s\n", json_get_str(flow, "src", "?"), json_get_str(flow, "dst", "?"));
	render_members(out, flow, 2, apart);
}

static void show_text(FILE *out, const json_t *params, const json_t *result)
{
	static const struct column columns[] = {
		{"SOURCE", "src", NULL, NULL},	    {"DESTINATION", "dst", NULL, NULL},
		{"PORT", "port", NULL, NULL},	    {"VLAN", "vlan", NULL, NULL},
		{"MODE", "mode", NULL, NULL},	    {"PACKETS", "packets", NULL, NULL},
		{"BYTES", "bytes", NULL, NULL},	    {"HELD", "held", NULL, NULL},
		{"DROPPED", "dropped", NULL, NULL}, {"STATE", "state", NULL, NULL},
		{"WORKER", "worker", NULL, NULL},   {"CWND", "cwnd", NULL, NULL},
		{"RTT-US", "rtt_us", NULL, NULL},   {"RETRANS", "retrans", NULL, NULL},
		{"UPLOAD", "upload", NULL, NULL},   {0},
	};
	json_t *flows = json_object_get(result, "flows"), *flow;
	long long total = (long long)json_get_int(result, "total", 0);
	size_t i;

	if (json_get_bool(params, "detail", false)) {
		json_array_foreach (flows, i, flow)
			print_flow(out, flow);
	} else {
		render_table(out, columns, flows);
	}
	if ((size_t)total > json_array_size(flows))
		fprintf(out, "%lld in all: 'limit %lld' lists them\n", total, total);
}

static const struct cli_verb verbs[] = {
	{.name = "show", .method = "flow.show", .text = show_text},
	{0},
};

const struct cli_object cli_flow = {.name = "flow", .verbs = verbs};
