/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/load/target_disk.h"

#include "bench/machine/proc.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

/* A directory in RAM, or NULL. */
static const char *ram_dir(void)
{
	const char *dirs[] = {bench_dir(), "/dev/shm"};

	for (size_t i = 0; i < sizeof(dirs) / sizeof(*dirs); i++) {
		struct statfs fs;

		if (!statfs(dirs[i], &fs) && fs.f_type == TMPFS_MAGIC)
			return dirs[i];
	}
	return NULL;
}

int target_disk_make(const char *name, uint64_t bytes, char *path, size_t size, struct err *e)
{
	const char *dir = ram_dir();
	int fd, ret;

	if (!dir)
		return err_set(
			e, -ENOTSUP,
			"no place in RAM for a disk: %s and /dev/shm are no tmpfs; mount one on "
			"/dev/shm",
			bench_dir());
	snprintf(path, size, "%s/%s.disk", dir, name);
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_set(e, -errno, "cannot make %s: %s", path, strerror(errno));
	/* All of it now: running out of memory later would look like a fault of the network. */
	ret = -posix_fallocate(fd, 0, (off_t)bytes);
	close(fd);
	if (!ret)
		return 0;
	unlink(path);
	return err_set(e, ret,
		       "no room for a disk of %llu MB in %s: %s; free memory, or make the "
		       "tmpfs larger",
		       (unsigned long long)(bytes >> 20), dir, strerror(-ret));
}
