/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a host with one IPv4 address answers, so that other kernels find it: ARP requests for it
 * (RFC 826) and ICMP echo requests to it (RFC 792). Pure.
 */
#ifndef HV_CORE_MICROGUEST_HOST_H
#define HV_CORE_MICROGUEST_HOST_H

#include <stdbool.h>
#include <stdint.h>

/* Makes the answer out of the request, in its place: the same number of bytes. False when there is
 * none to give; the frame is as it was then. address: as it is on the wire. */
bool mg_host_answer(uint8_t *frame, uint32_t bytes, const uint8_t mac[6], const uint8_t address[4]);

#endif
