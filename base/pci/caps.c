/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/pci/caps.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/pci_regs.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* As many as fit: a list that has more goes in a circle. */
#define CAPS_MAX     ((256 - 64) / 4)
#define EXT_CAPS_MAX ((PCI_CONFIG_BYTES - 256) / 8)

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static uint32_t get32(const uint8_t *p)
{
	return get16(p) | (uint32_t)get16(p + 2) << 16;
}

/* A part that is cut short is not there. */
static bool has(size_t len, size_t at, size_t bytes)
{
	return at && at + bytes <= len;
}

size_t pci_cap(const uint8_t *config, size_t len, uint8_t id)
{
	size_t end = len < 256 ? len : 256, at;

	if (len < 64 || !(get16(config + PCI_STATUS) & PCI_STATUS_CAP_LIST))
		return 0;
	at = config[PCI_CAPABILITY_LIST] & ~3u;
	for (unsigned int i = 0; i < CAPS_MAX && at >= 64 && at + 2 <= end; i++) {
		if (config[at] == id)
			return at;
		at = config[at + PCI_CAP_LIST_NEXT] & ~3u;
	}
	return 0;
}

size_t pci_ext_cap(const uint8_t *config, size_t len, uint16_t id)
{
	size_t end = len < PCI_CONFIG_BYTES ? len : PCI_CONFIG_BYTES, at = 256;

	for (unsigned int i = 0; i < EXT_CAPS_MAX && at >= 256 && at + 4 <= end; i++) {
		uint32_t head = get32(config + at);

		/* Zeros: there are none; ones: the function does not answer. */
		if (head == 0 || head == 0xffffffff)
			return 0;
		if (PCI_EXT_CAP_ID(head) == id)
			return at;
		at = PCI_EXT_CAP_NEXT(head);
	}
	return 0;
}

struct pci_acs pci_acs(const uint8_t *config, size_t len)
{
	size_t at = pci_ext_cap(config, len, PCI_EXT_CAP_ID_ACS);
	struct pci_acs acs = {0};

	if (!has(len, at, 8))
		return acs;
	acs.there = true;
	acs.can = get16(config + at + PCI_ACS_CAP);
	acs.on = get16(config + at + PCI_ACS_CTRL) & acs.can;
	return acs;
}

const char *pci_acs_text(uint16_t bits, char buf[PCI_ACS_TEXT])
{
	static const struct {
		uint16_t bit;
		char name[4];
	} all[] = {
		{PCI_ACS_SV, "SV "}, {PCI_ACS_RR, "RR "}, {PCI_ACS_CR, "CR "}, {PCI_ACS_UF, "UF "}};
	size_t len = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (bits & all[i].bit)
			len += (size_t)snprintf(buf + len, PCI_ACS_TEXT - len, "%s", all[i].name);
	if (len)
		buf[len - 1] = '\0';
	return buf;
}

int pci_port_type(const uint8_t *config, size_t len)
{
	size_t at = pci_cap(config, len, PCI_CAP_ID_EXP);

	if (!has(len, at, 4))
		return -1;
	return (get16(config + at + PCI_EXP_FLAGS) & PCI_EXP_FLAGS_TYPE) >> 4;
}

bool pci_flr(const uint8_t *config, size_t len)
{
	size_t at = pci_cap(config, len, PCI_CAP_ID_EXP);

	if (has(len, at, 8) && (get32(config + at + PCI_EXP_DEVCAP) & PCI_EXP_DEVCAP_FLR))
		return true;
	at = pci_cap(config, len, PCI_CAP_ID_AF);
	return has(len, at, 4) && (config[at + PCI_AF_CAP] & PCI_AF_CAP_FLR);
}

bool pci_ats(const uint8_t *config, size_t len, bool *on)
{
	size_t at = pci_ext_cap(config, len, PCI_EXT_CAP_ID_ATS);

	*on = has(len, at, 8) && (get16(config + at + PCI_ATS_CTRL) & PCI_ATS_CTRL_ENABLE);
	return has(len, at, 8);
}

int pci_config_read(const char *sysfs, const char *address, uint8_t config[PCI_CONFIG_BYTES],
		    struct err *e)
{
	char path[PATH_MAX];
	ssize_t len;
	int fd, code;

	snprintf(path, sizeof(path), "%s/bus/pci/devices/%s/config", sysfs, address);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_set(e, -errno, "cannot open %s: %s", path, strerror(errno));
	len = read(fd, config, PCI_CONFIG_BYTES);
	code = errno;
	close(fd);
	return len >= 0 ? (int)len : err_set(e, -code, "cannot read %s: %s", path, strerror(code));
}
