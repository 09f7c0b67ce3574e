/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Netlink attributes, read without trust: a length is believed only as far as the bytes reach.
 * Pure; any thread.
 */
#ifndef SRIOV_PF_SYS_NLA_H
#define SRIOV_PF_SYS_NLA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pf_nlas {
	const uint8_t *at;
	size_t left;
};

struct pf_nla {
	uint16_t type; /* without the flags for nesting and byte order */
	const uint8_t *data;
	size_t len;
};

/* The attributes that follow an extra header of that size in a message; false: it has no header, or
 * not as many bytes as it says. The message's type goes to *type. */
bool pf_nla_of_message(const void *msg, size_t len, size_t header, uint16_t *type,
		       struct pf_nlas *attrs);
struct pf_nlas pf_nla_nested(const struct pf_nla *a);

/* The next one. False: there is none; then w->left is 0 when all was well, else what was there is
 * no attribute. */
bool pf_nla_next(struct pf_nlas *w, struct pf_nla *a);

/* Values in host order; 0 where there are too few bytes. */
uint8_t pf_nla_u8(const struct pf_nla *a);
uint16_t pf_nla_u16(const struct pf_nla *a);
uint32_t pf_nla_u32(const struct pf_nla *a);
uint64_t pf_nla_u64(const struct pf_nla *a);
/* Copies a string as far as `room` lets it, always with its end. Bytes that are not printable ASCII
 * become '?'. */
void pf_nla_text(const struct pf_nla *a, char *to, size_t room);

#endif
