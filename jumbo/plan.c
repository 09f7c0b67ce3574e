/* SPDX-License-Identifier: BSD-3-Clause */
#include "jumbo/plan.h"

#include <stdio.h>

uint16_t mtu_derive(uint16_t declared, uint16_t above)
{
	return declared == 0 || declared > above ? above : declared;
}

static const struct mtu_element *parent_of(const struct mtu_plan *p, const struct mtu_element *e)
{
	return e->parent == MTU_NOBODY ? NULL : &p->elements[e->parent];
}

/* Is what the element declares bounded by its parent? */
static bool is_bound(const struct mtu_element *parent)
{
	return parent && (parent->kind != MTU_SITE || parent->declared != 0);
}

void mtu_plan_derive(struct mtu_plan *p)
{
	for (size_t i = 0; i < p->n; i++) {
		struct mtu_element *e = &p->elements[i];
		const struct mtu_element *parent = parent_of(p, e);
		uint16_t above = parent ? parent->planned : MTU_DEFAULT;

		if (e->declared && !is_bound(parent))
			e->planned = e->declared;
		else
			e->planned = mtu_derive(e->declared, above);
		if (e->declared && e->planned == e->declared)
			e->source = (int)i;
		else
			e->source = parent ? parent->source : MTU_NOBODY;
	}
}

static bool is_set_by_others(const struct mtu_element *e)
{
	return e->kind == MTU_GUEST || e->kind == MTU_INTERFACE;
}

size_t mtu_plan_order(const struct mtu_plan *p, uint16_t *order)
{
	size_t n = 0;

	/* A parent stands before its children: backwards is from the leaves to the root. */
	for (size_t i = p->n; i-- > 0;) {
		const struct mtu_element *e = &p->elements[i];

		if (!is_set_by_others(e) && e->actual > e->planned)
			order[n++] = (uint16_t)i;
	}
	for (size_t i = 0; i < p->n; i++) {
		const struct mtu_element *e = &p->elements[i];

		if (!is_set_by_others(e) && e->actual && e->actual < e->planned)
			order[n++] = (uint16_t)i;
	}
	return n;
}

uint16_t mtu_plan_in_force(const struct mtu_plan *p, size_t i)
{
	const struct mtu_element *e = &p->elements[i];
	uint16_t in_force = e->planned;

	for (size_t j = i; j < p->n; j++) {
		const struct mtu_element *guest = &p->elements[j];

		if (guest->kind == MTU_GUEST && (j == i || guest->parent == (int)i) &&
		    guest->actual && guest->actual < in_force)
			in_force = (uint16_t)guest->actual;
	}
	return in_force;
}

int mtu_plan_refusal(const struct mtu_plan *p, char *text, size_t size)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct mtu_element *e = &p->elements[i], *parent = parent_of(p, e);
		char what[96], above[96], source[96];

		mtu_plan_label(p, i, what, sizeof(what));
		mtu_plan_source(p, i, source, sizeof(source));
		if (is_bound(parent) && e->declared > parent->planned) {
			mtu_plan_label(p, (size_t)e->parent, above, sizeof(above));
			mtu_plan_source(p, (size_t)e->parent, source, sizeof(source));
			snprintf(text, size,
				 "mtu: %s declares %u, but %s, which it is on, has %u (from: %s); "
				 "give %s %u or less, or raise that of %s to %u",
				 what, e->declared, above, parent->planned, source, what,
				 parent->planned, above, e->declared);
			return (int)i;
		}
		if (e->max && e->planned > e->max) {
			snprintf(text, size,
				 "mtu: %s can take %u at most, and would get %u (from: %s); give "
				 "it an mtu of its own of %u or less",
				 what, e->max, e->planned, source, e->max);
			return (int)i;
		}
	}
	return MTU_NOBODY;
}
