/* SPDX-License-Identifier: BSD-3-Clause */
/* The stages that meet ports and engines, each in the file of its name. */
#ifndef PIPELINES_STAGES_H
#define PIPELINES_STAGES_H

#include "packet/stage.h"

extern const struct pkt_stage_def port_rx_stage;
extern const struct pkt_stage_def chim_steal_stage;
extern const struct pkt_stage_def mss_clamp_stage;
extern const struct pkt_stage_def mtu_check_stage;
extern const struct pkt_stage_def merge_stage;
extern const struct pkt_stage_def adapt_stage;
extern const struct pkt_stage_def port_tx_stage;

#endif
