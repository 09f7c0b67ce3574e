/* SPDX-License-Identifier: BSD-3-Clause */
#include "sriov-pf/hand/checks.h"

#include "base/pci/function.h"

#include <inttypes.h>
#include <limits.h>
#include <linux/capability.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define SAY(to, fmt)                                \
	do {                                        \
		va_list ap;                         \
		va_start(ap, fmt);                  \
		vsnprintf(to, sizeof(to), fmt, ap); \
		va_end(ap);                         \
	} while (0)

void pf_hand_ok(struct pf_hand_finding *f, const char *fmt, ...)
{
	f->result = PF_HAND_OK;
	SAY(f->text, fmt);
}

void pf_hand_warn(struct pf_hand_finding *f, const char *fmt, ...)
{
	f->result = PF_HAND_WARNED;
	SAY(f->text, fmt);
}

void pf_hand_refuse(struct pf_hand_finding *f, int code, const char *fmt, ...)
{
	f->result = PF_HAND_REFUSED;
	f->code = code;
	SAY(f->text, fmt);
}

void pf_hand_cure(struct pf_hand_finding *f, const char *fmt, ...)
{
	SAY(f->cure, fmt);
}

/* base/pci says what is wrong and what mends it in one sentence, with this between them. */
static void refuse_with(struct pf_hand_finding *f, const struct err *e, const char *between)
{
	const char *at = strstr(e->text, between);
	int len = at ? (int)(at - e->text) : (int)strlen(e->text);

	pf_hand_refuse(f, e->code, "%.*s", len, e->text);
	if (at)
		pf_hand_cure(f, "%s", at + strlen(between));
}

static void check_iommu(const struct pf_hand_look *look, struct pf_hand_finding *f)
{
	unsigned int group;
	struct err e = {0};

	if (pci_group_of(look->host->sysfs, look->address, &group, &e))
		refuse_with(f, &e, ": ");
	else
		pf_hand_ok(f, "%s is behind an IOMMU, in group %u", look->address, group);
}

/* The kernel has type 1 containers, or iommufd, or both; ours is the container. */
static void check_vfio(const struct pf_hand_look *look, struct pf_hand_finding *f)
{
	const char *dev = look->host->dev;
	char path[PATH_MAX];
	bool iommufd;

	snprintf(path, sizeof(path), "%s/iommu", dev);
	iommufd = access(path, F_OK) == 0;
	snprintf(path, sizeof(path), "%s/vfio/vfio", dev);
	if (access(path, F_OK) == 0) {
		pf_hand_ok(f, "the kernel has VFIO's container%s",
			   iommufd ? "; and iommufd, which is not used" : "; it has no iommufd");
	} else if (iommufd) {
		pf_hand_refuse(f, -ENOTSUP, "the kernel has only iommufd, not VFIO's container");
		pf_hand_cure(f, "use one built with CONFIG_VFIO_CONTAINER, as Debian's are");
	} else {
		pf_hand_refuse(f, -ENODEV, "there is no %s", path);
		pf_hand_cure(f, "modprobe vfio-pci");
	}
}

/* Its own driver is not looked at: it is to be bound to vfio-pci anyway. */
static void check_group(const struct pf_hand_look *look, struct pf_hand_finding *f)
{
	struct err e = {0};

	if (pci_group_check(look->host->sysfs, look->group, look->address, &e))
		refuse_with(f, &e, "; ");
	else
		pf_hand_ok(f, "the host uses nothing of IOMMU group %u", look->group);
}

/* Who has CAP_SYS_RESOURCE may raise its limit, as flue-vm's process for the guest does before it
 * gives its rights up; with CAP_IPC_LOCK the kernel does not count. */
static bool above_limits(const struct pf_hand_look *look, pid_t pid)
{
	const uint64_t either = UINT64_C(1) << CAP_SYS_RESOURCE | UINT64_C(1) << CAP_IPC_LOCK;
	char status[4096], *line;
	uint64_t caps = 0;

	pci_read_text(status, sizeof(status), "%s/%d/status", look->host->proc, (int)pid);
	line = strstr(status, "\nCapEff:");
	return line && sscanf(line, "\nCapEff: %" SCNx64, &caps) == 1 && (caps & either);
}

static void check_memlock(const struct pf_hand_look *look, struct pf_hand_finding *f)
{
	uint64_t bytes = look->guest ? look->guest->bytes : 0;
	pid_t pid = look->guest ? look->guest->pid : 0;
	struct rlimit limit;

	if (!pid || !bytes) {
		pf_hand_ok(f, "not known here; the guest's process sees to it");
	} else if (prlimit(pid, RLIMIT_MEMLOCK, NULL, &limit)) {
		pf_hand_warn(f, "the limit of process %d cannot be read: %s", (int)pid,
			     strerror(errno));
	} else if (limit.rlim_cur == RLIM_INFINITY) {
		pf_hand_ok(f, "process %d may lock as much as there is", (int)pid);
	} else if (above_limits(look, pid)) {
		pf_hand_ok(f, "process %d may raise its limit", (int)pid);
	} else if (limit.rlim_cur >= bytes) {
		pf_hand_ok(f, "process %d may lock %" PRIu64 " bytes, and the guest has %" PRIu64,
			   (int)pid, (uint64_t)limit.rlim_cur, bytes);
	} else {
		pf_hand_refuse(f, -ENOMEM,
			       "guest memory must be locked for DMA: RLIMIT_MEMLOCK of process %d "
			       "is %" PRIu64 " bytes, and the guest has %" PRIu64,
			       (int)pid, (uint64_t)limit.rlim_cur, bytes);
		pf_hand_cure(
			f,
			"LimitMEMLOCK=infinity in its unit, or prlimit --pid %d --memlock=%" PRIu64,
			(int)pid, bytes);
	}
}

const struct pf_hand_test pf_hand_tests[] = {
	{"iommu", check_iommu},
	{"vfio", check_vfio},
	{"group", check_group},
	{"interrupt-remapping", pf_hand_check_remapping},
	{"reserved-regions", pf_hand_check_regions},
	{"memlock", check_memlock},
	{"acs", pf_hand_check_acs},
	{"reset", pf_hand_check_reset},
	{"device-memory", pf_hand_check_bars},
	{NULL, NULL},
};
