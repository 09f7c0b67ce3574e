/* SPDX-License-Identifier: BSD-3-Clause */
#include "jumbo/probe/reply.h"

#include <errno.h>
#include <linux/errqueue.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <arpa/inet.h>
#include <cmocka.h>

static const struct probe_mark mark = {
	.nonce = 0x1122334455667788, .size = 1500, .number = 0x30102};

/* An echo reply with the mark, at p. */
static size_t reply(uint8_t *p, uint8_t type)
{
	memcpy(p, (uint8_t[]){type, 0, 0xab, 0xcd, 0x12, 0x34, 0x01, 0x02}, 8);
	memcpy(p + 8, &mark, sizeof(mark));
	memset(p + 24, 7, 16);
	return 40;
}

static void answers(void **state)
{
	uint8_t m[80] = {0};
	struct probe_mark got;
	uint32_t bytes;
	size_t len = reply(m, 0);

	assert_int_equal(probe_parse_answer(AF_INET, false, m, len, &got, &bytes), 0);
	assert_int_equal(bytes, 40);
	assert_memory_equal(&got, &mark, sizeof(mark));
	assert_int_equal(probe_parse_answer(AF_INET6, false, m, len, &got, &bytes), -EINVAL);
	assert_int_equal(probe_parse_answer(AF_INET, false, m, 23, &got, &bytes), -EINVAL);
	m[7]++; /* not the sequence number of the mark */
	assert_int_equal(probe_parse_answer(AF_INET, false, m, len, &got, &bytes), -EINVAL);
	len = reply(m, 129);
	assert_int_equal(probe_parse_answer(AF_INET6, false, m, len, &got, &bytes), 0);
	len = reply(m, 8); /* a request */
	assert_int_equal(probe_parse_answer(AF_INET, false, m, len, &got, &bytes), -EINVAL);
}

static void answers_with_ip_header(void **state)
{
	uint8_t m[80] = {0};
	struct probe_mark got;
	uint32_t bytes;
	size_t len = 24 + reply(m + 24, 0); /* a header with options */

	m[0] = 0x46;
	m[9] = IPPROTO_ICMP;
	assert_int_equal(probe_parse_answer(AF_INET, true, m, len, &got, &bytes), 0);
	assert_int_equal(bytes, 40);
	m[9] = IPPROTO_UDP;
	assert_int_equal(probe_parse_answer(AF_INET, true, m, len, &got, &bytes), -EINVAL);
	m[9] = IPPROTO_ICMP;
	m[0] = 0x4f;
	assert_int_equal(probe_parse_answer(AF_INET, true, m, 30, &got, &bytes), -EINVAL);
	m[0] = 0x44;
	assert_int_equal(probe_parse_answer(AF_INET, true, m, len, &got, &bytes), -EINVAL);
	assert_int_equal(probe_parse_answer(AF_INET, true, m, 0, &got, &bytes), -EINVAL);
}

struct value {
	struct sock_extended_err ee;
	union {
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	};
};

static struct probe_complaint complaint(uint8_t origin, uint8_t type, uint8_t code, uint32_t err,
					bool v6)
{
	struct value v = {.ee = {.ee_errno = err,
				 .ee_origin = origin,
				 .ee_type = type,
				 .ee_code = code,
				 .ee_info = 1400}};
	struct probe_complaint c;

	if (v6) {
		v.in6.sin6_family = AF_INET6;
		inet_pton(AF_INET6, "2001:db8::7", &v.in6.sin6_addr);
	} else {
		v.in.sin_family = AF_INET;
		v.in.sin_addr.s_addr = htonl(0xc0000207);
	}
	assert_int_equal(probe_parse_complaint((uint8_t *)&v, sizeof(v), &c), 0);
	return c;
}

static void complaints(void **state)
{
	struct probe_complaint c = complaint(SO_EE_ORIGIN_ICMP, 3, 4, EMSGSIZE, false);
	uint8_t few[15] = {0};

	assert_int_equal(c.error, PROBE_ERR_TOO_BIG);
	assert_int_equal(c.mtu, 1400);
	assert_string_equal(c.from, "192.0.2.7");
	assert_false(c.local);
	c = complaint(SO_EE_ORIGIN_ICMP6, 2, 0, EMSGSIZE, true);
	assert_int_equal(c.error, PROBE_ERR_TOO_BIG);
	assert_int_equal(c.mtu, 1400);
	assert_string_equal(c.from, "2001:db8::7");
	c = complaint(SO_EE_ORIGIN_LOCAL, 0, 0, EMSGSIZE, false);
	assert_int_equal(c.error, PROBE_ERR_TOO_BIG);
	assert_true(c.local);
	assert_string_equal(c.from, "");
	assert_int_equal(complaint(SO_EE_ORIGIN_ICMP, 11, 0, 113, false).error, PROBE_ERR_EXPIRED);
	assert_int_equal(complaint(SO_EE_ORIGIN_ICMP6, 3, 0, 113, true).error, PROBE_ERR_EXPIRED);
	assert_int_equal(complaint(SO_EE_ORIGIN_ICMP, 3, 1, 113, false).error, PROBE_ERR_DENIED);
	assert_int_equal(complaint(SO_EE_ORIGIN_ICMP6, 1, 3, 113, true).error, PROBE_ERR_DENIED);
	/* Fragments that did not all arrive; a parameter problem. */
	assert_int_equal(complaint(SO_EE_ORIGIN_ICMP, 11, 1, 113, false).error, PROBE_ERR_OTHER);
	assert_int_equal(complaint(SO_EE_ORIGIN_ICMP6, 4, 0, 71, true).error, PROBE_ERR_OTHER);
	assert_int_equal(complaint(SO_EE_ORIGIN_ZEROCOPY, 3, 4, 0, false).error, PROBE_ERR_OTHER);
	assert_int_equal(probe_parse_complaint(few, sizeof(few), &c), -EINVAL);
}

static void quotes(void **state)
{
	const uint8_t four[] = {8, 0, 1, 2, 0x12, 0x34, 0x56, 0x78},
		      six[] = {128, 0, 1, 2, 0x12, 0x34, 0x56, 0x78};
	uint16_t seq;

	assert_int_equal(probe_parse_quote(AF_INET, four, 8, 0x1234, &seq), 0);
	assert_int_equal(seq, 0x5678);
	assert_int_equal(probe_parse_quote(AF_INET6, six, 8, 0x1234, &seq), 0);
	assert_int_equal(probe_parse_quote(AF_INET6, four, 8, 0x1234, &seq), -EINVAL);
	assert_int_equal(probe_parse_quote(AF_INET, four, 8, 0x1235, &seq), -EINVAL);
	assert_int_equal(probe_parse_quote(AF_INET, four, 7, 0x1234, &seq), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers),
		cmocka_unit_test(answers_with_ip_header),
		cmocka_unit_test(complaints),
		cmocka_unit_test(quotes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
