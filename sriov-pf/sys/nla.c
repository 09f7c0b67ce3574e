/* SPDX-License-Identifier: BSD-3-Clause */
#include "sriov-pf/sys/nla.h"

#include <linux/netlink.h>
#include <string.h>

bool pf_nla_of_message(const void *msg, size_t len, size_t header, uint16_t *type,
		       struct pf_nlas *attrs)
{
	struct nlmsghdr nlh;
	size_t skip = NLMSG_HDRLEN + NLMSG_ALIGN(header);

	if (len < sizeof(nlh))
		return false;
	memcpy(&nlh, msg, sizeof(nlh));
	if (nlh.nlmsg_len > len || nlh.nlmsg_len < skip)
		return false;
	*type = nlh.nlmsg_type;
	attrs->at = (const uint8_t *)msg + skip;
	attrs->left = nlh.nlmsg_len - skip;
	return true;
}

struct pf_nlas pf_nla_nested(const struct pf_nla *a)
{
	return (struct pf_nlas){.at = a->data, .left = a->len};
}

bool pf_nla_next(struct pf_nlas *w, struct pf_nla *a)
{
	struct nlattr head;
	size_t step;

	if (w->left < NLA_HDRLEN)
		return false;
	memcpy(&head, w->at, sizeof(head));
	if (head.nla_len < NLA_HDRLEN || head.nla_len > w->left)
		return false;
	a->type = head.nla_type & NLA_TYPE_MASK;
	a->data = w->at + NLA_HDRLEN;
	a->len = (size_t)head.nla_len - NLA_HDRLEN;
	step = NLA_ALIGN((size_t)head.nla_len);
	/* The last one may lack its padding. */
	if (step > w->left)
		step = w->left;
	w->at += step;
	w->left -= step;
	return true;
}

static bool number(const struct pf_nla *a, void *value, size_t size)
{
	if (a->len < size)
		return false;
	memcpy(value, a->data, size);
	return true;
}

uint8_t pf_nla_u8(const struct pf_nla *a)
{
	return a->len ? a->data[0] : 0;
}

uint16_t pf_nla_u16(const struct pf_nla *a)
{
	uint16_t v;

	return number(a, &v, sizeof(v)) ? v : 0;
}

uint32_t pf_nla_u32(const struct pf_nla *a)
{
	uint32_t v;

	return number(a, &v, sizeof(v)) ? v : 0;
}

uint64_t pf_nla_u64(const struct pf_nla *a)
{
	uint64_t v;

	return number(a, &v, sizeof(v)) ? v : 0;
}

void pf_nla_text(const struct pf_nla *a, char *to, size_t room)
{
	size_t n = 0;

	for (; n + 1 < room && n < a->len && a->data[n]; n++)
		to[n] = a->data[n] >= ' ' && a->data[n] < 0x7f ? (char)a->data[n] : '?';
	to[n] = '\0';
}
