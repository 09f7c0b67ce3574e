/* SPDX-License-Identifier: BSD-3-Clause */
#include "sriov-pf/hand/hand.h"

#include "base/pci/vfio.h"

#include <linux/vfio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* VFIO looks at interrupt remapping when the IOMMU of a container is set, and forgets all about it
 * when the last group leaves. 0 or negative errno. */
static int try_iommu(int container, int group)
{
	int rc = 0;

	if (ioctl(group, VFIO_GROUP_SET_CONTAINER, &container))
		return -errno == -EPERM ? -EBUSY : -errno;
	if (ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU))
		rc = -errno;
	ioctl(group, VFIO_GROUP_UNSET_CONTAINER);
	return rc;
}

static int trial(unsigned int group)
{
	int container = pci_vfio_container(NULL), fd, rc;

	if (container < 0)
		return container;
	fd = pci_vfio_group(group, NULL);
	rc = fd >= 0 ? try_iommu(container, fd) : fd;
	if (fd >= 0)
		close(fd);
	close(container);
	return rc;
}

static int no_trial(unsigned int group)
{
	return -ENODEV;
}

static int note(json_t *findings, const char *name, const struct pf_hand_finding *f)
{
	static const char *const results[] = {"ok", "warned", "refused"};
	json_t *o = json_pack("{s:s,s:s,s:s}", "check", name, "result", results[f->result], "text",
			      f->text);

	if (o && f->cure[0] && json_object_set_new(o, "cure", json_string(f->cure)) != 0) {
		json_decref(o);
		o = NULL;
	}
	return json_array_append_new(findings, o) ? -ENOMEM : 0;
}

int pf_hand_check_at(const struct pf_hand_host *host, const char *address,
		     const struct pf_hand_guest *guest, json_t *findings, struct err *e)
{
	struct pf_hand_look look = {.host = host, .address = address, .guest = guest};
	int rc = 0;
	bool known = pci_group_of(host->sysfs, address, &look.group, NULL) == 0;

	for (const struct pf_hand_test *t = pf_hand_tests; t->name; t++) {
		struct pf_hand_finding f = {.result = PF_HAND_OK};

		t->run(&look, &f);
		if (findings && note(findings, t->name, &f))
			return err_set(e, -ENOMEM, "out of memory");
		if (f.result == PF_HAND_REFUSED && rc == 0)
			rc = err_set(e, f.code, "%s%s%s", f.text, f.cure[0] ? "; " : "", f.cure);
		if (!known)
			break;
	}
	return rc;
}

int pf_hand_check(const char *sysfs, const char *address, const struct pf_hand_guest *guest,
		  json_t *findings, struct err *e)
{
	const struct pf_hand_host host = {.sysfs = sysfs,
					  .proc = "/proc",
					  .dev = "/dev",
					  .trial = strcmp(sysfs, "/sys") == 0 ? trial : no_trial};

	return pf_hand_check_at(&host, address, guest, findings, e);
}

int pf_hand_open(const char *address, int *container, int *group_fd, unsigned int *group,
		 struct err *e)
{
	struct pci_vfio fds = {-1, -1};
	int rc = pci_vfio_open(address, &fds, group, e);

	if (rc)
		return rc;
	rc = try_iommu(fds.container, fds.group);
	if (rc == 0) {
		*container = fds.container;
		*group_fd = fds.group;
		return 0;
	}
	close(fds.group);
	close(fds.container);
	if (rc == -EPERM)
		return err_set(e, rc,
			       "VFIO refuses IOMMU group %u: the host has no interrupt remapping "
			       "(switch it on in the firmware, and boot without intremap=off), or "
			       "the firmware keeps memory for %s (dmesg says so)",
			       *group, address);
	return err_set(e, rc, "VFIO does not take IOMMU group %u: %s; dmesg may say why", *group,
		       strerror(-rc));
}

int pf_hand_held(const char *address, struct err *e)
{
	unsigned int group;
	struct err own = {0};
	int rc = pci_group_of("/sys", address, &group, e), fd;

	if (rc)
		return rc;
	fd = pci_vfio_group(group, &own);
	if (fd >= 0) {
		close(fd);
		return 0;
	}
	if (fd == -EBUSY)
		return 1;
	/* No member of the group is bound to vfio-pci. */
	return fd == -ENOENT || fd == -ENODEV ? 0 : err_set(e, fd, "%s", own.text);
}

int pf_hand_guest_memory(struct pf_hand_guest *guest, const json_t *memory, struct err *e)
{
	size_t n = json_array_size(memory), i;
	json_t *r;

	guest->ranges = 0;
	guest->bytes = 0;
	if (!memory)
		return 0;
	if (!json_is_array(memory) || n > PF_HAND_RANGES_MAX)
		return err_at(e, -EINVAL, "/take/memory", "memory: no list of at most %d ranges",
			      PF_HAND_RANGES_MAX);
	json_array_foreach (memory, i, r) {
		json_int_t first = json_integer_value(json_array_get(r, 0));
		json_int_t last = json_integer_value(json_array_get(r, 1));

		if (json_array_size(r) != 2 || first < 0 || last <= first ||
		    last - first >= INT64_MAX / PF_HAND_RANGES_MAX)
			return err_at(e, -EINVAL, "/take/memory",
				      "memory: range %zu is not [first,last]", i);
		guest->range[i] = (struct pf_hand_range){(uint64_t)first, (uint64_t)last};
		guest->bytes += (uint64_t)(last - first) + 1;
	}
	guest->ranges = (unsigned int)n;
	return 0;
}
