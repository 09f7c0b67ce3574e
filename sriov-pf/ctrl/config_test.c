/* SPDX-License-Identifier: BSD-3-Clause */
/* What an agent is asked to make, and what a plan takes from whom. */
#include "sriov-pf/ctrl/config.h"
#include "sriov-pf/ctrl/planning.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define ADDRESS "0000:01:00.0"

struct fixture {
	struct ctrl c;
	struct pf_entry p;
};

static json_t *parse(const char *text)
{
	json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);

	assert_non_null(json);
	return json;
}

/* A card with 4 VFs of which nothing is set, and that declaration of before. */
static void set_up(struct fixture *f, const char *declared)
{
	*f = (struct fixture){.p = {.name = "wan", .address = ADDRESS, .known = true}};
	f->c.config = parse(declared);
	f->p.config = json_deep_copy(f->c.config);
	f->p.state = (struct pf_state){.address = ADDRESS,
				       .ifname = "eth0",
				       .ifindex = 2,
				       .driver = "igb",
				       .totalvfs = 7,
				       .numvfs = 4,
				       .mtu = 1500,
				       .vf = calloc(4, sizeof(struct pf_vf))};
	for (unsigned int i = 0; i < 4; i++) {
		f->p.state.vf[i].known = (1u << PF_ATTRS) - 1;
		pf_vf_neutral(&f->p.state.vf[i]);
	}
}

static void tear_down(struct fixture *f)
{
	json_decref(f->c.config);
	json_decref(f->p.config);
	pf_state_clear(&f->p.state);
	lease_table_clear(&f->c.leases);
}

static struct lease *lease(struct fixture *f, unsigned int vf, enum lease_state state)
{
	struct lease *l = lease_add(&f->c.leases, ADDRESS, vf, LEASE_RESERVED, "d", 1, 1, NULL);

	l->state = state;
	return l;
}

#define NOW(vfs) "{\"pfs\":[{\"name\":\"wan\",\"ifname\":\"eth0\",\"numvfs\":4}],\"vfs\":[" vfs "]}"
#define VF0	 "\"pf\":\"wan\",\"index\":0"
#define VF1	 "\"pf\":\"wan\",\"index\":1"

static void effective_is(struct fixture *f, const char *part, const char *want)
{
	json_t *now = parse(part), *is = config_effective(&f->c, &f->p, now), *to_be = parse(want);

	if (!json_equal(is, to_be))
		fail_msg("is %s", json_dumps(is, 0));
	json_decref(now);
	json_decref(is);
	json_decref(to_be);
}

#define EFFECTIVE(vfs)                                                                             \
	"{\"pfs\":[{\"name\":\"wan\",\"address\":\"" ADDRESS "\",\"numvfs\":4}],\"vfs\":[" vfs "]" \
	"}"

static void test_undeclared(void **state)
{
	struct fixture f;

	set_up(&f, NOW("{" VF0 ",\"mac\":\"02:00:00:00:00:01\",\"trust\":true},"
		       "{" VF1 ",\"vlan\":5,\"qos\":2,\"driver\":\"vfio-pci\"}"));
	effective_is(&f, NOW("{" VF0 ",\"trust\":true}"),
		     EFFECTIVE("{" VF0 ",\"trust\":true,\"mac\":\"00:00:00:00:00:00\"},"
			       "{" VF1 ",\"vlan\":0,\"driver\":\"none\"}"));
	tear_down(&f);
}

static void test_leased(void **state)
{
	struct fixture f;

	set_up(&f, NOW(""));
	lease(&f, 0, LEASE_HELD);
	lease(&f, 1, LEASE_QUARANTINE);
	effective_is(&f,
		     NOW("{" VF0 ",\"trust\":true,\"driver\":\"kernel\"},{" VF1 ",\"trust\":true}"),
		     EFFECTIVE("{" VF0 ",\"trust\":true}"));
	tear_down(&f);
}

static void test_one_vf(void **state)
{
	struct fixture f;
	json_t *json;

	set_up(&f, NOW("{" VF0 ",\"owner\":\"d\"},{" VF1 ",\"trust\":true,\"owner\":\"e\"}"));
	assert_null(config_of_vf(&f.p, 0)); /* nothing to be set */
	assert_null(config_of_vf(&f.p, 3));
	assert_string_equal(config_owner(&f.p, 0), "d");
	assert_string_equal(config_owner(&f.p, 3), "");
	json = config_of_vf(&f.p, 1);
	assert_int_equal(json_object_size(json_array_get(json_object_get(json, "vfs"), 0)), 3);
	json_decref(json);
	tear_down(&f);
}

static void test_changed(void **state)
{
	struct fixture f;
	json_t *vf = parse("{" VF1 ",\"trust\":true}"), *json, *vfs;

	set_up(&f, NOW("{" VF1 ",\"vlan\":5}"));
	json = config_with_vf(&f.c, &f.p, vf);
	vfs = json_object_get(json, "vfs");
	assert_int_equal(json_array_size(vfs), 1);
	assert_int_equal(json_get_int(json_array_get(vfs, 0), "vlan", 0), 5);
	assert_true(json_get_bool(json_array_get(vfs, 0), "trust", false));
	json_decref(json);
	json_decref(vf);
	tear_down(&f);
}

static size_t blast_of(struct fixture *f, const char *part)
{
	json_t *now = parse(part), *blast = json_array();
	struct planning g;
	size_t n;

	assert_int_equal(planning_make(&f->c, &f->p, now, &g, NULL), 0);
	planning_blast(&f->c, &f->p, &g.plan, blast);
	n = json_array_size(blast);
	planning_clear(&g);
	json_decref(blast);
	json_decref(now);
	return n;
}

#define NUMVFS(n) "{\"pfs\":[{\"name\":\"wan\",\"ifname\":\"eth0\",\"numvfs\":" n "}],\"vfs\":[]}"

static void test_blast(void **state)
{
	struct fixture f;

	set_up(&f, NOW(""));
	assert_int_equal(blast_of(&f, NUMVFS("2")), 0);
	lease(&f, 0, LEASE_HELD);
	lease(&f, 1, LEASE_RESERVED);
	lease(&f, 2, LEASE_PREPARED);
	lease(&f, 3, LEASE_UNUSABLE);
	/* All go through 0, also those below the new number; one that nobody can use is no loss. */
	assert_int_equal(blast_of(&f, NUMVFS("2")), 3);
	assert_int_equal(blast_of(&f, NUMVFS("4")), 0);
	assert_int_equal(blast_of(&f, NOW("{" VF0 ",\"trust\":true}")), 0);
	tear_down(&f);
}

static void test_words(void **state)
{
	struct fixture f;
	json_t *now = parse(NOW("{" VF0 ",\"vlan\":5,\"qos\":2}")), *list = json_array(), *want;
	struct planning g;

	set_up(&f, NOW(""));
	assert_int_equal(planning_make(&f.c, &f.p, now, &g, NULL), 0);
	planning_changes(&f.p, "wan", &g.plan, list);
	want = parse("[{\"verb\":\"set\",\"object\":\"vf\",\"name\":\"wan/0\","
		     "\"params\":{\"vlan\":5,\"qos\":2}}]");
	assert_true(json_equal(list, want));
	json_decref(want);
	json_decref(list);
	list = planning_drift(&f.p, &g.plan);
	assert_int_equal(json_array_size(list), 1);
	assert_string_equal(json_get_str(json_array_get(list, 0), "what", ""), "vf 0 vlan");
	json_decref(list);
	planning_clear(&g);
	json_decref(now);
	tear_down(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_undeclared), cmocka_unit_test(test_leased),
		cmocka_unit_test(test_one_vf),	   cmocka_unit_test(test_changed),
		cmocka_unit_test(test_blast),	   cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
