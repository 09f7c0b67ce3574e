/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Landlock with a set of rules that has no rule: whatever it handles is denied. Descriptors that
 * are open already stay what they are. See the kernel's Documentation/userspace-api/landlock.rst.
 */
#include "hv-core/sandbox/landlock.h"

#include <linux/landlock.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* As of version 6. Older headers have less of it, and older kernels take a shorter one. */
struct ruleset {
	uint64_t fs, net, scoped;
};

/* What each version of the interface handles; later ones as the last. */
static const struct {
	uint64_t fs, net, scoped;
	size_t bytes;
} versions[] = {
	{(1u << 13) - 1, 0, 0, 8},  /* 1: execute .. make symbolic link */
	{(1u << 14) - 1, 0, 0, 8},  /* 2: rename and link across directories */
	{(1u << 15) - 1, 0, 0, 8},  /* 3: truncate */
	{(1u << 15) - 1, 3, 0, 16}, /* 4: bind and connect of TCP */
	{(1u << 16) - 1, 3, 0, 16}, /* 5: ioctl of devices */
	{(1u << 16) - 1, 3, 3, 24}, /* 6: abstract sockets and signals of others */
};
enum { VERSIONS = sizeof(versions) / sizeof(versions[0]) };

int hv_landlock(struct err *e)
{
	long version =
		syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	int fd, rc = 0;

	if (version < 1)
		return -EOPNOTSUPP;
	if (version > VERSIONS)
		version = VERSIONS;
	const struct ruleset r = {versions[version - 1].fs, versions[version - 1].net,
				  versions[version - 1].scoped};
	fd = (int)syscall(SYS_landlock_create_ruleset, &r, versions[version - 1].bytes, 0);
	if (fd < 0 || syscall(SYS_landlock_restrict_self, fd, 0))
		rc = err_set(e, -errno, "Landlock does not close the file system: %s",
			     strerror(errno));
	if (fd >= 0)
		close(fd);
	return rc;
}
