/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/pci/function.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/pci_regs.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BARS		 6
#define IORESOURCE_MEM	 0x200
#define IORESOURCE_UNSET 0x20000000

_Static_assert(PCI_ACS_WANTED == (PCI_ACS_SV | PCI_ACS_RR | PCI_ACS_CR | PCI_ACS_UF), "the four");

static size_t read_path(char *buf, size_t size, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd >= 0 ? read(fd, buf, size - 1) : 0;

	if (fd >= 0)
		close(fd);
	len = len > 0 ? len : 0;
	buf[len] = '\0';
	return (size_t)len;
}

size_t pci_read_text(char *buf, size_t size, const char *fmt, ...)
{
	char path[PATH_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(path, sizeof(path), fmt, ap);
	va_end(ap);
	return read_path(buf, size, path);
}

long long pci_read_number(const char *fmt, ...)
{
	char path[PATH_MAX], text[32];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(path, sizeof(path), fmt, ap);
	va_end(ap);
	return read_path(text, sizeof(text), path) ? strtoll(text, NULL, 0) : -1;
}

bool pci_driver(const char *sysfs, const char *address, char name[PCI_NAME])
{
	char path[PATH_MAX], to[PATH_MAX], *last;
	ssize_t len;

	snprintf(path, sizeof(path), "%s/bus/pci/devices/%s/driver", sysfs, address);
	len = readlink(path, to, sizeof(to) - 1);
	if (len <= 0)
		return false;
	to[len] = '\0';
	last = strrchr(to, '/');
	snprintf(name, PCI_NAME, "%.*s", PCI_NAME - 1, last ? last + 1 : to);
	return true;
}

bool pci_can_reset(const char *sysfs, const char *address, char method[PCI_NAME])
{
	uint8_t config[PCI_CONFIG_BYTES];
	int n;

	pci_read_text(method, PCI_NAME, "%s/bus/pci/devices/%s/reset_method", sysfs, address);
	method[strcspn(method, "\n")] = '\0';
	if (method[0])
		return true;
	n = pci_config_read(sysfs, address, config, NULL);
	if (n <= 0 || !pci_flr(config, (size_t)n))
		return false;
	strcpy(method, "flr");
	return true;
}

/* "start end flags" a BAR. A VF's have no address when the firmware left no room for them. */
unsigned int pci_bars(const char *sysfs, const char *address, uint64_t *bytes)
{
	char text[2048], *line, *rest = NULL;
	uint64_t first, last, flags;
	unsigned int n = 0;

	*bytes = 0;
	pci_read_text(text, sizeof(text), "%s/bus/pci/devices/%s/resource", sysfs, address);
	line = strtok_r(text, "\n", &rest);
	for (int i = 0; line && i < BARS; i++, line = strtok_r(NULL, "\n", &rest)) {
		if (sscanf(line, "%" SCNx64 " %" SCNx64 " %" SCNx64, &first, &last, &flags) != 3 ||
		    !(flags & IORESOURCE_MEM) || (flags & IORESOURCE_UNSET) || first == 0 ||
		    last <= first)
			continue;
		*bytes += last - first + 1;
		n++;
	}
	return n;
}

unsigned int pci_group_members(const char *sysfs, unsigned int group)
{
	char path[PATH_MAX];
	struct dirent *d;
	unsigned int n = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/kernel/iommu_groups/%u/devices", sysfs, group);
	dir = opendir(path);
	while (dir && (d = readdir(dir)))
		n += d->d_name[0] != '.';
	if (dir)
		closedir(dir);
	return n;
}

int pci_port_isolates(const char *sysfs, const char *address, char why[PCI_NAME])
{
	uint8_t config[PCI_CONFIG_BYTES];
	char on[PCI_ACS_TEXT];
	struct pci_acs acs;
	int n = pci_config_read(sysfs, address, config, NULL), type;

	if (n <= 64)
		return -1;
	type = pci_port_type(config, (size_t)n);
	acs = pci_acs(config, (size_t)n);
	/* A switch's upstream port has one way to go. */
	if (type == PCI_EXP_TYPE_UPSTREAM || (acs.on & PCI_ACS_WANTED) == PCI_ACS_WANTED)
		return 1;
	if (type < 0 || type == PCI_EXP_TYPE_PCI_BRIDGE)
		strcpy(why, "a conventional bus");
	else if (!acs.there)
		strcpy(why, "no ACS");
	else if (!(acs.on & PCI_ACS_WANTED))
		strcpy(why, "ACS off");
	else
		snprintf(why, PCI_NAME, "only %s", pci_acs_text(acs.on, on));
	return 0;
}

bool pci_interrupts_remapped(const char *proc)
{
	char path[PATH_MAX], line[8192];
	bool found = false;
	FILE *f;

	snprintf(path, sizeof(path), "%s/interrupts", proc);
	f = fopen(path, "re");
	while (f && !found && fgets(line, sizeof(line), f))
		found = strstr(line, " IR-") != NULL;
	if (f)
		fclose(f);
	return found;
}
