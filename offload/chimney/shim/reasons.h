/* SPDX-License-Identifier: BSD-3-Clause */
/* The names of offload/chimney/state.h's reasons, and the library's log. Any thread. */
#ifndef OFFLOAD_CHIMNEY_SHIM_REASONS_H
#define OFFLOAD_CHIMNEY_SHIM_REASONS_H

const char *chim_refusal_name(int reason);
const char *chim_upload_name(int reason);

/* One line in the file FLUE_CHIMNEY_LOG names, if it does: "PID FD WHAT WHY". fd -1: none. */
void chim_log(int fd, const char *what, const char *why);

#endif
