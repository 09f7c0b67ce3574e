/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/pcap.h"

#include <string.h>

enum { VERSION_MAJOR = 2, VERSION_MINOR = 4, LINKTYPE_ETHERNET = 1 };

static const uint32_t magic_ns = 0xa1b23c4d;

struct file_head {
	uint32_t magic;
	uint16_t major, minor;
	uint32_t zone, accuracy; /* always 0 */
	uint32_t snaplen, linktype;
};
_Static_assert(sizeof(struct file_head) == PCAP_FILE_HEAD, "as in the file");

struct packet_head {
	uint32_t seconds, ns;
	uint32_t kept, len;
};
_Static_assert(sizeof(struct packet_head) == PCAP_PACKET_HEAD, "as in the file");

void pcap_file_head(uint8_t head[PCAP_FILE_HEAD], uint32_t snaplen)
{
	const struct file_head h = {
		.magic = magic_ns,
		.major = VERSION_MAJOR,
		.minor = VERSION_MINOR,
		.snaplen = snaplen,
		.linktype = LINKTYPE_ETHERNET,
	};

	memcpy(head, &h, sizeof(h));
}

void pcap_packet_head(uint8_t head[PCAP_PACKET_HEAD], uint64_t time_ns, uint32_t kept, uint32_t len)
{
	const struct packet_head h = {
		.seconds = (uint32_t)(time_ns / 1000000000),
		.ns = (uint32_t)(time_ns % 1000000000),
		.kept = kept,
		.len = len,
	};

	memcpy(head, &h, sizeof(h));
}
