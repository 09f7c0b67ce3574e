/* SPDX-License-Identifier: BSD-3-Clause */
/* The library's log. Any thread. */
#ifndef OFFLOAD_CHIMNEY_SHIM_LOG_H
#define OFFLOAD_CHIMNEY_SHIM_LOG_H

/* One line in the file FLUE_CHIMNEY_LOG names, if it does: "PID FD WHAT WHY". fd -1: none. */
void chim_log(int fd, const char *what, const char *why);

#endif
