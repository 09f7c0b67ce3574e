/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/machine/netns.h"

#include "bench/machine/file.h"

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

static int open_path(const char *name, char *path, size_t size, int flags)
{
	snprintf(path, size, "/run/netns/%s", name);
	return open(path, flags | O_CLOEXEC, 0444);
}

/* Inside the new namespace. No address is probed and no router asked for, so that addresses work at
 * once and nobody sends by himself. */
static int prepare(struct err *e)
{
	static const char *const settings[][2] = {
		{"/proc/sys/net/ipv6/conf/all/accept_dad", "0"},
		{"/proc/sys/net/ipv6/conf/default/accept_dad", "0"},
		{"/proc/sys/net/ipv6/conf/default/router_solicitations", "0"},
	};
	struct ifreq ifr = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int rc = fd < 0 || ioctl(fd, SIOCSIFFLAGS, &ifr) != 0 ? -errno : 0;

	if (fd >= 0)
		close(fd);
	if (rc)
		return err_set(e, rc, "cannot bring loopback up: %s", strerror(-rc));
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		rc = file_write(settings[i][0], settings[i][1]);
		/* Absent in a kernel without IPv6, where there is nothing to set. */
		if (rc && rc != -ENOENT)
			return err_set(e, rc, "%s: %s", settings[i][0], strerror(-rc));
	}
	return 0;
}

int netns_add(const char *name, struct err *e)
{
	char path[128];
	int rc;
	int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	int fd = open_path(name, path, sizeof(path), O_RDONLY | O_CREAT | O_EXCL);

	if (home < 0 || fd < 0) {
		rc = err_set(e, -errno, "cannot make %s: %s", path, strerror(errno));
		goto out;
	}
	if (unshare(CLONE_NEWNET) != 0) {
		rc = err_set(e, -errno, "no network namespace %s: %s", name, strerror(errno));
		unlink(path);
		goto out;
	}
	rc = mount("/proc/self/ns/net", path, "none", MS_BIND, NULL) == 0
		     ? prepare(e)
		     : err_set(e, -errno, "cannot keep namespace %s: %s", name, strerror(errno));
	if (setns(home, CLONE_NEWNET) != 0 && !rc)
		rc = err_set(e, -errno, "cannot leave namespace %s: %s", name, strerror(errno));
	if (rc)
		netns_del(name);
out:
	if (fd >= 0)
		close(fd);
	if (home >= 0)
		close(home);
	return rc;
}

void netns_del(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "/run/netns/%s", name);
	(void)umount2(path, MNT_DETACH);
	(void)unlink(path);
}

int netns_do(const char *name, int (*fn)(void *arg), void *arg, struct err *e)
{
	char path[128];
	int rc;
	int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	int fd = open_path(name, path, sizeof(path), O_RDONLY);

	if (home < 0 || fd < 0 || setns(fd, CLONE_NEWNET) != 0) {
		rc = err_set(e, -errno, "cannot enter namespace %s: %s", name, strerror(errno));
		goto out;
	}
	rc = fn(arg);
	if (setns(home, CLONE_NEWNET) != 0)
		rc = err_set(e, -errno, "cannot leave namespace %s: %s", name, strerror(errno));
out:
	if (fd >= 0)
		close(fd);
	if (home >= 0)
		close(home);
	return rc;
}
