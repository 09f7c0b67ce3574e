/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The MTU plan: what each element of the network is to have, where that value comes from, in which
 * order it is brought about, and who does not keep to it. Pure code over a table of elements: it
 * reads and sets nothing, and needs neither DPDK nor a network.
 *
 * An element's parent stands before it in the table. What an element does not declare it has from
 * its parent. A bridge is on the site, a port on its bridge; a guest, and an interface beneath a
 * DPDK device, hang on their port; a VF hangs on its PF. No element is to have more than its
 * parent, but for those right below a site that declares nothing: its 1500 is only what they have
 * who say nothing either.
 *
 * All: any thread, any process; the caller keeps others away from the table.
 */
#ifndef JUMBO_PLAN_H
#define JUMBO_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum mtu_kind {
	MTU_SITE,
	MTU_BRIDGE,
	MTU_HOST,      /* a port on the host's network stack */
	MTU_VHOST,     /* a port to a guest */
	MTU_ETHDEV,    /* a port on a DPDK device */
	MTU_GUEST,     /* who is at the far end of a vhost port */
	MTU_INTERFACE, /* the kernel's interface beneath a DPDK device */
	MTU_PF,
	MTU_VF,
	MTU_KINDS,
};

enum {
	MTU_NOBODY = -1,    /* no parent; no source, so the default */
	MTU_DEFAULT = 1500, /* where nobody declares anything; RFC 894 */
};

struct mtu_element {
	enum mtu_kind kind;
	int parent; /* its index, below the element's own; or MTU_NOBODY */
	char name[64];
	char ifname[16];   /* the kernel's interface: host, interface, PF, VF; or "" */
	char netns[256];   /* the namespace it is in; "": flued's */
	uint16_t declared; /* bytes of layer 3, as all here; 0: nothing */
	uint32_t max;	   /* the most it can take; 0: not known */
	uint32_t actual;   /* what it has, a guest: was told; 0: not known */

	/* mtu_plan_derive() fills these. */
	uint16_t planned;
	int source; /* the element that declares what is planned here; or MTU_NOBODY */
};

struct mtu_plan {
	struct mtu_element *elements;
	size_t n;
};

/* One element's disagreement with the plan. */
struct mtu_problem {
	char text[640];	 /* a sentence: what is, what should be, what comes of it */
	char cure[1200]; /* what to type; names are quoted for a shell */
};

/* What an element gets: what it declares (0: nothing), else what is above it, and not more. */
uint16_t mtu_derive(uint16_t declared, uint16_t above);

/* Fills `planned` and `source` of each element. */
void mtu_plan_derive(struct mtu_plan *p);

/* Can the (derived) plan hold? Returns MTU_NOBODY; or the first element that cannot have what is
 * planned, with the reason, both values and the cure as a sentence in text. */
int mtu_plan_refusal(const struct mtu_plan *p, char *text, size_t size);

/* The order in which the elements whose actual value is known and is not the planned one are to be
 * changed: first those that get less, each before its parent; then those that get more, each after
 * its parent. So no element ever has more than its parent, if none has before. Guests and
 * interfaces beneath devices are not among them: others set theirs. Writes indices to order, which
 * has room for all, and returns how many. */
size_t mtu_plan_order(const struct mtu_plan *p, uint16_t *order);

/* The size up to which frames are passed to element i now: the plan's, and not more than a guest
 * was told (virtio 1.2, 5.1.4.1: such a guest is sent nothing larger). */
uint16_t mtu_plan_in_force(const struct mtu_plan *p, size_t i);

/* Does element i disagree with the plan? If so, says how in out. */
bool mtu_plan_problem(const struct mtu_plan *p, size_t i, struct mtu_problem *out);

/* "port vm0", "guest of port vm0", "site". Returns text. */
const char *mtu_plan_label(const struct mtu_plan *p, size_t i, char *text, size_t size);

/* Where what is planned for element i comes from: a label, or "default". Returns text. */
const char *mtu_plan_source(const struct mtu_plan *p, size_t i, char *text, size_t size);

/* "host", "guest"; as mtu.show calls it. */
const char *mtu_kind_name(enum mtu_kind kind);

#endif
