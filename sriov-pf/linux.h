/* SPDX-License-Identifier: BSD-3-Clause */
/* This host, as flue-pf's daemon needs it (ctrl/host.h). */
#ifndef SRIOV_PF_LINUX_H
#define SRIOV_PF_LINUX_H

#include "sriov-pf/ctrl/host.h"

extern const struct pf_host pf_linux;

/* linux_watch.c */
void *pf_linux_watch(struct event_base *base, const struct pf_host_events *events, struct err *e);
void pf_linux_stop(void *watch);

#endif
