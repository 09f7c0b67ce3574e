/* SPDX-License-Identifier: BSD-3-Clause */
/* What carries the guests. Nobody asks the processor here: a KVM is what its module says it is.
 * What of the processor it uses is in host_direct.c. */
#include "cli/host_check_impl.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

bool host_parameter(const struct host_check *c, const char *module, const char *parameter)
{
	char path[128], line[16];

	snprintf(path, sizeof(path), "/sys/module/%s/parameters/%s", module, parameter);
	host_read_line(c, path, line, sizeof(line));
	return line[0] == 'Y' || line[0] == '1';
}

bool host_has_module(const struct host_check *c, const char *module)
{
	char path[128], full[512];

	snprintf(path, sizeof(path), "/sys/module/%s", module);
	return access(host_at(c, path, full, sizeof(full)), F_OK) == 0;
}

static void in_hardware(struct host_check *c, const char *module, const char *how)
{
	host_row(c, "KVM", "ok", NULL, "%s (%s), nesting %s", how, module,
		 host_parameter(c, module, "nested") ? "on" : "off");
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

	if (host_has_module(c, "kvm_intel"))
		in_hardware(c, "kvm_intel", "VT-x");
	else if (host_has_module(c, "kvm_amd"))
		in_hardware(c, "kvm_amd", "AMD-V");
	else if (host_has_module(c, "kvm_pvm"))
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
