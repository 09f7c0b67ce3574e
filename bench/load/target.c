/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/load/target.h"

#include "base/clock.h"
#include "bench/load/under.h"
#include "bench/machine/proc.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Where tgtd keeps its control sockets: fixed when it was built. */
#define CONTROL_DIR "/var/run/tgtd"
/* The disk's descriptor as tgtd sees it (proc_spec.pass_fd). */
#define DISK_PATH "/proc/self/fd/3"
enum { READY_MS = 10000, ARGS = 24 };

struct target {
	struct proc *proc;
	char control[16]; /* its control port */
};

/* tgtadm with the target's control port; what it prints goes to *out. */
static int admin(struct target *t, char **out, struct err *e, const char *const *words)
{
	const char *argv[ARGS] = {"tgtadm", "-C", t->control, "--lld", "iscsi"};
	size_t n = 5;

	while (*words && n + 1 < ARGS)
		argv[n++] = *words++;
	return proc_run(argv, NULL, out, e);
}
#define ADMIN(t, out, e, ...) admin(t, out, e, (const char *const[]){__VA_ARGS__, NULL})

static int set(struct target *t, const char *name, const char *value, struct err *e)
{
	return ADMIN(t, NULL, e, "--mode", "target", "--op", "update", "--tid", "1", "--name", name,
		     "--value", value);
}

/* Sizes as storage people set them on a fast network; the defaults cut transfers into 8 KB. */
static int configure(struct target *t, const struct target_spec *spec, struct err *e)
{
	static const char *const sizes[][2] = {
		{"MaxRecvDataSegmentLength", "262144"},
		{"MaxXmitDataSegmentLength", "262144"},
		{"FirstBurstLength", "262144"},
		{"MaxBurstLength", "1048576"},
		{"InitialR2T", "No"},
		{"ImmediateData", "Yes"},
	};
	char lun[8];
	int ret = ADMIN(t, NULL, e, "--mode", "target", "--op", "new", "--tid", "1", "-T",
			TARGET_IQN);

	snprintf(lun, sizeof(lun), "%d", TARGET_LUN);
	if (!ret)
		ret = ADMIN(t, NULL, e, "--mode", "logicalunit", "--op", "new", "--tid", "1",
			    "--lun", lun, "-b", DISK_PATH);
	for (size_t i = 0; !ret && i < sizeof(sizes) / sizeof(*sizes); i++)
		ret = set(t, sizes[i][0], sizes[i][1], e);
	if (!ret)
		ret = set(t, "HeaderDigest", spec->header_digest ? "CRC32C,None" : "None", e);
	if (!ret)
		ret = set(t, "DataDigest", spec->data_digest ? "CRC32C,None" : "None", e);
	if (!ret)
		ret = ADMIN(t, NULL, e, "--mode", "target", "--op", "bind", "--tid", "1", "-I",
			    "ALL");
	return ret;
}

static int wait_ready(struct target *t, struct err *e)
{
	uint64_t deadline = clock_now_ns() + READY_MS * 1000000ull;

	for (;;) {
		int ret = ADMIN(t, NULL, e, "--mode", "system", "--op", "show"), gone;

		if (!ret || ret == -ENOENT)
			return ret;
		gone = proc_alive(t->proc, e);
		if (gone)
			return gone;
		if (clock_now_ns() > deadline)
			return err_set(e, -ETIMEDOUT, "tgtd does not answer after %d s",
				       READY_MS / 1000);
		poll(NULL, 0, 20);
	}
}

/* The lowest control port nobody uses in this sandbox. */
static int choose_control(struct target *t, struct err *e)
{
	if (mkdir(CONTROL_DIR, 0755) && errno != EEXIST)
		return err_set(e, -errno, "cannot make %s: %s", CONTROL_DIR, strerror(errno));
	for (int port = 1; port < 1000; port++) {
		char path[64];

		snprintf(path, sizeof(path), CONTROL_DIR "/socket.%d", port);
		if (access(path, F_OK)) {
			snprintf(t->control, sizeof(t->control), "%d", port);
			return 0;
		}
	}
	return err_set(e, -EADDRINUSE, "no control port left for tgtd: empty %s", CONTROL_DIR);
}

/* A file that lies in RAM and in no directory, so it ends with those that hold it: its descriptor,
 * or a negative errno. */
static int make_disk(uint64_t bytes, struct err *e)
{
	int fd = memfd_create("disk", MFD_CLOEXEC), ret;

	if (fd < 0)
		return err_set(e, -errno, "no disk in RAM: %s", strerror(errno));
	/* All of it now: running out of memory later would look like a fault of the network. */
	ret = -posix_fallocate(fd, 0, (off_t)bytes);
	if (!ret)
		return fd;
	close(fd);
	return err_set(e, ret, "no room in RAM for a disk of %llu MB: %s; free some memory",
		       (unsigned long long)(bytes >> 20), strerror(-ret));
}

static int start(struct target *t, const struct target_spec *spec, struct err *e)
{
	char name[64], portal[128];
	const char *argv[] = {"tgtd", "-f", "-C", t->control, "--iscsi", portal, NULL};
	bool v6 = strchr(spec->address, ':');
	struct under under;
	int ret = under_chimney(&under, spec->chimney, argv, e), disk;

	if (ret == -ENOENT)
		return err_set(e, ret,
			       "there is no tgtd, the iSCSI target; install the package tgt");
	if (ret)
		return ret;
	disk = make_disk(spec->disk_bytes, e);
	if (disk < 0)
		return disk;
	snprintf(name, sizeof(name), "%.40s-tgtd", spec->name);
	snprintf(portal, sizeof(portal), "portal=%s%s%s:%d", v6 ? "[" : "", spec->address,
		 v6 ? "]" : "", TARGET_PORT);
	ret = proc_start(&(struct proc_spec){.name = name,
					     .argv = under.argv,
					     .netns = spec->netns,
					     .cpus = spec->cpus,
					     .pass_fd = disk},
			 &t->proc, e);
	close(disk);
	return ret;
}

int target_start(const struct target_spec *spec, struct target **out, struct err *e)
{
	struct target *t = calloc(1, sizeof(*t));
	int ret;

	if (!t)
		return err_set(e, -ENOMEM, "out of memory");
	ret = choose_control(t, e);
	if (!ret)
		ret = start(t, spec, e);
	if (ret) {
		free(t);
		return ret;
	}
	ret = wait_ready(t, e);
	if (!ret)
		ret = configure(t, spec, e);
	if (ret)
		target_stop(t);
	else
		*out = t;
	return ret;
}

void target_stop(struct target *t)
{
	static const char *const ends[] = {"", ".lock"};

	if (!t)
		return;
	/* It would wait for initiators that are logged in; it has nothing to save. */
	proc_kill(t->proc);
	for (size_t i = 0; i < 2; i++) {
		char path[64];

		snprintf(path, sizeof(path), CONTROL_DIR "/socket.%s%s", t->control, ends[i]);
		unlink(path);
	}
	free(t);
}

int target_freeze(struct target *t, bool freeze, struct err *e)
{
	return freeze ? proc_freeze(t->proc, e) : proc_thaw(t->proc, e);
}

uint64_t target_cpu_ns(const struct target *t)
{
	return proc_cpu_ns(proc_pid(t->proc));
}
