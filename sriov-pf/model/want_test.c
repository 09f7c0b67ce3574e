/* SPDX-License-Identifier: BSD-3-Clause */
#include "sriov-pf/model/want.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define BIT(a) PF_ATTR_BIT(PF_##a)

static int parse(const char *text, struct pf_want **wants, unsigned int *n, struct err *e)
{
	json_t *j = json_loads(text, 0, NULL);
	int rc;

	assert_non_null(j);
	*e = (struct err){0};
	rc = pf_wants_parse(j, wants, n, e);
	json_decref(j);
	return rc;
}

static void a_configuration_is_read(void **state)
{
	static const char text[] =
		"{'pfs':[{'name':'wan','address':'0000:0A:00.0','numvfs':3,'mtu':9000,"
		"'eswitch':'legacy','drift':'repair'},"
		"{'name':'lan','device':'8086:10c9','serial':'x','port':1}],"
		"'vfs':[{'pf':'wan','index':1,'mac':'52:54:00:00:00:01','vlan':10,'qos':3,"
		"'vlan-proto':'802.1ad','max-rate':100,'spoofchk':false,'trust':true,"
		"'link-state':'enable','rss-query':false,'driver':'vfio-pci','owner':'d'},"
		"{'pf':'lan','index':4,'driver':'kernel','link-state':'disable'},"
		"{'pf':'lan','index':0,'driver':'none'}]}";
	char json[sizeof(text)];
	struct pf_want *w;
	unsigned int n;
	struct err e;

	for (size_t i = 0; i < sizeof(text); i++)
		json[i] = text[i] == '\'' ? '"' : text[i];
	assert_int_equal(parse(json, &w, &n, &e), 0);
	assert_int_equal(n, 2);
	assert_string_equal(w[0].name, "wan");
	assert_string_equal(w[0].select.address, "0000:0a:00.0");
	assert_int_equal(w[0].set, PF_WANT_NUMVFS | PF_WANT_MTU | PF_WANT_ESWITCH);
	assert_true(w[0].repair && w[0].numvfs == 3 && w[0].vfs == 3 && w[0].mtu == 9000);
	assert_int_equal(w[0].eswitch, PF_ESWITCH_LEGACY);
	assert_int_equal(w[0].vf[0].set, 0);
	assert_false(w[0].vf[0].named);
	assert_int_equal(w[0].vf[1].set, (1u << PF_ATTRS) - 1);
	assert_int_equal(w[0].vf[1].value.known, w[0].vf[1].set);
	assert_int_equal(w[0].vf[1].value.mac[5], 1);
	assert_true(w[0].vf[1].value.vid == 10 && w[0].vf[1].value.qos == 3);
	assert_int_equal(w[0].vf[1].value.proto, 0x88a8);
	assert_true(w[0].vf[1].value.max_mbps == 100 && w[0].vf[1].value.min_mbps == 0);
	assert_true(!w[0].vf[1].value.spoofchk && w[0].vf[1].value.trust);
	assert_int_equal(w[0].vf[1].value.link, PF_LINK_ENABLE);
	assert_string_equal(w[0].vf[1].value.override, "vfio-pci");
	assert_string_equal(w[0].vf[1].owner, "d");
	assert_true(w[1].set == 0 && w[1].vfs == 5 && !w[1].repair);
	assert_true(w[1].select.by_device && w[1].select.by_port && w[1].select.port == 1);
	assert_string_equal(w[1].vf[4].value.override, "");
	assert_int_equal(w[1].vf[4].value.link, PF_LINK_DISABLE);
	assert_string_equal(w[1].vf[0].value.override, PF_NO_DRIVER);
	pf_wants_free(w, n);
	assert_int_equal(parse("{}", &w, &n, &e), 0);
	assert_true(n == 0 && !w);
}

#define PF     "{\"name\":\"a\",\"ifname\":\"e0\",\"numvfs\":2}"
#define VF(x)  "{\"pfs\":[" PF "],\"vfs\":[{\"pf\":\"a\",\"index\":0" x "}]}"
#define PFS(x) "{\"pfs\":[{\"name\":\"a\"" x "}]}"

static void what_cannot_be_is_refused(void **state)
{
	static const struct {
		const char *text, *path;
		int rc;
	} cases[] = {
		{PFS(""), "/pfs/0/address", -EINVAL},
		{PFS(",\"address\":\"0000:01:00.0\",\"ifname\":\"e\""), "/pfs/0/address", -EINVAL},
		{PFS(",\"address\":\"0000:01:00.00\""), "/pfs/0/address", -EINVAL},
		{PFS(",\"device\":\"8086-10c9\""), "/pfs/0/device", -EINVAL},
		{PFS(",\"device\":\"8086:10cg\""), "/pfs/0/device", -EINVAL},
		{PFS(",\"ifname\":\"e\",\"serial\":\"x\""), "/pfs/0/serial", -EINVAL},
		{PFS(",\"ifname\":\"e\",\"port\":1"), "/pfs/0/port", -EINVAL},
		{"{\"pfs\":[" PF "," PF "]}", "/pfs/1/name", -EEXIST},
		{"{\"pfs\":[" PF ",{\"name\":\"b\",\"ifname\":\"e0\"}]}", "/pfs/1/name", -EEXIST},
		{"{\"pfs\":[" PF "],\"vfs\":[{\"pf\":\"b\",\"index\":0}]}", "/vfs/0/pf", -ENOENT},
		{"{\"pfs\":[" PF "],\"vfs\":[{\"pf\":\"a\",\"index\":2}]}", "/vfs/0/index",
		 -EINVAL},
		{"{\"pfs\":[" PF "],\"vfs\":[{\"pf\":\"a\"}]}", "/vfs/0/index", -EINVAL},
		{"{\"pfs\":[" PF
		 "],\"vfs\":[{\"pf\":\"a\",\"index\":1},{\"pf\":\"a\",\"index\":1}]}",
		 "/vfs/1/index", -EEXIST},
		{VF(",\"mac\":\"53:54:00:00:00:01\""), "/vfs/0/mac", -EINVAL},
		{VF(",\"mac\":\"nothing\""), "/vfs/0/mac", -EINVAL},
		{VF(",\"qos\":3"), "/vfs/0/qos", -EINVAL},
		{VF(",\"qos\":0"), "/vfs/0/qos", -EINVAL},
		{VF(",\"vlan-proto\":\"802.1Q\""), "/vfs/0/vlan-proto", -EINVAL},
		{VF(",\"vlan\":0,\"vlan-proto\":\"802.1ad\""), "/vfs/0/vlan-proto", -EINVAL},
		{VF(",\"vlan\":0,\"qos\":1"), "/vfs/0/qos", -EINVAL},
		{VF(",\"vlan\":4095"), "/vfs/0/vlan", -EINVAL},
		{VF(",\"min-rate\":20,\"max-rate\":10"), "/vfs/0/min-rate", -EINVAL},
		{VF(",\"driver\":\"../x\""), "/vfs/0/driver", -EINVAL},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pf_want *w;
		unsigned int n;
		struct err e;

		assert_int_equal(parse(cases[i].text, &w, &n, &e), cases[i].rc);
		assert_string_equal(e.path, cases[i].path);
		assert_true(e.text[0] && !w && n == 0);
	}
}

static void a_least_rate_needs_no_highest(void **state)
{
	struct pf_want *w;
	unsigned int n;
	struct err e;

	assert_int_equal(parse(VF(",\"min-rate\":20"), &w, &n, &e), 0);
	assert_int_equal(w[0].vf[0].set, BIT(RATE));
	assert_int_equal(w[0].vf[0].value.min_mbps, 20);
	pf_wants_free(w, n);
}

static void the_right_card_is_found(void **state)
{
	const struct pf_state s = {.address = "0000:01:00.0",
				   .ifname = "e0",
				   .vendor = 0x8086,
				   .device = 0x10c9,
				   .serial = "x",
				   .port = 1};
	const struct pf_state hidden = {.address = "0000:02:00.0"};
	struct pf_select by = {.address = "0000:01:00.0"};

	assert_true(pf_select_fits(&by, &s));
	assert_false(pf_select_fits(&by, &hidden));
	by = (struct pf_select){.ifname = "e0"};
	assert_true(pf_select_fits(&by, &s));
	assert_false(pf_select_fits(&by, &hidden));
	by = (struct pf_select){.vendor = 0x8086, .device = 0x10c9, .by_device = true};
	assert_true(pf_select_fits(&by, &s));
	assert_false(pf_select_fits(&by, &hidden));
	strcpy(by.serial, "y");
	assert_false(pf_select_fits(&by, &s));
	strcpy(by.serial, "x");
	by.by_port = true;
	assert_false(pf_select_fits(&by, &s));
	by.port = 1;
	assert_true(pf_select_fits(&by, &s));
	by = (struct pf_select){0};
	assert_false(pf_select_fits(&by, &hidden));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_configuration_is_read),
		cmocka_unit_test(what_cannot_be_is_refused),
		cmocka_unit_test(a_least_rate_needs_no_highest),
		cmocka_unit_test(the_right_card_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
