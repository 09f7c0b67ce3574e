/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Writes AML, the byte code of ACPI's tables (ACPI 20.2), in the order in which it is read: an
 * operator, then its operands. What encloses others is opened and closed; the length in front of
 * it (PkgLength) is filled in when it is closed:
 *
 *	size_t device = hv_aml_device(a, "COM1");
 *	hv_aml_name(a, "_HID");
 *	hv_aml_eisa_id(a, "PNP0501");
 *	hv_aml_close(a, device);
 *
 * When the buffer is full, `full` is set and nothing more is written. Any thread.
 */
#ifndef HV_CORE_BOOT_AML_H
#define HV_CORE_BOOT_AML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hv_aml {
	uint8_t *p;
	size_t len, room;
	bool full;
};

/* Operators and operands of one byte (ACPI 20.3). */
enum hv_aml_op {
	HV_AML_ZERO = 0x00, /* also: no target */
	HV_AML_LOCAL0 = 0x60,
	HV_AML_LOCAL1 = 0x61,
	HV_AML_ARG0 = 0x68,
	HV_AML_ARG1 = 0x69,
	HV_AML_ARG2 = 0x6a,
	HV_AML_ARG3 = 0x6b,
	HV_AML_STORE = 0x70, /* source, target */
	HV_AML_AND = 0x7b,   /* operand, operand, target */
	HV_AML_OR = 0x7d,
	HV_AML_NOTIFY = 0x86,		  /* object, value */
	HV_AML_CREATE_DWORD_FIELD = 0x8a, /* buffer, byte index, name */
	HV_AML_LAND = 0x90,
	HV_AML_LNOT = 0x92,
	HV_AML_LEQUAL = 0x93,
	HV_AML_RETURN = 0xa4,
};

void hv_aml_op(struct hv_aml *a, enum hv_aml_op op);
void hv_aml_bytes(struct hv_aml *a, const void *p, size_t len);
void hv_aml_number(struct hv_aml *a, uint64_t v, unsigned int bytes); /* little-endian, bare */

/* "\\_SB.GED.EVNT": up to four characters a part, padded. */
void hv_aml_path(struct hv_aml *a, const char *path);
/* Name (path, ...): the value follows. */
void hv_aml_name(struct hv_aml *a, const char *path);

/* Values. */
void hv_aml_int(struct hv_aml *a, uint64_t v);
void hv_aml_string(struct hv_aml *a, const char *s);
void hv_aml_eisa_id(struct hv_aml *a, const char *id); /* "PNP0A08" */
/* "33db4d5b-1ff7-401c-9657-7441c03dd766", as the ToUUID macro makes it (ACPI 19.6.142). */
void hv_aml_uuid(struct hv_aml *a, const char *uuid);

/* What encloses. */
size_t hv_aml_scope(struct hv_aml *a, const char *path);
size_t hv_aml_device(struct hv_aml *a, const char *name);
size_t hv_aml_method(struct hv_aml *a, const char *name, unsigned int args, bool serialized);
size_t hv_aml_if(struct hv_aml *a); /* the predicate follows, then the terms */
size_t hv_aml_else(struct hv_aml *a);
size_t hv_aml_package(struct hv_aml *a, unsigned int elements);
void hv_aml_close(struct hv_aml *a, size_t opened);

/* A region of registers of 32 bits each, in memory: names of four characters, in order. */
void hv_aml_registers(struct hv_aml *a, const char *region, uint64_t at, unsigned int n,
		      const char *const *names);

/* A resource template (ACPI 6.4): the descriptors of resource.h go between the two. */
size_t hv_aml_resources(struct hv_aml *a);
void hv_aml_close_resources(struct hv_aml *a, size_t opened);

#endif
