/* SPDX-License-Identifier: BSD-3-Clause */
#include "sriov-pf/model/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BIT(a) PF_ATTR_BIT(PF_##a)

static void fill(struct pf_state *s)
{
	*s = (struct pf_state){.address = "0000:01:00.0",
			       .ifname = "ens1f0",
			       .ifindex = 4,
			       .driver = "igb",
			       .serial = "b4-96 91",
			       .vendor = 0x8086,
			       .device = 0x10c9,
			       .port = 1,
			       .totalvfs = 7,
			       .numvfs = 2,
			       .mtu = 9000,
			       .mtu_max = 9216,
			       .eswitch = PF_ESWITCH_LEGACY,
			       .autoprobe = true,
			       .up = true};
	s->vf = calloc(2, sizeof(*s->vf));
	assert_non_null(s->vf);
	s->vf[0] = (struct pf_vf){.address = "0000:01:10.0",
				  .known = (1u << PF_ATTRS) - 1,
				  .mac = {0x52, 0x54, 0, 0, 0, 1},
				  .vid = 10,
				  .qos = 3,
				  .proto = 0x88a8,
				  .min_mbps = 5,
				  .max_mbps = 100,
				  .trust = true,
				  .rss_query = true,
				  .link = PF_LINK_DISABLE,
				  .driver = "vfio-pci",
				  .override = "vfio-pci"};
	s->vf[1].known = BIT(MAC);
	pf_vf_neutral(&s->vf[1]);
}

static void same_vf(const struct pf_vf *a, const struct pf_vf *b)
{
	assert_string_equal(a->address, b->address);
	assert_int_equal(a->known, b->known);
	assert_memory_equal(a->mac, b->mac, sizeof(a->mac));
	assert_true(a->vid == b->vid && a->qos == b->qos && a->proto == b->proto);
	assert_true(a->min_mbps == b->min_mbps && a->max_mbps == b->max_mbps);
	assert_true(a->spoofchk == b->spoofchk && a->trust == b->trust);
	assert_true(a->rss_query == b->rss_query && a->link == b->link);
	assert_string_equal(a->driver, b->driver);
	assert_string_equal(a->override, b->override);
}

static void same_state(const struct pf_state *a, const struct pf_state *b)
{
	assert_string_equal(a->address, b->address);
	assert_string_equal(a->ifname, b->ifname);
	assert_string_equal(a->driver, b->driver);
	assert_string_equal(a->serial, b->serial);
	assert_true(a->ifindex == b->ifindex && a->port == b->port);
	assert_true(a->vendor == b->vendor && a->device == b->device);
	assert_true(a->totalvfs == b->totalvfs && a->numvfs == b->numvfs && a->mtu == b->mtu);
	assert_int_equal(a->mtu_max, b->mtu_max);
	assert_true(a->eswitch == b->eswitch && a->autoprobe == b->autoprobe && a->up == b->up);
	for (unsigned int i = 0; i < a->numvfs; i++)
		same_vf(&a->vf[i], &b->vf[i]);
}

static void a_state_comes_back_from_json(void **state)
{
	struct pf_state s, back;
	struct err e = {0};
	json_t *j;

	fill(&s);
	j = pf_state_json(&s);
	assert_non_null(j);
	assert_int_equal(pf_state_parse(j, &back, &e), 0);
	same_state(&s, &back);
	/* What is not known is not told, and comes back as neutral. */
	assert_null(json_object_get(json_array_get(json_object_get(j, "vfs"), 1), "spoofchk"));
	assert_true(back.vf[1].spoofchk);
	pf_state_clear(&back);
	assert_null(back.vf);
	pf_state_clear(&s);
	json_decref(j);
}

/* The state as JSON, with one member of it, or of its first VF, put instead. */
static void refused(const char *vf_key, const char *key, json_t *value, const char *path)
{
	struct pf_state s, back;
	struct err e = {0};
	json_t *j, *vf;

	fill(&s);
	j = pf_state_json(&s);
	vf = json_array_get(json_object_get(j, "vfs"), 0);
	if (value)
		json_object_set_new(vf_key ? vf : j, vf_key ? vf_key : key, value);
	else
		json_object_del(vf_key ? vf : j, vf_key ? vf_key : key);
	assert_int_equal(pf_state_parse(j, &back, &e), -EINVAL);
	assert_string_equal(e.path, path);
	assert_true(e.text[0]);
	assert_null(back.vf);
	json_decref(j);
	pf_state_clear(&s);
}

static void damaged_json_is_refused(void **state)
{
	refused(NULL, "mtu", NULL, "/mtu");
	refused(NULL, "mtu", json_string("1500"), "/mtu");
	refused(NULL, "mtu", json_integer(-1), "/mtu");
	refused(NULL, "mtu-max", json_integer(-1), "/mtu-max");
	refused(NULL, "vendor", json_integer(65536), "/vendor");
	refused(NULL, "numvfs", json_integer(3), "/vfs");
	refused(NULL, "numvfs", json_integer(PF_VFS_MAX + 1), "/numvfs");
	refused(NULL, "vfs", json_object(), "/vfs");
	refused(NULL, "address", json_string(""), "/address");
	refused(NULL, "address", json_string("0000:01:00.00"), "/address");
	refused(NULL, "ifname", json_string("a\nb"), "/ifname");
	refused(NULL, "serial", json_stringn("a\0b", 3), "/serial");
	refused(NULL, "eswitch", json_string("Legacy"), "/eswitch");
	refused(NULL, "autoprobe", json_integer(1), "/autoprobe");
	refused(NULL, "more", json_integer(1), "");
	refused("mac", NULL, json_string("52:54:00:00:00"), "/vfs/0/mac");
	refused("vlan", NULL, json_integer(4096), "/vfs/0/vlan");
	refused("qos", NULL, json_integer(8), "/vfs/0/qos");
	refused("qos", NULL, NULL, "/vfs/0/qos");
	refused("vlan-proto", NULL, json_string("q"), "/vfs/0/vlan-proto");
	refused("max-rate", NULL, json_integer(1ll << 32), "/vfs/0/max-rate");
	refused("max-rate", NULL, NULL, "/vfs/0/max-rate");
	refused("link-state", NULL, json_null(), "/vfs/0/link-state");
	refused("driver", NULL, json_string("a-driver-whose-name-is-too-long-for-it"),
		"/vfs/0/driver");
	refused("override", NULL, NULL, "/vfs/0/override");
	refused("more", NULL, json_true(), "/vfs/0");
	/* Without its first member the rest of an attribute is something unknown. */
	refused("vlan", NULL, NULL, "/vfs/0");
}

static void a_copy_is_deep(void **state)
{
	struct pf_state s, copy, none = {.address = "netdevsim0"};

	fill(&s);
	assert_int_equal(pf_state_copy(&copy, &s), 0);
	same_state(&s, &copy);
	assert_ptr_not_equal(s.vf, copy.vf);
	pf_state_clear(&copy);
	assert_int_equal(pf_state_copy(&copy, &none), 0);
	assert_null(copy.vf);
	pf_state_clear(&s);
}

static void each_attribute_tells_a_difference(void **state)
{
	static const char *const texts[] = {
		"vf 0: mac: 52:54:00:00:00:01, not 00:00:00:00:00:00",
		"vf 0: vlan: vlan 10 qos 3 802.1ad, not vlan 0",
		"vf 0: rate: min-rate 5 max-rate 100, not min-rate 0 max-rate 0",
		"vf 0: spoofchk: off, not on",
		"vf 0: trust: on, not off",
		"vf 0: link-state: disable, not auto",
		"vf 0: rss-query: on, not off",
		"vf 0: driver: vfio-pci, not none",
	};
	struct pf_vf neutral = {.known = (1u << PF_ATTRS) - 1};
	struct pf_state a, b;
	char buf[256];

	fill(&a);
	fill(&b);
	pf_vf_neutral(&neutral);
	assert_null(pf_state_differ(&a, &b, buf, sizeof(buf)));
	for (enum pf_attr t = 0; t < PF_ATTRS; t++) {
		struct pf_vf was = b.vf[0];

		pf_vf_take(&b.vf[0], &neutral, t);
		assert_false(pf_vf_same(&a.vf[0], &b.vf[0], t));
		assert_string_equal(pf_state_differ(&a, &b, buf, sizeof(buf)), texts[t]);
		/* What one of them does not know is no difference. */
		b.vf[0].known &= ~PF_ATTR_BIT(t);
		assert_null(pf_state_differ(&a, &b, buf, sizeof(buf)));
		b.vf[0] = was;
	}
	pf_state_clear(&a);
	pf_state_clear(&b);
}

static void what_cannot_be_set_is_no_difference(void **state)
{
	struct pf_state a, b;
	char buf[256];

	fill(&a);
	fill(&b);
	b.ifindex++;
	b.up = false;
	strcpy(b.vf[0].address, "0000:02:10.0");
	assert_null(pf_state_differ(&a, &b, buf, sizeof(buf)));
	b.mtu = 1500;
	assert_string_equal(pf_state_differ(&a, &b, buf, sizeof(buf)), "mtu: 9000, not 1500");
	b.mtu = a.mtu;
	b.autoprobe = false;
	assert_string_equal(pf_state_differ(&a, &b, buf, sizeof(buf)), "autoprobe: on, not off");
	b.eswitch = PF_ESWITCH_SWITCHDEV;
	assert_string_equal(pf_state_differ(&a, &b, buf, sizeof(buf)),
			    "eswitch: legacy, not switchdev");
	b.numvfs = 1;
	assert_string_equal(pf_state_differ(&a, &b, buf, sizeof(buf)), "numvfs: 2, not 1");
	pf_state_clear(&a);
	pf_state_clear(&b);
}

static void the_kind_of_no_tag_does_not_matter(void **state)
{
	struct pf_vf a = {.known = BIT(VLAN)}, b = {.known = BIT(VLAN), .proto = 0x88a8};

	assert_true(pf_vf_same(&a, &b, PF_VLAN));
	a.vid = b.vid = 5;
	assert_false(pf_vf_same(&a, &b, PF_VLAN));
}

static void a_driver_may_differ_from_its_override(void **state)
{
	struct pf_vf vf = {.driver = "igbvf", .override = "vfio-pci"};
	char buf[64];

	assert_string_equal(pf_vf_text(&vf, PF_VF_DRIVER, buf, sizeof(buf)),
			    "igbvf (override vfio-pci)");
	vf.override[0] = '\0';
	assert_string_equal(pf_vf_text(&vf, PF_VF_DRIVER, buf, sizeof(buf)), "igbvf");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_state_comes_back_from_json),
		cmocka_unit_test(damaged_json_is_refused),
		cmocka_unit_test(a_copy_is_deep),
		cmocka_unit_test(each_attribute_tells_a_difference),
		cmocka_unit_test(what_cannot_be_set_is_no_difference),
		cmocka_unit_test(the_kind_of_no_tag_does_not_matter),
		cmocka_unit_test(a_driver_may_differ_from_its_override),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
