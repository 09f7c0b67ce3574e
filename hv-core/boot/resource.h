/* SPDX-License-Identifier: BSD-3-Clause */
/* Resource descriptors (ACPI 6.4.2, 6.4.3), between hv_aml_resources() and
 * hv_aml_close_resources(). Any thread. */
#ifndef HV_CORE_BOOT_RESOURCE_H
#define HV_CORE_BOOT_RESOURCE_H

#include "hv-core/boot/aml.h"

/* Ports a device decodes, all 16 address lines. */
void hv_res_io(struct hv_aml *a, uint16_t port, uint8_t ports);
/* A fixed range of memory. */
void hv_res_memory32(struct hv_aml *a, uint32_t at, uint32_t bytes);
/* An interrupt line of the device's own, active high. */
void hv_res_interrupt(struct hv_aml *a, uint32_t gsi, bool level);

/* What a bridge passes on. Inclusive ends are computed; sizes are not 0. */
void hv_res_buses(struct hv_aml *a, unsigned int first, unsigned int last);
void hv_res_window_io(struct hv_aml *a, uint16_t port, unsigned int ports);
void hv_res_window_memory32(struct hv_aml *a, uint32_t at, uint32_t bytes);
void hv_res_window_memory64(struct hv_aml *a, uint64_t at, uint64_t bytes);

#endif
