/* SPDX-License-Identifier: BSD-3-Clause */
#include "sriov-pf/sys/ack.h"

#include "base/err.h"
#include "sriov-pf/sys/nla.h"

#include <errno.h>
#include <linux/netlink.h>
#include <string.h>

/* Skips the request that an error repeats, when it is not capped. False: it is not all there. */
static bool skip_request(struct pf_nlas *rest, unsigned int flags)
{
	struct nlmsghdr request;
	size_t repeated = sizeof(request);

	if (rest->left < sizeof(request))
		return false;
	memcpy(&request, rest->at, sizeof(request));
	if (!(flags & NLM_F_CAPPED))
		repeated = NLMSG_ALIGN((size_t)request.nlmsg_len);
	if (repeated < sizeof(request) || repeated > rest->left)
		return false;
	rest->at += repeated;
	rest->left -= repeated;
	return true;
}

int pf_ack_parse(const void *msg, size_t len, struct pf_ack *ack)
{
	struct nlmsghdr nlh;
	struct pf_nlas rest;
	struct pf_nla a;
	uint16_t type;

	memset(ack, 0, sizeof(*ack));
	if (!pf_nla_of_message(msg, len, 0, &type, &rest))
		return -EBADMSG;
	if (type != NLMSG_ERROR && type != NLMSG_DONE)
		return 0;
	memcpy(&nlh, msg, sizeof(nlh));
	/* An end of a dump without a number is one without an error. */
	if (rest.left < sizeof(ack->error))
		return type == NLMSG_DONE ? 1 : -EBADMSG;
	memcpy(&ack->error, rest.at, sizeof(ack->error));
	if (ack->error > 0 || ack->error < -ERRNO_MAX)
		return -EBADMSG;
	rest.at += sizeof(ack->error);
	rest.left -= sizeof(ack->error);
	if (type == NLMSG_ERROR && !skip_request(&rest, nlh.nlmsg_flags))
		return -EBADMSG;
	if (!(nlh.nlmsg_flags & NLM_F_ACK_TLVS))
		return 1;
	while (pf_nla_next(&rest, &a))
		if (a.type == NLMSGERR_ATTR_MSG)
			pf_nla_text(&a, ack->text, sizeof(ack->text));
	return 1;
}

const char *pf_ack_words(const struct pf_ack *ack)
{
	return ack->text[0] ? ack->text : strerror(-ack->error);
}
