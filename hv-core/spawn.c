/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/spawn.h"

#include "hv-core/child.h"
#include "hv-core/wire.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define KEEP_MAX (8 + HV_DISKS_MAX + 4 * HV_NICS_MAX)

static int by_number(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/* Closes all but standard error, the link and what is handed in: the supervisor's loop, its control
 * socket and whatever flue-vm itself was started with are nothing to a guest. */
static void close_others(const struct hv_fds *fds, int link)
{
	int keep[KEEP_MAX] = {STDERR_FILENO, link,	   fds->kvm,	    fds->kernel,
			      fds->initrd,   fds->restore, fds->console_in, fds->console_out};
	unsigned int n = 8, from = 0;

	for (unsigned int i = 0; i < HV_DISKS_MAX; i++)
		keep[n++] = fds->disk[i];
	for (unsigned int i = 0; i < HV_NICS_MAX; i++) {
		keep[n++] = fds->nic[i].socket;
		keep[n++] = fds->nic[i].container;
		keep[n++] = fds->nic[i].group;
		keep[n++] = fds->nic[i].device;
	}
	qsort(keep, n, sizeof(keep[0]), by_number);
	for (unsigned int i = 0; i < n; i++) {
		if (keep[i] < 0)
			continue;
		if ((unsigned int)keep[i] > from)
			close_range(from, (unsigned int)keep[i] - 1, 0);
		from = (unsigned int)keep[i] + 1;
	}
	close_range(from, ~0u, 0);
}

/* Signals are the supervisor's business; a terminal sends Ctrl-C to both. */
static void forget_signals(const sigset_t *before)
{
	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL); /* those that cannot be are as they are */
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	sigprocmask(SIG_SETMASK, before, NULL);
}

static int be_child(const struct hv_config *config, const struct hv_fds *fds, int link,
		    const sigset_t *before, pid_t supervisor)
{
	char name[16];
	int null;

	close_others(fds, link);
	null = open("/dev/null", O_RDWR); /* becomes 0 */
	if (null != STDIN_FILENO || dup2(null, STDOUT_FILENO) < 0)
		return HV_CHILD_FAILED;
	forget_signals(before);
	snprintf(name, sizeof(name), "vm:%.12s", config->name);
	prctl(PR_SET_NAME, name); /* tells it from its supervisor in ps(1) */
	return hv_child_main(config, fds, link, supervisor);
}

int hv_spawn(const struct hv_config *config, const struct hv_fds *fds, pid_t *pid, int *link,
	     struct err *e)
{
	sigset_t all, before;
	pid_t self = getpid();
	int pair[2], ret = hv_wire_pair(pair);

	if (ret != 0)
		return err_set(e, ret, "cannot make a socket: %s", strerror(-ret));
	/* No handler of the supervisor's may run in the new process. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	*pid = fork();
	if (*pid == 0)
		_exit(be_child(config, fds, pair[1], &before, self));
	ret = *pid < 0 ? -errno : 0;
	sigprocmask(SIG_SETMASK, &before, NULL);
	close(pair[1]);
	if (ret == 0) {
		*link = pair[0];
		return 0;
	}
	*pid = 0;
	close(pair[0]);
	return err_set(e, ret, "cannot make the guest's process: %s", strerror(-ret));
}
