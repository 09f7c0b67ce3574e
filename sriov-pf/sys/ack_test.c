/* SPDX-License-Identifier: BSD-3-Clause */
#include "sriov-pf/sys/ack.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netlink.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static uint32_t buf[256];

/* repeated: bytes of the request that an error carries when it is not capped. */
static struct nlmsghdr *make(int error, uint16_t flags, size_t repeated, const char *words)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct nlmsgerr *e = mnl_nlmsg_put_extra_header(nlh, sizeof(*e));

	nlh->nlmsg_type = NLMSG_ERROR;
	nlh->nlmsg_flags = flags;
	e->error = error;
	e->msg.nlmsg_len = (uint32_t)(sizeof(e->msg) + repeated);
	if (!(flags & NLM_F_CAPPED))
		memset(mnl_nlmsg_put_extra_header(nlh, repeated), 0xff, repeated);
	if (words) {
		mnl_attr_put_u32(nlh, NLMSGERR_ATTR_OFFS, 48);
		mnl_attr_put_strz(nlh, NLMSGERR_ATTR_MSG, words);
	}
	return nlh;
}

static int parse(const struct nlmsghdr *nlh, struct pf_ack *ack)
{
	return pf_ack_parse(nlh, nlh->nlmsg_len, ack);
}

static void success_is_read(void **state)
{
	struct pf_ack ack;

	assert_int_equal(parse(make(0, NLM_F_CAPPED, 40, NULL), &ack), 1);
	assert_int_equal(ack.error, 0);
}

static void the_kernels_words_are_read(void **state)
{
	struct pf_ack ack;

	assert_int_equal(
		parse(make(-EINVAL, NLM_F_CAPPED | NLM_F_ACK_TLVS, 40, "mtu too large"), &ack), 1);
	assert_int_equal(ack.error, -EINVAL);
	assert_string_equal(pf_ack_words(&ack), "mtu too large");
	/* Behind a request that is repeated. */
	assert_int_equal(parse(make(-EINVAL, NLM_F_ACK_TLVS, 40, "not now"), &ack), 1);
	assert_string_equal(pf_ack_words(&ack), "not now");
	/* Nothing of a terminal's. */
	assert_int_equal(parse(make(-EINVAL, NLM_F_ACK_TLVS, 40, "a\033[2Jb\n"), &ack), 1);
	assert_string_equal(pf_ack_words(&ack), "a?[2Jb?");
}

static void without_words_there_are_those_of_the_errno(void **state)
{
	struct pf_ack ack;

	assert_int_equal(parse(make(-EOPNOTSUPP, 0, 40, NULL), &ack), 1);
	assert_string_equal(pf_ack_words(&ack), strerror(EOPNOTSUPP));
	/* Attributes without the flag are no words. */
	assert_int_equal(parse(make(-EPERM, NLM_F_CAPPED, 40, "no"), &ack), 1);
	assert_string_equal(pf_ack_words(&ack), strerror(EPERM));
}

static void other_messages_are_told_apart(void **state)
{
	struct nlmsghdr *nlh = make(0, NLM_F_CAPPED, 0, NULL);
	struct pf_ack ack;

	nlh->nlmsg_type = 16;
	assert_int_equal(parse(nlh, &ack), 0);
	nlh->nlmsg_type = NLMSG_DONE;
	assert_int_equal(parse(nlh, &ack), 1);
	nlh->nlmsg_len = NLMSG_HDRLEN;
	assert_int_equal(parse(nlh, &ack), 1);
}

static void damage_is_refused(void **state)
{
	struct nlmsghdr *nlh = make(-EINVAL, 0, 40, NULL);
	struct pf_ack ack;

	/* A request that is not all there, no errno, one that is none. */
	nlh->nlmsg_len -= 4;
	assert_int_equal(parse(nlh, &ack), -EBADMSG);
	nlh->nlmsg_len = NLMSG_HDRLEN + 2;
	assert_int_equal(parse(nlh, &ack), -EBADMSG);
	assert_int_equal(parse(make(1, NLM_F_CAPPED, 0, NULL), &ack), -EBADMSG);
	assert_int_equal(parse(make(INT32_MIN, NLM_F_CAPPED, 0, NULL), &ack), -EBADMSG);
	assert_int_equal(pf_ack_parse(nlh, 3, &ack), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(success_is_read),
		cmocka_unit_test(the_kernels_words_are_read),
		cmocka_unit_test(without_words_there_are_those_of_the_errno),
		cmocka_unit_test(other_messages_are_told_apart),
		cmocka_unit_test(damage_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
