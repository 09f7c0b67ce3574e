/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a processor and a platform need so that a device can be a guest's own: each gap costs speed,
 * or isolation, or forbids it. From /proc/cpuinfo, KVM's parameters, the IOMMUs' registers and the
 * bridges' configuration space, of which only root sees all.
 */
#include "cli/host_check_impl.h"

#include "base/pci/function.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LISTED 160

struct feature {
	const char *item, *flag, *parameter; /* parameter NULL: always used where it is there */
	const char *good, *lost;
};

static const struct feature intel[] = {
	{"EPT", "ept", "ept", "guests' page tables are walked by the processor",
	 "guests' page tables are shadowed, slowly"},
	{"VPID", "vpid", "vpid", "the TLB keeps guests and host apart",
	 "each exit empties the TLB"},
	{"posted interrupts", "posted_intr", "enable_apicv",
	 "interrupts reach a running guest without an exit", "each interrupt costs an exit"},
	{0},
};

static const struct feature amd[] = {
	{"NPT", "npt", "npt", "guests' page tables are walked by the processor",
	 "guests' page tables are shadowed, slowly"},
	{"ASIDs", "svm", NULL, "the TLB keeps guests and host apart", "each exit empties the TLB"},
	{"posted interrupts", "avic", "avic",
	 "interrupts reach a running guest without an exit (AVIC)", "each interrupt costs an exit"},
	{0},
};

/* Of the first processor: "flags" and, on Intel, "vmx flags". */
static bool cpu_has(const struct host_check *c, const char *flag)
{
	char path[512], line[8192], *rest;
	bool found = false;
	FILE *f = fopen(host_at(c, "/proc/cpuinfo", path, sizeof(path)), "re");

	while (f && !found && fgets(line, sizeof(line), f)) {
		char *words = strstr(line, "flags") ? strchr(line, ':') : NULL;

		words = words ? strtok_r(words + 1, " \n", &rest) : NULL;
		for (; words && !found; words = strtok_r(NULL, " \n", &rest))
			found = strcmp(words, flag) == 0;
	}
	if (f)
		fclose(f);
	return found;
}

static void check_feature(struct host_check *c, const char *module, const struct feature *f)
{
	bool has = cpu_has(c, f->flag), loaded = host_has_module(c, module);
	bool used = loaded && (f->parameter ? host_parameter(c, module, f->parameter) : has);
	char cure[160];

	snprintf(cure, sizeof(cure), "sudo modprobe -r %s && sudo modprobe %s %s=1", module, module,
		 f->parameter ? f->parameter : "");
	if (used)
		host_row(c, f->item, "ok", NULL, "in use: %s", f->good);
	else if (has && loaded)
		host_row(c, f->item, "note", cure, "switched off: %s", f->lost);
	else if (has)
		host_row(c, f->item, "note", NULL, "there, but %s is not loaded", module);
	else
		host_row(c, f->item, "note", NULL, "the processor shows none: %s", f->lost);
}

static void check_processor(struct host_check *c)
{
	const char *module = c->amd ? "kvm_amd" : "kvm_intel";

	if (c->virt)
		host_row(c, c->amd ? "AMD-V" : "VT-x", "ok", NULL, "the processor has it");
	else
		host_row(c, c->amd ? "AMD-V" : "VT-x", "note", NULL,
			 "the processor shows none, or the firmware hides it: guests' kernels are "
			 "emulated, or do not run");
	for (const struct feature *f = c->amd ? amd : intel; f->item; f++)
		check_feature(c, module, f);
}

static void check_remapping(struct host_check *c, const struct pci_iommus *i)
{
	static const char item[] = "intr remapping";
	static const char off[] = "sudo sed -i 's/intremap=off//' /etc/default/grub && sudo "
				  "update-grub && sudo reboot";
	bool unsafe = host_parameter(c, "vfio_iommu_type1", "allow_unsafe_interrupts");
	char path[512];
	bool used = pci_interrupts_remapped(host_at(c, "/proc", path, sizeof(path)));

	if (unsafe)
		host_row(c, item, "note",
			 "echo N | sudo tee "
			 "/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts",
			 "%s, but allow_unsafe_interrupts is on: devices are given away without it",
			 used ? "in use" : "not in use");
	else if (used)
		host_row(c, item, "ok", NULL, "in use: a guest's device cannot forge interrupts");
	else if (i->n && i->remapping)
		host_row(c, item, "note", off,
			 "the IOMMU could, but it is off: no device can be given to a guest");
	else
		host_row(c, item, "note", NULL,
			 "none: no device can be given to a guest, as it could send the host any "
			 "interrupt");
}

static void check_iommu(struct host_check *c)
{
	const char *module = c->amd ? "kvm_amd" : "kvm_intel";
	bool apicv = host_parameter(c, module, c->amd ? "avic" : "enable_apicv");
	struct pci_iommus i;
	char sysfs[512];

	pci_iommus(host_at(c, "/sys", sysfs, sizeof(sysfs)), &i);
	if (i.n)
		host_row(c, "DMA remapping", "ok", NULL, "%u IOMMUs (%s)%s", i.n,
			 i.amd ? "AMD-Vi" : "VT-d",
			 i.caching ? ", emulated: mapping is slow (caching mode)" : "");
	else
		host_row(c, "DMA remapping", "note", NULL,
			 "no IOMMU is in use (see the row IOMMU): a device's DMA would reach all "
			 "memory");
	check_remapping(c, &i);
	if (i.posting && apicv)
		host_row(c, "intr posting", "ok", NULL,
			 "a device's interrupts reach a running guest without the host");
	else
		host_row(c, "intr posting", "note", NULL,
			 "%s: each interrupt of a device costs an exit",
			 i.posting ? "the IOMMU could, but KVM's posted interrupts are not in use"
				   : "the IOMMU has none");
	host_row(c, "device TLBs", i.device_tlbs ? "ok" : "note", NULL,
		 i.device_tlbs ? "the IOMMU serves devices that keep translations (ATS)"
			       : "none (ATS): all translations are the IOMMU's own work");
}

struct ports {
	unsigned int n, isolate, unread;
	char lacking[LISTED];
};

static int is_address(const struct dirent *d)
{
	return pci_address_ok(d->d_name);
}

static void check_acs(struct host_check *c)
{
	struct ports p = {0};
	char sysfs[512], path[600], why[PCI_NAME];
	struct dirent **all;
	int n;

	host_at(c, "/sys", sysfs, sizeof(sysfs));
	snprintf(path, sizeof(path), "%s/bus/pci/devices", sysfs);
	n = scandir(path, &all, is_address, alphasort);
	for (int i = 0; i < n; i++) {
		const char *a = all[i]->d_name;
		long long class = pci_read_number("%s/bus/pci/devices/%s/class", sysfs, a);
		int isolates = class >> 8 == 0x0604 ? pci_port_isolates(sysfs, a, why) : 2;
		size_t len = strlen(p.lacking);

		p.n += isolates != 2;
		p.isolate += isolates == 1;
		p.unread += isolates == -1;
		if (isolates == 0)
			snprintf(p.lacking + len, sizeof(p.lacking) - len, "%s%.12s (%s)",
				 len ? ", " : "", a, why);
		free(all[i]);
	}
	if (n >= 0)
		free(all);
	if (p.unread)
		host_row(c, "ACS", "note", "sudo flue host check",
			 "only root may read what the %u bridges do", p.n);
	else if (!p.n)
		host_row(c, "ACS", "ok", NULL, "there are no bridges");
	else if (p.isolate == p.n)
		host_row(c, "ACS", "ok", NULL, "on at all %u bridges", p.n);
	else
		host_row(c, "ACS", "note", NULL,
			 "not all of it (SV RR CR UF) is on at %u of %u bridges, so what is below "
			 "may share "
			 "a group: %s",
			 p.n - p.isolate, p.n, p.lacking);
}

/* "first last kind", the same in most groups. */
static void add_region(char list[LISTED], const char *line, bool *direct)
{
	uint64_t first, last;
	char kind[32], text[80];
	size_t len = strlen(list);

	if (sscanf(line, "%" SCNx64 " %" SCNx64 " %31s", &first, &last, kind) != 3)
		return;
	*direct |= strcmp(kind, "direct") == 0;
	snprintf(text, sizeof(text), "%#" PRIx64 "-%#" PRIx64 " %s", first, last, kind);
	if (!strstr(list, text))
		snprintf(list + len, LISTED - len, "%s%s", len ? ", " : "", text);
}

static void check_regions(struct host_check *c)
{
	char path[512], list[LISTED] = "", text[2048], *line, *rest;
	struct dirent *d;
	bool direct = false;
	DIR *dir = opendir(host_at(c, "/sys/kernel/iommu_groups", path, sizeof(path)));

	while (dir && (d = readdir(dir))) {
		pci_read_text(text, sizeof(text), "%s/%s/reserved_regions", path, d->d_name);
		line = strtok_r(text, "\n", &rest);
		for (; line; line = strtok_r(NULL, "\n", &rest))
			add_region(list, line, &direct);
	}
	if (dir)
		closedir(dir);
	if (direct)
		host_row(
			c, "reserved regions", "note", NULL,
			"%s: the kernel may refuse a device the firmware keeps memory for (direct)",
			list);
	else if (list[0])
		host_row(c, "reserved regions", "ok", NULL, "%s: no guest memory is put there",
			 list);
	else
		host_row(c, "reserved regions", "note", NULL, "no IOMMU group tells any");
}

void host_check_direct(struct host_check *c)
{
	check_processor(c);
	check_iommu(c);
	check_acs(c);
	check_regions(c);
	host_check_functions(c);
}
