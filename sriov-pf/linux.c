/* SPDX-License-Identifier: BSD-3-Clause */
#include "sriov-pf/linux.h"

#include "sriov-pf/hand/hand.h"
#include "sriov-pf/sys/backend.h"

static int open_vf(void *ctx, const char *vf, pid_t pid, const json_t *memory, int fd[2],
		   unsigned int *group, struct err *e)
{
	struct pf_hand_guest guest = {.pid = pid};
	int ret = pf_hand_guest_memory(&guest, memory, e);

	if (ret == 0)
		ret = pf_hand_check("/sys", vf, &guest, NULL, e);
	return ret == 0 ? pf_hand_open(vf, &fd[0], &fd[1], group, e) : ret;
}

static int vf_held(void *ctx, const char *vf, struct err *e)
{
	int ret = vf[0] ? pf_hand_held(vf, e) : 0; /* netdevsim's cannot be opened */

	return ret > 0 ? err_set(e, -EBUSY, "somebody has it open") : ret;
}

static int begin(struct pf_host_agent *a, struct err *e)
{
	struct pf_sys *sys = pf_sys_new("/sys", e);

	if (!sys)
		return e->code;
	*a = (struct pf_host_agent){
		.backend = pf_sys_backend(sys), .open = open_vf, .held = vf_held};
	return 0;
}

const struct pf_host pf_linux = {.begin = begin, .watch = pf_linux_watch, .stop = pf_linux_stop};
