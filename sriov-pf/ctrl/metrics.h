/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SRIOV_PF_CTRL_METRICS_H
#define SRIOV_PF_CTRL_METRICS_H

#include "base/err.h"
#include "base/json.h"

/* What pf.show and vf.show answer, in the Prometheus text format: free() it. len: its bytes. NULL:
 * out of memory. Pure. */
char *pf_metrics_format(const json_t *pfs, const json_t *vfs, size_t *len);

/* The same of a daemon (struct ctrl *), for api/serve/http_text.h. */
char *pf_metrics(void *ctrl, size_t *len, struct err *e);

#endif
