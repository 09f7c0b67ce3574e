/* SPDX-License-Identifier: BSD-3-Clause */
/* What the process as a whole gives up. Order matters: each step needs what the next takes away. */
#include "hv-core/sandbox/filter.h"
#include "hv-core/sandbox/landlock.h"
#include "hv-core/sandbox/sandbox.h"

#include "base/log.h"

#include <grp.h>
#include <linux/capability.h>
#include <malloc.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Queues and vectors of all the cards a guest can have, and some. */
#define FILES_MAX 4096

static int failed(struct err *e, const char *what)
{
	return err_set(e, -errno, "the guest's process cannot %s: %s", what, strerror(errno));
}

static int limit(struct err *e)
{
	static const struct rlimit none = {0, 0}, all = {RLIM_INFINITY, RLIM_INFINITY};
	struct rlimit files;

	if (setrlimit(RLIMIT_CORE, &none))
		return failed(e, "do without a core dump");
	if (getrlimit(RLIMIT_NOFILE, &files))
		return failed(e, "ask for its limits");
	if (files.rlim_max > FILES_MAX)
		files.rlim_max = FILES_MAX;
	files.rlim_cur = files.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &files))
		return failed(e, "limit its descriptors");
	/* VFIO counts a guest's memory as locked when there is no CAP_IPC_LOCK. Who is not root has
	 * what the system grants, and VFIO says so when that is too little. */
	setrlimit(RLIMIT_MEMLOCK, &all);
	return 0;
}

/* The bounding set needs CAP_SETPCAP, which who is not root does not have; no_new_privs makes it
 * meaningless there. */
static void drop_bounds(void)
{
	for (unsigned long cap = 0; prctl(PR_CAPBSET_READ, cap) >= 0; cap++)
		prctl(PR_CAPBSET_DROP, cap);
}

static int become(uid_t uid, gid_t gid, struct err *e)
{
	if (uid == (uid_t)-1)
		return 0;
	if (setgroups(0, NULL) || setresgid(gid, gid, gid) || setresuid(uid, uid, uid))
		return err_set(e, -errno,
			       "the guest's process cannot become user %u, group %u: %s; --uid "
			       "names another user",
			       uid, gid, strerror(errno));
	return 0;
}

static int drop_capabilities(struct err *e)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0}};

	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) ||
	    syscall(SYS_capset, &head, none))
		return failed(e, "drop its capabilities");
	return 0;
}

int hv_sandbox_enter(uid_t uid, gid_t gid, struct err *e)
{
	int death = 0, rc;

	/* One arena: another one, when it shrinks, would open a file of /proc. */
	mallopt(M_ARENA_MAX, 1);
	if (prctl(PR_GET_PDEATHSIG, &death))
		return failed(e, "ask what ends it");
	rc = limit(e);
	if (rc)
		return rc;
	drop_bounds();
	if ((rc = become(uid, gid, e)) || (rc = drop_capabilities(e)))
		return rc;
	/* Both were reset by another user's identity: its end with its parent's, and this. */
	if (prctl(PR_SET_PDEATHSIG, death) || prctl(PR_SET_DUMPABLE, 0) ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return failed(e, "lock itself in");
	rc = hv_landlock(e);
	if (rc == -EOPNOTSUPP)
		log_warn("the kernel has no Landlock (CONFIG_SECURITY_LANDLOCK, lsm=landlock,...); "
			 "the lists of system calls alone keep files away");
	else if (rc)
		return rc;
	return hv_filters_begin(e);
}
