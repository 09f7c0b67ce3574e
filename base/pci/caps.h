/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a function's configuration space says that it can do (PCI Local Bus 3.0 section 6.7, PCI
 * Express Base 5.0 chapter 7). The bytes come from a device, which a guest may have had: nothing of
 * them is trusted, and lists that run in circles end. Pure; any thread.
 *
 * config, len: the bytes from 0 on. Who may not read all of sysfs's file has 64 of them; then a
 * capability is not found.
 */
#ifndef BASE_PCI_CAPS_H
#define BASE_PCI_CAPS_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PCI_CONFIG_BYTES 4096

/* The offset of a capability, or of an extended one; 0: there is none. */
size_t pci_cap(const uint8_t *config, size_t len, uint8_t id);
size_t pci_ext_cap(const uint8_t *config, size_t len, uint16_t id);

/* Access Control Services: bits PCI_ACS_* of <linux/pci_regs.h>. */
struct pci_acs {
	bool there;
	uint16_t can, on;
};
struct pci_acs pci_acs(const uint8_t *config, size_t len);
/* "SV RR CR UF" of those bits, in that order; buf: 16 bytes. */
#define PCI_ACS_TEXT 16
const char *pci_acs_text(uint16_t bits, char buf[PCI_ACS_TEXT]);

/* PCI_EXP_TYPE_*; -1: no PCI Express function. */
int pci_port_type(const uint8_t *config, size_t len);

/* Function level reset, by PCI Express or Advanced Features. */
bool pci_flr(const uint8_t *config, size_t len);
/* Address Translation Services: it can have a TLB of its own, and uses it. */
bool pci_ats(const uint8_t *config, size_t len, bool *on);

/* Reads it from sysfs ("/sys"): the bytes read, at most PCI_CONFIG_BYTES; or -ENODEV and others. */
int pci_config_read(const char *sysfs, const char *address, uint8_t config[PCI_CONFIG_BYTES],
		    struct err *e);

#endif
