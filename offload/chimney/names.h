/* SPDX-License-Identifier: BSD-3-Clause */
/* What state.h's reasons are called, and mean. Pure; any thread. */
#ifndef OFFLOAD_CHIMNEY_NAMES_H
#define OFFLOAD_CHIMNEY_NAMES_H

/* Of CHIM_REFUSALS and CHIM_UPLOADS: the name, and the sentence. "none", "" for none; "unknown", ""
 * for what is neither: they also name what another process sent. */
const char *chim_refusal_name(int refusal);
const char *chim_refusal_help(int refusal);
const char *chim_upload_name(int upload);

#endif
