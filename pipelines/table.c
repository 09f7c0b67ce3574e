/* SPDX-License-Identifier: BSD-3-Clause */
/* A packet's way, first to last. The picture in docs/architecture.md is made from this. */
#include "pipelines/pipe.h"
#include "pipelines/stages.h"

#include "vswitch/l2/stages.h"

const struct pkt_stage_def *const pipe_table[PIPE_STAGES] = {
	&port_rx_stage,	  &parse_stage,	     &vlan_in_stage, &policy_stage,
	&learn_stage,	  &chim_steal_stage, &lookup_stage,  &flood_stage,

	&mss_clamp_stage, &mtu_check_stage,  &merge_stage,   &adapt_stage,
	&vlan_out_stage,  &port_tx_stage,
};

void pipe_write_dot(FILE *out)
{
	fputs("digraph pipeline {\n"
	      "\trankdir=LR;\n"
	      "\tnode [shape=box, fontname=\"sans-serif\"];\n",
	      out);
	for (int i = 0; i < PIPE_STAGES; i++)
		fprintf(out, "\t%s [tooltip=\"%s\"];\n", pipe_table[i]->name, pipe_table[i]->help);
	fputs("\tsubgraph cluster_ingress {\n\t\tlabel=\"once a receive burst\";\n\t\t", out);
	for (int i = 0; i < PIPE_INGRESS; i++)
		fprintf(out, "%s;%s", pipe_table[i]->name, i == PIPE_INGRESS - 1 ? "\n\t}\n" : " ");
	fputs("\tsubgraph cluster_egress {\n\t\tlabel=\"once a port it leaves by\";\n\t\t", out);
	for (int i = PIPE_INGRESS; i < PIPE_STAGES; i++)
		fprintf(out, "%s;%s", pipe_table[i]->name, i == PIPE_STAGES - 1 ? "\n\t}\n" : " ");
	for (int i = 0; i + 1 < PIPE_STAGES; i++)
		fprintf(out, "\t%s -> %s;\n", pipe_table[i]->name, pipe_table[i + 1]->name);
	fprintf(out, "\tlookup -> %s [label=\"known\"];\n}\n", pipe_table[PIPE_INGRESS]->name);
}
