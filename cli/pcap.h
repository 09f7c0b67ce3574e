/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The file format of captures that Wireshark and tcpdump read: a header, then each packet behind
 * its own. Numbers are in this machine's byte order, which readers tell by the magic number.
 * draft-ietf-opsawg-pcap, pcap-savefile(5). Any thread.
 */
#ifndef CLI_PCAP_H
#define CLI_PCAP_H

#include <stdint.h>

enum { PCAP_FILE_HEAD = 24, PCAP_PACKET_HEAD = 16 };

/* Ethernet frames with times in nanoseconds. snaplen: bytes of a frame that are kept at most. */
void pcap_file_head(uint8_t head[PCAP_FILE_HEAD], uint32_t snaplen);

/* Of a frame of `len` bytes of which the first `kept` follow. time_ns: since 1970. */
void pcap_packet_head(uint8_t head[PCAP_PACKET_HEAD], uint64_t time_ns, uint32_t kept,
		      uint32_t len);

#endif
