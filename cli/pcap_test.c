/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/pcap.h"

#include <endian.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

/* Bytes of a little-endian machine's file; on another one each number is the other way round. */
static void same(const uint8_t *head, const char *want, size_t n)
{
	if (BYTE_ORDER == LITTLE_ENDIAN)
		assert_memory_equal(head, want, n);
}

static void a_file_begins(void **state)
{
	uint8_t head[PCAP_FILE_HEAD];

	pcap_file_head(head, 262144);
	same(head, "\x4d\x3c\xb2\xa1\x02\0\x04\0\0\0\0\0\0\0\0\0\0\0\x04\0\x01\0\0\0",
	     sizeof(head));
}

static void a_packet_begins(void **state)
{
	uint8_t head[PCAP_PACKET_HEAD];

	pcap_packet_head(head, 0x65432100ull * 1000000000 + 999999999, 128, 65000);
	same(head, "\0\x21\x43\x65\xff\xc9\x9a\x3b\x80\0\0\0\xe8\xfd\0\0", sizeof(head));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_begins),
		cmocka_unit_test(a_packet_begins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
