/* SPDX-License-Identifier: BSD-3-Clause */
/* The layer 2 stages, each in the file of its name. Their order is pipelines/table.c. */
#ifndef VSWITCH_L2_STAGES_H
#define VSWITCH_L2_STAGES_H

#include "packet/stage.h"

extern const struct pkt_stage_def parse_stage;
extern const struct pkt_stage_def vlan_in_stage;
extern const struct pkt_stage_def policy_stage;
extern const struct pkt_stage_def learn_stage;
extern const struct pkt_stage_def lookup_stage;
extern const struct pkt_stage_def flood_stage;
extern const struct pkt_stage_def vlan_out_stage;

#endif
