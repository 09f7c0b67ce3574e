/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Random operations on PFs of all profiles: plans carried out whole, broken off by a step that
 * fails, lies or finds its VF held, brought back, brought back twice; and in between somebody else
 * sets things, the PF's driver is loaded anew, VFs go through quarantine. SEED and COUNT (of
 * sequences) may be given in the environment; the seed is printed.
 */
#include "sriov-pf/fake/fake.h"
#include "sriov-pf/fake/ops.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define A	     "0000:01:00.0"
#define SEQUENCES    10000
#define OPS_A_ROUND  12
#define SEED_DEFAULT 20240607

static uint64_t seed;
static struct {
	unsigned int whole, refused, empty, broken, undetected, back, named, quarantine, steps;
} count;

struct host {
	const struct ops_facts *f;
	struct pf_fake *fake;
	struct pf_backend b;
	struct pf_state is;
	struct pf_vf memory[OPS_VFS]; /* what each VF had when it was last there */
	unsigned int sequence;
};

/* xorshift64*, Vigna 2016 */
static unsigned int below(unsigned int n)
{
	seed ^= seed >> 12;
	seed ^= seed << 25;
	seed ^= seed >> 27;
	return (unsigned int)((seed * 0x2545f4914f6cdd1dull) >> 33) % n;
}

static bool chance(unsigned int percent)
{
	return below(100) < percent;
}

static void read_again(struct host *h)
{
	struct err e;

	pf_state_clear(&h->is);
	assert_int_equal(h->b.read(h->b.ctx, A, &h->is, &e), 0);
	for (unsigned int i = 0; i < h->is.numvfs; i++)
		h->memory[i] = h->is.vf[i];
}

static void must_be(struct host *h, const struct pf_state *expected, const char *what)
{
	char text[256];

	if (pf_state_differ(&h->is, expected, text, sizeof(text)))
		fail_msg("sequence %u, %s, %s: %s", h->sequence, h->f->driver, what, text);
}

static void random_value(const struct ops_facts *f, struct pf_vf *v)
{
	static const char *const drivers[] = {"", "vfio-pci", PF_NO_DRIVER, "pci-stub"};
	static const unsigned int rates[] = {0, 5, 20, 100, 1000};

	memset(v, 0, sizeof(*v));
	v->mac[0] = (uint8_t)(chance(3) ? 3 : 2);
	v->mac[5] = (uint8_t)below(4);
	if (chance(30))
		memset(v->mac, 0, sizeof(v->mac));
	v->vid = (uint16_t)(chance(40) ? 0 : below(4));
	v->qos = (uint8_t)(v->vid && chance(40) ? below(8) : 0);
	v->proto = v->vid && chance(f->service_tag ? 40 : 2) ? 0x88a8 : 0x8100;
	v->max_mbps = rates[below(5)];
	v->min_mbps = chance(f->least_rate ? 40 : 2) ? rates[below(3)] : 0;
	v->spoofchk = chance(50);
	v->trust = chance(50);
	v->rss_query = chance(50);
	v->link = below(3);
	snprintf(v->override, sizeof(v->override), "%s", drivers[below(4)]);
}

static void random_want(struct host *h, struct pf_want *w, struct pf_vf_want vf[OPS_VFS])
{
	*w = (struct pf_want){.vf = vf, .vfs = h->is.numvfs};
	memset(vf, 0, OPS_VFS * sizeof(*vf));
	if (chance(h->is.numvfs ? 35 : 80)) {
		w->set |= PF_WANT_NUMVFS;
		w->numvfs = w->vfs = below(OPS_VFS + 1);
	}
	if (chance(20)) {
		w->set |= PF_WANT_MTU;
		w->mtu = 1000 + 500 * below(3);
	}
	if (chance(20)) {
		w->set |= PF_WANT_ESWITCH;
		w->eswitch =
			chance(h->f->modes ? 50 : 5) ? PF_ESWITCH_SWITCHDEV : PF_ESWITCH_LEGACY;
	}
	for (unsigned int i = 0; i < w->vfs; i++) {
		random_value(h->f, &vf[i].value);
		for (enum pf_attr a = 0; a < PF_ATTRS; a++)
			if (chance(ops_sets(h->f, h->is.eswitch, a) ? 30 : 1))
				vf[i].set |= PF_ATTR_BIT(a);
	}
}

/* As the engine does it: each step, then reading whether it was done. How many were. */
static unsigned int carry_out(struct host *h, const struct pf_plan *p, unsigned int most)
{
	struct err e;

	for (unsigned int i = 0; i < p->steps && i < most; i++) {
		int rc = h->b.step(h->b.ctx, A, &p->step[i], &e);

		count.steps++;
		read_again(h);
		if (rc != 0 || !pf_step_done(&p->step[i], &h->is))
			return i;
	}
	return p->steps < most ? p->steps : most;
}

static void all_of(struct host *h, struct pf_plan *p, const char *what)
{
	unsigned int done = carry_out(h, p, p->steps);
	char text[128];

	if (done != p->steps)
		fail_msg("sequence %u, %s, %s: step %u of %u, %s", h->sequence, h->f->driver, what,
			 done, p->steps, pf_step_text(&p->step[done], text, sizeof(text)));
	pf_plan_clear(p);
}

/* From whatever it is now to what it was; at times broken off itself, and begun again. */
static void bring_back(struct host *h, const struct pf_state *former)
{
	const struct pf_caps *caps = pf_caps_of(h->f->driver);
	struct err e = {0};
	struct pf_plan p;
	char text[256];
	int rc;

	if (chance(30)) {
		rc = pf_plan_back(&h->is, former, caps, &p, &e);
		assert_true(rc == 0 || rc == -ENOTSUP);
		carry_out(h, &p, below(p.steps + 1));
		pf_plan_clear(&p);
	}
	rc = pf_plan_back(&h->is, former, caps, &p, &e);
	all_of(h, &p, "going back");
	count.back++;
	if (rc == 0) {
		must_be(h, former, "brought back");
		assert_int_equal(pf_plan_back(&h->is, former, caps, &p, &e), 0);
		assert_int_equal(p.steps, 0);
		return;
	}
	/* What somebody else has set that the driver does not take in this mode. */
	assert_int_equal(rc, -ENOTSUP);
	assert_int_equal(former->eswitch, PF_ESWITCH_SWITCHDEV);
	/* A driver that keeps what VFs had may have kept this, but nobody could know. */
	assert_true(h->f->stale || pf_state_differ(&h->is, former, text, sizeof(text)));
	assert_true(strncmp(e.path, "/vfs/", 5) == 0 && e.text[0]);
	count.named++;
}

static void apply_whole(struct host *h, const struct pf_want *w, struct pf_plan *p,
			const struct pf_state *before, const struct pf_state *expected)
{
	struct err e;

	assert_int_equal(p->loses_vfs, before->numvfs && (before->numvfs != expected->numvfs ||
							  before->eswitch != expected->eswitch));
	all_of(h, p, "applying");
	must_be(h, expected, "applied");
	assert_int_equal(pf_plan_make(&h->is, w, pf_caps_of(h->f->driver), p, &e), 0);
	assert_int_equal(p->steps, 0);
	count.whole++;
}

static void op_reload(struct host *h)
{
	pf_fake_reload(h->fake, A);
	memset(h->memory, 0, sizeof(h->memory));
	for (unsigned int i = 0; i < OPS_VFS; i++)
		h->memory[i].known = (1u << PF_VF_DRIVER) - 1;
	read_again(h);
	assert_int_equal(h->is.numvfs, 0);
}

static void apply_broken(struct host *h, struct pf_plan *p, const struct pf_state *before,
			 const struct pf_state *expected)
{
	unsigned int nth = 1 + below(p->steps), way = below(4), done;
	unsigned int held = before->numvfs ? below(before->numvfs) : 0;

	if (way == 0)
		pf_fake_fail(h->fake, nth, EIO);
	else if (way == 1)
		pf_fake_lie(h->fake, nth);
	else if (way == 2)
		pf_fake_hold(h->fake, A, held, true);
	done = carry_out(h, p, way == 3 ? nth : p->steps);
	if (way == 3 && chance(20)) {
		op_reload(h);
		done = 0;
	}
	pf_fake_fail(h->fake, 0, 0);
	pf_fake_lie(h->fake, 0);
	pf_fake_hold(h->fake, A, held, false);
	if (way == 0)
		assert_int_equal(done, nth - 1);
	if (done == p->steps) { /* a lie about what was so already, a VF held but not in the way */
		must_be(h, expected, "applied in spite of it");
		count.undetected++;
	} else {
		bring_back(h, before);
		count.broken++;
	}
	pf_plan_clear(p);
}

static void op_apply(struct host *h)
{
	struct pf_vf_want vf[OPS_VFS];
	struct pf_vf room[OPS_VFS];
	struct pf_state before, expected = {.vf = room};
	struct err e = {0};
	struct pf_want w;
	struct pf_plan p;
	bool may;
	int rc;

	random_want(h, &w, vf);
	may = ops_expect(h->f, &h->is, &w, h->memory, &expected);
	rc = pf_plan_make(&h->is, &w, pf_caps_of(h->f->driver), &p, &e);
	if (may != (rc == 0))
		fail_msg("sequence %u, %s: the plan says %d (%s: %s)", h->sequence, h->f->driver,
			 rc, e.path, e.text);
	count.refused += rc != 0;
	count.empty += rc == 0 && p.steps == 0;
	if (rc != 0)
		return;
	assert_int_equal(pf_state_copy(&before, &h->is), 0);
	if (chance(50) || p.steps == 0)
		apply_whole(h, &w, &p, &before, &expected);
	else
		apply_broken(h, &p, &before, &expected);
	pf_state_clear(&before);
}

/* Something else of each attribute, as far as the driver could have it. */
static void op_meddle(struct host *h)
{
	enum pf_attr attr = below(PF_ATTRS);
	struct pf_vf v;

	if (!h->is.numvfs)
		return;
	random_value(h->f, &v);
	v.mac[0] &= 0xfe;
	if (attr == PF_VLAN && !h->f->service_tag)
		v.proto = 0x8100;
	if (!h->f->least_rate || v.min_mbps > v.max_mbps)
		v.min_mbps = 0;
	if (v.max_mbps <= 10 && !h->f->low_rate)
		v.max_mbps = 0;
	if (v.link == PF_LINK_ENABLE && !h->f->link_up)
		v.link = PF_LINK_AUTO;
	if (attr == PF_LINK_STATE && !ops_sets(h->f, PF_ESWITCH_LEGACY, attr))
		return;
	if (chance(50))
		snprintf(v.driver, sizeof(v.driver), "%s",
			 chance(50) || !h->f->vf_driver ? "vfio-pci" : h->f->vf_driver);
	pf_fake_meddle(h->fake, A, below(h->is.numvfs), attr, &v);
	read_again(h);
}

static void op_quarantine(struct host *h)
{
	unsigned int vf = below(OPS_VFS);
	struct pf_state expected;
	struct err e = {0};
	struct pf_vf neutral = {0};
	struct pf_plan p;
	int rc = pf_plan_quarantine(&h->is, vf, pf_caps_of(h->f->driver), &p, &e);

	if (vf >= h->is.numvfs) {
		assert_int_equal(rc, -EINVAL);
		return;
	}
	assert_int_equal(rc, 0);
	assert_int_equal(pf_state_copy(&expected, &h->is), 0);
	pf_vf_neutral(&neutral);
	neutral.spoofchk = h->f->checks_spoof;
	for (enum pf_attr a = 0; a < PF_ATTRS; a++)
		if (ops_sets(h->f, h->is.eswitch, a))
			pf_vf_take(&expected.vf[vf], &neutral, a);
	all_of(h, &p, "quarantine");
	must_be(h, &expected, "quarantined");
	pf_state_clear(&expected);
	count.quarantine++;
}

static void one_sequence(unsigned int n)
{
	struct host h = {.sequence = n, .f = &ops_facts[below(6)]};

	h.fake = pf_fake_new();
	assert_non_null(h.fake);
	assert_int_equal(pf_fake_add(h.fake, A, h.f->driver), 0);
	h.b = pf_fake_backend(h.fake);
	op_reload(&h);
	for (unsigned int i = 0; i < OPS_A_ROUND; i++) {
		unsigned int op = below(100);

		if (op < 60)
			op_apply(&h);
		else if (op < 80)
			op_meddle(&h);
		else if (op < 95)
			op_quarantine(&h);
		else
			op_reload(&h);
	}
	pf_state_clear(&h.is);
	pf_fake_free(h.fake);
}

static uint64_t from_environment(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 0) : otherwise;
}

static void any_operations_end_as_they_must(void **state)
{
	uint64_t n = from_environment("COUNT", SEQUENCES);

	seed = from_environment("SEED", SEED_DEFAULT);
	print_message("SEED=%llu COUNT=%llu\n", (unsigned long long)seed, (unsigned long long)n);
	seed |= 1; /* never 0 */
	for (uint64_t i = 0; i < n; i++)
		one_sequence((unsigned int)i);
	print_message(
		"%u plans whole (%u empty), %u refused, %u broken off, %u without effect; "
		"%u brought back, %u of them but for what was named; %u quarantines; %u steps\n",
		count.whole, count.empty, count.refused, count.broken, count.undetected, count.back,
		count.named, count.quarantine, count.steps);
	assert_true(n < 1000 || (count.whole && count.refused && count.broken && count.quarantine));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_operations_end_as_they_must),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
