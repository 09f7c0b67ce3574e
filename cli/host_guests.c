/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What carries the guests. Nobody asks the processor here: a KVM is what its module says it uses.
 * Second stage paging (EPT, NPT) and tags in the TLB (VPID, ASID) are KVM's business; a host
 * without them runs guests, slowly, and this says so.
 */
#include "cli/host_check_impl.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool is_on(const struct host_check *c, const char *module, const char *parameter)
{
	char path[128], line[16];

	snprintf(path, sizeof(path), "/sys/module/%s/parameters/%s", module, parameter);
	host_read_line(c, path, line, sizeof(line));
	return line[0] == 'Y' || line[0] == '1';
}

static bool is_loaded(const struct host_check *c, const char *module)
{
	char path[128], full[512];

	snprintf(path, sizeof(path), "/sys/module/%s", module);
	return access(host_at(c, path, full, sizeof(full)), F_OK) == 0;
}

static void check_intel(struct host_check *c)
{
	bool ept = is_on(c, "kvm_intel", "ept"), vpid = is_on(c, "kvm_intel", "vpid");

	host_row(c, "KVM", ept && vpid ? "ok" : "note",
		 ept && vpid ? NULL
			     : "sudo modprobe -r kvm_intel && sudo modprobe kvm_intel ept=1 vpid=1",
		 "VT-x; EPT %s, VPID %s, posted interrupts %s, nesting %s",
		 ept ? "in use" : "off: guests' paging is slow",
		 vpid ? "in use" : "off: each exit empties the TLB",
		 is_on(c, "kvm_intel", "enable_apicv") ? "in use" : "off",
		 is_on(c, "kvm_intel", "nested") ? "on" : "off");
}

static void check_amd(struct host_check *c)
{
	bool npt = is_on(c, "kvm_amd", "npt");

	host_row(c, "KVM", npt ? "ok" : "note",
		 npt ? NULL : "sudo modprobe -r kvm_amd && sudo modprobe kvm_amd npt=1",
		 "AMD-V with ASIDs; NPT %s, posted interrupts (AVIC) %s, nesting %s",
		 npt ? "in use" : "off: guests' paging is slow",
		 is_on(c, "kvm_amd", "avic") ? "in use" : "off",
		 is_on(c, "kvm_amd", "nested") ? "on" : "off");
}

static void check_disks(struct host_check *c)
{
	char line[16];

	host_read_line(c, "/proc/sys/kernel/io_uring_disabled", line, sizeof(line));
	if (line[0] > '0')
		host_row(c, "io_uring", "note",
			 "echo 0 | sudo tee /proc/sys/kernel/io_uring_disabled",
			 "switched off: guests of flue-vm cannot have disks");
}

void host_check_guests(struct host_check *c)
{
	char full[512];

	if (is_loaded(c, "kvm_intel"))
		check_intel(c);
	else if (is_loaded(c, "kvm_amd"))
		check_amd(c);
	else if (is_loaded(c, "kvm_pvm"))
		host_row(c, "KVM", "note", NULL,
			 "in software (kvm_pvm), without VT-x or AMD-V, EPT or NPT: a guest's "
			 "kernel is emulated, too "
			 "slowly for stock kernels; code at privilege level 3 (a micro-guest) runs "
			 "at full speed");
	else if (access(host_at(c, "/dev/kvm", full, sizeof(full)), F_OK) == 0)
		host_row(
			c, "KVM", "note", NULL,
			"by a module unknown here; it is asked what it can do when a guest starts");
	check_disks(c);
}
