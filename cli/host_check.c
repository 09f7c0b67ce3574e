/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/host_check.h"
#include "cli/host_check_impl.h"

#include "base/ranges.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define MAX_CPUS 4096

void host_row(struct host_check *c, const char *item, const char *state, const char *cure,
	      const char *means_fmt, ...)
{
	char means[512];
	json_t *r;
	va_list ap;

	va_start(ap, means_fmt);
	vsnprintf(means, sizeof(means), means_fmt, ap);
	va_end(ap);
	r = json_pack("{s:s,s:s,s:s}", "item", item, "state", state, "means", means);
	if (cure)
		json_object_set_new(r, "cure", json_string(cure));
	json_array_append_new(c->rows, r);
}

const char *host_at(const struct host_check *c, const char *path, char *buf, size_t size)
{
	snprintf(buf, size, "%s%s", c->root, path);
	return buf;
}

void host_read_line(const struct host_check *c, const char *path, char *line, size_t size)
{
	char full[512];
	FILE *f = fopen(host_at(c, path, full, sizeof(full)), "re");

	line[0] = '\0';
	if (!f)
		return;
	if (fgets(line, (int)size, f))
		line[strcspn(line, "\n")] = '\0';
	fclose(f);
}

/* Does any line of the file hold the word? */
static bool has_word(const struct host_check *c, const char *path, const char *word)
{
	char full[512], line[4096];
	FILE *f = fopen(host_at(c, path, full, sizeof(full)), "re");
	bool found = false;

	while (f && !found && fgets(line, sizeof(line), f))
		found = strstr(line, word) != NULL;
	if (f)
		fclose(f);
	return found;
}

/* The number behind "NAME:" in /proc/meminfo; -1 if there is none. */
static long long meminfo(const struct host_check *c, const char *name)
{
	char full[512], line[128];
	FILE *f = fopen(host_at(c, "/proc/meminfo", full, sizeof(full)), "re");
	size_t len = strlen(name);
	long long n = -1;

	while (f && n < 0 && fgets(line, sizeof(line), f))
		if (strncmp(line, name, len) == 0 && line[len] == ':')
			n = atoll(line + len + 1);
	if (f)
		fclose(f);
	return n;
}

/* All sizes, not only the default one that /proc/meminfo counts. */
static long long hugepage_mib(const struct host_check *c, const char *counter)
{
	char full[512], path[512], line[32];
	DIR *d = opendir(host_at(c, "/sys/kernel/mm/hugepages", full, sizeof(full)));
	long long kib = 0, size;
	struct dirent *de;

	while (d && (de = readdir(d))) {
		if (sscanf(de->d_name, "hugepages-%lldkB", &size) != 1)
			continue;
		snprintf(path, sizeof(path), "/sys/kernel/mm/hugepages/%.64s/%s", de->d_name,
			 counter);
		host_read_line(c, path, line, sizeof(line));
		kib += size * atoll(line);
	}
	if (d)
		closedir(d);
	return kib / 1024;
}

static void check_hugepages(struct host_check *c)
{
	long long total = hugepage_mib(c, "nr_hugepages"),
		  spare = hugepage_mib(c, "free_hugepages");
	long long size = meminfo(c, "Hugepagesize"), more;
	char cure[160], path[96], now[32];

	size = size > 0 ? size : 2048;
	snprintf(path, sizeof(path), "/sys/kernel/mm/hugepages/hugepages-%lldkB/nr_hugepages",
		 size);
	host_read_line(c, path, now, sizeof(now));
	/* 512 MiB hold the default number of buffers several times. */
	more = (512 * 1024 + size - 1) / size;
	snprintf(cure, sizeof(cure), "echo %lld | sudo tee %s", atoll(now) + more, path);
	if (total == 0)
		host_row(c, "hugepages", "note", cure,
			 "none reserved: flued takes ordinary memory, and misses the TLB more "
			 "often");
	else if (spare == 0)
		host_row(c, "hugepages", "note", cure, "all %lld MiB are taken", total);
	else
		host_row(c, "hugepages", "ok", NULL, "%lld of %lld MiB are free", spare, total);
}

/* A device that must be opened for reading and writing. `why`: what is lost without it. */
static void check_device(struct host_check *c, const char *path, const char *state, const char *why,
			 const char *module)
{
	char full[512], cure[160];
	int fd = open(host_at(c, path, full, sizeof(full)), O_RDWR | O_CLOEXEC);

	if (fd >= 0) {
		close(fd);
		host_row(c, path, "ok", NULL, "can be opened");
		return;
	}
	if (errno == EACCES || errno == EPERM)
		snprintf(cure, sizeof(cure), "sudo setfacl -m u:%u:rw %s", getuid(), path);
	else
		snprintf(cure, sizeof(cure), "sudo modprobe %s", module);
	host_row(c, path, state, cure, "%s: %s", strerror(errno), why);
}

static void check_kvm(struct host_check *c)
{
	static const char why[] = "no guest can run here";
	char full[512];

	if (!c->virt && access(host_at(c, "/dev/kvm", full, sizeof(full)), F_OK) != 0)
		host_row(c, "/dev/kvm", "missing", NULL,
			 "%s; switch virtualization on in the firmware, or nested virtualization "
			 "in the "
			 "host that this is a guest of",
			 why);
	else
		check_device(c, "/dev/kvm", "missing", why, c->amd ? "kvm_amd" : "kvm_intel");
}

static void check_iommu(struct host_check *c)
{
	static const char intel[] =
		"sudo sed -i 's/^GRUB_CMDLINE_LINUX=\"/&intel_iommu=on iommu=pt /' "
		"/etc/default/grub && sudo update-grub && sudo reboot";
	static const char amd[] = "sudo sed -i 's/^GRUB_CMDLINE_LINUX=\"/&iommu=pt /' "
				  "/etc/default/grub && sudo update-grub && sudo reboot";
	char full[512];
	DIR *d = opendir(host_at(c, "/sys/kernel/iommu_groups", full, sizeof(full)));
	struct dirent *de;
	int groups = 0;

	while (d && (de = readdir(d)))
		groups += de->d_name[0] != '.';
	if (d)
		closedir(d);
	if (groups == 0)
		host_row(c, "IOMMU", "note", c->amd ? amd : intel,
			 "no groups: no device can be given to a guest (it must be on in the "
			 "firmware "
			 "too)");
	else
		host_row(c, "IOMMU", "ok", NULL, "%d groups", groups);
}

static unsigned int count_cpus(const struct host_check *c, const char *path, uint64_t *bits)
{
	unsigned int n = 0;
	char line[1024];

	host_read_line(c, path, line, sizeof(line));
	/* nohz_full says "(null)" where there is none: no list, so the empty set. */
	ranges_parse(line, bits, MAX_CPUS, 0, MAX_CPUS - 1);
	for (unsigned int i = 0; i < MAX_CPUS; i++)
		n += ranges_test(bits, i);
	return n;
}

static void check_cores(struct host_check *c)
{
	uint64_t online[MAX_CPUS / 64], bits[MAX_CPUS / 64];
	unsigned int n = count_cpus(c, "/sys/devices/system/cpu/online", online), last = 0;
	unsigned int quiet, tickless;
	char cure[256];

	for (unsigned int i = 0; i < MAX_CPUS; i++)
		last = ranges_test(online, i) ? i : last;
	if (n < 2)
		host_row(c, "cores", "note", NULL, "%u: control, workers and guests share it", n);
	else
		host_row(c, "cores", "ok", NULL, "%u", n);

	quiet = count_cpus(c, "/sys/devices/system/cpu/isolated", bits);
	tickless = count_cpus(c, "/sys/devices/system/cpu/nohz_full", bits);
	snprintf(cure, sizeof(cure),
		 "sudo sed -i 's/^GRUB_CMDLINE_LINUX=\"/&isolcpus=managed_irq,domain,%u "
		 "nohz_full=%u "
		 "/' /etc/default/grub && sudo update-grub && sudo reboot",
		 last, last);
	if (n < 2)
		return; /* the only core cannot be set apart */
	if (quiet == 0)
		host_row(
			c, "isolated cores", "note", cure,
			"none: other tasks interrupt the workers, and the slowest packets show it");
	else if (tickless == 0)
		host_row(c, "isolated cores", "note", cure,
			 "%u, but the timer still interrupts them (nohz_full)", quiet);
	else
		host_row(c, "isolated cores", "ok", NULL, "%u, %u of them without timer", quiet,
			 tickless);
}

static void check_memlock(struct host_check *c)
{
	struct rlimit lim;
	char cure[96];

	getrlimit(RLIMIT_MEMLOCK, &lim);
	snprintf(cure, sizeof(cure), "sudo prlimit --memlock=unlimited:unlimited --pid %d",
		 getppid());
	if (lim.rlim_cur == RLIM_INFINITY)
		host_row(c, "memlock limit", "ok", NULL, "none");
	else
		host_row(c, "memlock limit", "note", cure,
			 "%llu KiB: devices given to a guest (VFIO) need its memory locked",
			 (unsigned long long)lim.rlim_cur / 1024);
}

json_t *host_check(const char *root)
{
	struct host_check c = {.root = root, .rows = json_array()};

	c.amd = has_word(&c, "/proc/cpuinfo", "AuthenticAMD");
	c.virt = has_word(&c, "/proc/cpuinfo", c.amd ? " svm" : " vmx");
	check_hugepages(&c);
	check_kvm(&c);
	host_check_guests(&c);
	check_device(&c, "/dev/net/tun", "missing", "no port of kind host can be made", "tun");
	check_device(&c, "/dev/vhost-net", "note", "ports cannot have backend vhost-net",
		     "vhost_net");
	check_iommu(&c);
	host_check_direct(&c);
	check_cores(&c);
	check_memlock(&c);
	return c.rows;
}

bool host_check_lacks(const json_t *rows)
{
	return json_find(rows, "state", "missing") != NULL;
}
