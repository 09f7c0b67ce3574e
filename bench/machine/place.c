/* SPDX-License-Identifier: BSD-3-Clause */
/* Where a run may write, and where the programs it needs are. */
#include "bench/machine/proc.h"

#include "bench/machine/proc_priv.h"
#include "bench/machine/sandbox_priv.h"

#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[64];
static pid_t dir_owner;

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)remove(path);
	return 0;
}

/* A copy of this process that ends (a failed exec) must not take the directory along. */
static void remove_dir(void)
{
	if (getpid() == dir_owner)
		nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

const char *bench_dir(void)
{
	if (dir[0])
		return dir;
	if (sandbox_inside()) {
		/* It goes with the sandbox. */
		strcpy(dir, "/run/bench");
		if (mkdir(dir, 0700) != 0 && errno != EEXIST)
			perror(dir);
		return dir;
	}
	strcpy(dir, "/tmp/flue-bench.XXXXXX");
	if (!mkdtemp(dir)) {
		perror("/tmp");
		exit(1);
	}
	dir_owner = getpid();
	atexit(remove_dir);
	return dir;
}

const char *bench_program(const char *name)
{
	static const struct {
		const char *name, *below; /* its place below the build directory, */
		const char *installed;	  /* and from where flue-bench is installed */
	} ours[] = {{"flued", "vswitch/flued", "flued"},
		    {"flue", "cli/flue", "flue"},
		    {"flue-bench", "bench/flue-bench", "flue-bench"},
		    {"flue-vm", "hv-core/flue-vm", "flue-vm"},
		    {"microguest", "hv-core/microguest/microguest", "../share/flue/microguest"}};
	enum { N = sizeof(ours) / sizeof(ours[0]) };
	static char paths[N][PATH_MAX];
	char self[PATH_MAX / 2];
	size_t i = 0;

	while (i < N && strcmp(ours[i].name, name) != 0)
		i++;
	if (i == N)
		return name;
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (n <= 0)
		return ours[i].name;
	self[n] = '\0';
	char *slash = strrchr(self, '/');
	if (slash && strcmp(slash + 1, name) == 0)
		return strcpy(paths[i], self);
	/* In a build directory, flue-bench is one level down and a test program two. */
	for (int up = 0; up < 3 && slash; up++, slash = strrchr(self, '/')) {
		*slash = '\0';
		snprintf(paths[i], sizeof(paths[i]), "%s/%s", self,
			 up ? ours[i].below : ours[i].installed);
		if (access(paths[i], X_OK) == 0)
			return paths[i];
	}
	return ours[i].name;
}

int proc_find(const char *name, char *path, size_t size, struct err *e)
{
	static const struct {
		const char *program, *package;
	} packages[] = {
		{"dpdk-testpmd", "dpdk-dev"},
		{"ovs-vswitchd", "openvswitch-switch-dpdk"},
		{"ovs-vsctl", "openvswitch-switch-dpdk"},
		{"ovs-ofctl", "openvswitch-switch-dpdk"},
		{"ovsdb-server", "openvswitch-switch-dpdk"},
		{"ovsdb-tool", "openvswitch-switch-dpdk"},
		{"tgtd", "tgt"},
		{"tgtadm", "tgt"},
		{"ip", "iproute2"},
		{"ping", "iputils-ping"},
	};
	const char *search = getenv("PATH");
	char where[4096];

	if (strchr(name, '/')) {
		snprintf(path, size, "%s", name);
		if (access(path, X_OK) == 0)
			return 0;
		return err_set(e, -errno, "cannot run %s: %s", name, strerror(errno));
	}
	/* Daemons live in sbin, which is not in everybody's PATH. */
	snprintf(where, sizeof(where), "%s:/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin",
		 search ? search : "");
	for (char *save, *one = strtok_r(where, ":", &save); one;
	     one = strtok_r(NULL, ":", &save)) {
		struct stat st;
		snprintf(path, size, "%s/%s", one, name);
		if (access(path, X_OK) == 0 && stat(path, &st) == 0 && S_ISREG(st.st_mode))
			return 0;
	}
	for (size_t i = 0; i < sizeof(packages) / sizeof(packages[0]); i++)
		if (strcmp(packages[i].program, name) == 0)
			return err_set(
				e, -ENOENT,
				"%s is not installed; the package %s has it (apt-get install %s)",
				name, packages[i].package, packages[i].package);
	return err_set(e, -ENOENT, "%s is not installed", name);
}
