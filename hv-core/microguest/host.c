/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/microguest/host.h"

#include "hv-core/microguest/frame.h"

enum { L3_AT = 14, ICMP_AT = 34, ARP_BYTES = 28, ICMP_HEAD = 8 };

/* Ethernet and IPv4 addresses; operation 1: who has? */
static const uint8_t arp_request[8] = {0, 1, 8, 0, 6, 4, 0, 1};

static bool is_arp_for(const uint8_t *frame, uint32_t bytes, const uint8_t address[4])
{
	return bytes >= L3_AT + ARP_BYTES && frame[12] == 0x08 && frame[13] == 0x06 &&
	       memcmp(frame + L3_AT, arp_request, sizeof(arp_request)) == 0 &&
	       memcmp(frame + L3_AT + 24, address, 4) == 0;
}

static void answer_arp(uint8_t *frame, const uint8_t mac[6], const uint8_t address[4])
{
	uint8_t *arp = frame + L3_AT;

	arp[7] = 2;
	memcpy(arp + 18, arp + 8, 10); /* the sender is asked now, */
	memcpy(arp + 8, mac, 6);       /* and we tell */
	memcpy(arp + 14, address, 4);
	memcpy(frame, arp + 18, 6);
	memcpy(frame + 6, mac, 6);
}

/* Whole, without options: an echo in fragments is not put together here. */
static bool is_echo_to(const uint8_t *frame, uint32_t bytes, const uint8_t mac[6],
		       const uint8_t address[4])
{
	const uint8_t *ip = frame + L3_AT;

	return bytes >= ICMP_AT + ICMP_HEAD && memcmp(frame, mac, 6) == 0 && frame[12] == 0x08 &&
	       frame[13] == 0x00 && ip[0] == 0x45 && !(ip[6] & 0x3f) && !ip[7] && ip[9] == 1 &&
	       memcmp(ip + 16, address, 4) == 0 && frame[ICMP_AT] == 8 && frame[ICMP_AT + 1] == 0;
}

static void answer_echo(uint8_t *frame, const uint8_t mac[6], const uint8_t address[4])
{
	uint8_t *ip = frame + L3_AT, *icmp = frame + ICMP_AT;
	uint16_t sum;

	memcpy(frame, frame + 6, 6);
	memcpy(frame + 6, mac, 6);
	/* Exchanged addresses leave the header's sum as it is. */
	memcpy(ip + 16, ip + 12, 4);
	memcpy(ip + 12, address, 4);
	/* The type goes from 8 to 0: its word is taken out of the sum (RFC 1624). */
	icmp[0] = 0;
	memcpy(&sum, icmp + 2, 2);
	sum = (uint16_t)~mg_sum_fold((uint16_t)~sum + (uint64_t)(uint16_t)~0x0008);
	memcpy(icmp + 2, &sum, 2);
}

bool mg_host_answer(uint8_t *frame, uint32_t bytes, const uint8_t mac[6], const uint8_t address[4])
{
	if (is_arp_for(frame, bytes, address))
		answer_arp(frame, mac, address);
	else if (is_echo_to(frame, bytes, mac, address))
		answer_echo(frame, mac, address);
	else
		return false;
	return true;
}
