/* SPDX-License-Identifier: BSD-3-Clause */
/* The network cards of this host: can a function be shared among guests, handed over to one,
 * migrated with one; and if not, why. */
#include "cli/host_check_impl.h"

#include "base/pci/function.h"

#include <dirent.h>
#include <limits.h>
#include <linux/pci_regs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WHY 400

struct function {
	const char *sysfs, *address;
	char driver[PCI_NAME], interface[PCI_NAME];
	bool is_vf;
	long long vfs_max, vfs; /* -1: no SR-IOV */
	unsigned int group;
	bool can_reset, grouped, alone;
	bool hand; /* it can be handed over */
};

/* What all of them have in common. */
struct all {
	unsigned int n, sriov, can_reset, grouped, alone;
	long long vfs_max;
};

static bool there(const struct function *f, const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/bus/pci/devices/%s/%s", f->sysfs, f->address, name);
	return access(path, F_OK) == 0;
}

static void find_interface(struct function *f)
{
	char path[PATH_MAX];
	struct dirent *d;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/bus/pci/devices/%s/net", f->sysfs, f->address);
	dir = opendir(path);
	while (dir && !f->interface[0] && (d = readdir(dir)))
		if (d->d_name[0] != '.')
			snprintf(f->interface, sizeof(f->interface), "%.*s", PCI_NAME - 1,
				 d->d_name);
	if (dir)
		closedir(dir);
}

static void look(struct function *f)
{
	if (!pci_driver(f->sysfs, f->address, f->driver))
		strcpy(f->driver, "no driver");
	find_interface(f);
	f->is_vf = there(f, "physfn");
	f->vfs_max = pci_read_number("%s/bus/pci/devices/%s/sriov_totalvfs", f->sysfs, f->address);
	/* sriov_numvfs is not read: that waits for a driver that is at work on it. */
	for (f->vfs = 0; f->vfs < f->vfs_max; f->vfs++) {
		char name[32];

		snprintf(name, sizeof(name), "virtfn%lld", f->vfs);
		if (!there(f, name))
			break;
	}
}

static json_t *verdict(bool can, const char *why)
{
	return json_pack("{s:b,s:s}", "can", can, "why", why);
}

static json_t *share(const struct function *f)
{
	char why[WHY];

	if (f->is_vf)
		return verdict(false, "it is a virtual function itself: one guest's");
	if (f->vfs_max < 1)
		return verdict(false, "it has no SR-IOV, or the firmware hides it");
	snprintf(why, sizeof(why), "SR-IOV: %lld of %lld virtual functions are made", f->vfs,
		 f->vfs_max);
	return verdict(true, why);
}

/* -1: its registers may not be read. */
static int has_msix(const struct function *f)
{
	uint8_t config[PCI_CONFIG_BYTES];
	int n = pci_config_read(f->sysfs, f->address, config, NULL);

	return n <= 64 ? -1 : pci_cap(config, (size_t)n, PCI_CAP_ID_MSIX) != 0;
}

static bool is_vfio(const char *driver)
{
	size_t len = strlen(driver);

	return strcmp(driver, "vfio-pci") == 0 ||
	       (len > 9 && strcmp(driver + len - 9, "_vfio_pci") == 0);
}

/* The first thing in the way, or NULL. */
static const char *in_the_way(struct host_check *c, struct function *f, struct err *e)
{
	char proc[512], method[PCI_NAME];
	uint64_t bytes;

	f->grouped = pci_group_of(f->sysfs, f->address, &f->group, e) == 0;
	f->can_reset = pci_can_reset(f->sysfs, f->address, method);
	f->alone = f->grouped && pci_group_members(f->sysfs, f->group) == 1;
	if (!f->grouped || pci_group_check(f->sysfs, f->group, f->address, e))
		return e->text;
	if (!pci_interrupts_remapped(host_at(c, "/proc", proc, sizeof(proc))))
		return "interrupts are not remapped (see intr remapping)";
	if (!f->can_reset)
		return "it cannot be reset (no reset_method, no FLR)";
	if (!pci_bars(f->sysfs, f->address, &bytes))
		return "its BARs have no place: boot with pci=realloc";
	if (has_msix(f) == 0)
		return "it has no MSI-X";
	return NULL;
}

static json_t *hand_over(struct host_check *c, struct function *f)
{
	struct err e = {0};
	const char *way = in_the_way(c, f, &e);
	char why[WHY];

	f->hand = way == NULL;
	if (way)
		return verdict(false, way);
	snprintf(why, sizeof(why), "IOMMU group %u%s%s%s%s%s", f->group,
		 f->alone ? ", alone" : ", with others, all to one guest",
		 is_vfio(f->driver) ? "" : "; once vfio-pci has it instead of ",
		 is_vfio(f->driver) ? "" : f->driver,
		 f->interface[0] ? "; the host then loses " : "", f->interface);
	return verdict(true, why);
}

static json_t *migrate(const struct function *f)
{
	size_t len = strlen(f->driver);

	if (!f->hand)
		return verdict(false, "it cannot be handed over");
	if (len > 9 && strcmp(f->driver + len - 9, "_vfio_pci") == 0)
		return verdict(true, "its driver may save its state (VFIO migration)");
	if (f->is_vf)
		return verdict(true, "paired with a synthetic card that stands in for it "
				     "(failover); its own state cannot be saved");
	return verdict(false, f->vfs_max > 0
				      ? "no guest moves with a whole card; one with a VF of it may"
				      : "its state cannot be saved, and it has no VFs");
}

static void add(struct host_check *c, struct function *f, struct all *all)
{
	json_t *row, *shared, *handed;

	look(f);
	shared = share(f);
	handed = hand_over(c, f);
	host_row(c, f->address, f->hand ? "ok" : "note", NULL, "%s%s%s%s", f->driver,
		 f->interface[0] ? ", " : "", f->interface, f->is_vf ? ", a virtual function" : "");
	row = json_array_get(c->rows, json_array_size(c->rows) - 1);
	json_object_set_new(row, "shared", shared);
	json_object_set_new(row, "handed_over", handed);
	json_object_set_new(row, "migrated", migrate(f));
	all->n++;
	all->sriov += f->vfs_max > 0;
	all->vfs_max += f->vfs_max > 0 ? f->vfs_max : 0;
	all->can_reset += f->can_reset;
	all->grouped += f->grouped;
	all->alone += f->alone;
}

static void sum_up(struct host_check *c, const struct all *all)
{
	if (!all->n) {
		host_row(c, "SR-IOV", "note", NULL, "there is no PCI network function");
		return;
	}
	host_row(c, "SR-IOV", all->sriov ? "ok" : "note", NULL,
		 "%u of %u network functions have it, for %lld virtual functions", all->sriov,
		 all->n, all->vfs_max);
	host_row(c, "reset", all->can_reset == all->n ? "ok" : "note", NULL,
		 "%u of %u network functions can be reset between two guests", all->can_reset,
		 all->n);
	host_row(c, "group isolation", all->grouped && all->alone == all->grouped ? "ok" : "note",
		 NULL, "%u of %u network functions with an IOMMU group are alone in theirs",
		 all->alone, all->grouped);
}

static int is_address(const struct dirent *d)
{
	return pci_address_ok(d->d_name);
}

void host_check_functions(struct host_check *c)
{
	struct host_check functions = *c;
	struct dirent **dir;
	struct all all = {0};
	char sysfs[512], path[600];
	int n;

	host_at(c, "/sys", sysfs, sizeof(sysfs));
	snprintf(path, sizeof(path), "%s/bus/pci/devices", sysfs);
	n = scandir(path, &dir, is_address, alphasort);
	functions.rows = json_array();
	for (int i = 0; i < n; i++) {
		struct function f = {.sysfs = sysfs, .address = dir[i]->d_name};

		/* Class 2: network controllers. */
		if (pci_read_number("%s/%s/class", path, f.address) >> 16 == 2)
			add(&functions, &f, &all);
		free(dir[i]);
	}
	if (n >= 0)
		free(dir);
	sum_up(c, &all);
	json_array_extend(c->rows, functions.rows);
	json_decref(functions.rows);
}
