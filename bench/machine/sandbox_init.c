/* SPDX-License-Identifier: BSD-3-Clause */
/* Process 1 of a sandbox. When it ends, the kernel kills all that is left in there. */
#include "bench/machine/sandbox_priv.h"

#include "bench/machine/file.h"

#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static int map_user(uid_t uid, gid_t gid, struct err *e)
{
	char text[32];

	int rc = file_write("/proc/self/setgroups", "deny");
	if (!rc) {
		snprintf(text, sizeof(text), "0 %u 1", uid);
		rc = file_write("/proc/self/uid_map", text);
	}
	if (!rc) {
		snprintf(text, sizeof(text), "0 %u 1", gid);
		rc = file_write("/proc/self/gid_map", text);
	}
	return rc ? err_set(e, rc, "the user namespace's identity: %s", strerror(-rc)) : 0;
}

static int mount_at(const char *type, const char *path, unsigned long flags, const char *options,
		    struct err *e)
{
	if (mount(type, path, type, flags, options) == 0)
		return 0;
	return err_set(e, -errno, "cannot mount %s at %s in the sandbox: %s", type, path,
		       strerror(errno));
}

static int loopback_up(struct err *e)
{
	struct ifreq ifr = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int rc = fd < 0 || ioctl(fd, SIOCSIFFLAGS, &ifr) != 0 ? -errno : 0;

	if (fd >= 0)
		close(fd);
	return rc ? err_set(e, rc, "cannot bring loopback up: %s", strerror(-rc)) : 0;
}

static int make_place(bool user_ns, uid_t uid, gid_t gid, int *outer_proc, struct err *e)
{
	int rc = user_ns ? map_user(uid, gid, e) : 0;

	if (rc)
		return rc;
	*outer_proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
		return err_set(e, -errno, "cannot make mounts private: %s", strerror(errno));
	rc = mount_at("tmpfs", "/run", MS_NOSUID | MS_NODEV, "mode=755", e);
	if (!rc && mkdir("/run/netns", 0755) != 0)
		rc = err_set(e, -errno, "cannot make /run/netns: %s", strerror(errno));
	if (!rc)
		rc = mount_at("proc", "/proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL, e);
	return rc ? rc : loopback_up(e);
}

/* Ends with the worker's status; reaps orphans until then. */
static void __attribute__((noreturn)) attend(pid_t worker, const sigset_t *signals)
{
	for (;;) {
		int status;
		pid_t pid;
		int sig = sigwaitinfo(signals, NULL);

		if (sig > 0 && sig != SIGCHLD)
			kill(worker, sig);
		while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
			if (pid != worker)
				continue;
			if (WIFSIGNALED(status))
				fprintf(stderr, "flue-bench: ended by signal %d (%s)\n",
					WTERMSIG(status), strsignal(WTERMSIG(status)));
			_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
		}
	}
}

void sandbox_init(int report, bool user_ns, uid_t uid, gid_t gid, const sigset_t *mask,
		  int *outer_proc)
{
	struct err e = {0};
	sigset_t signals;

	/* The process outside is the one that gives back what was reserved. If it dies, all ends;
	 * if it died before this line, the report finds nobody to read it. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* A terminal's Ctrl-C goes to its whole process group. It must come once, passed on by the
	 * process outside. */
	setpgid(0, 0);
	signal(SIGTTOU, SIG_IGN); /* so it may still write to the terminal */
	(void)make_place(user_ns, uid, gid, outer_proc, &e);
	ssize_t n = write(report, &e, sizeof(e));
	if (n != (ssize_t)sizeof(e) || e.code)
		_exit(1);
	close(report);

	sandbox_signals(&signals);
	pid_t worker = fork();
	if (worker < 0) {
		fprintf(stderr, "flue-bench: no process for the work: %s\n", strerror(errno));
		_exit(1);
	}
	if (worker > 0)
		attend(worker, &signals);
	sigprocmask(SIG_SETMASK, mask, NULL);
}
