/* SPDX-License-Identifier: BSD-3-Clause */
#include "api/schema.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#define HOST  "'name': 'p1', 'kind': 'host', 'bridge': 'br0'"
#define VHOST "'name': 'g1', 'kind': 'vhost', 'bridge': 'br0', 'socket': '/run/g1'"
#define BR0   "'bridges': [{'name': 'br0'}]"

/* JSON with ' in place of ". */
static json_t *json(const char *text)
{
	char buf[1024];
	json_t *v;

	assert_true(strlen(text) < sizeof(buf));
	strcpy(buf, text);
	for (char *p = buf; *p; p++)
		if (*p == '\'')
			*p = '"';
	v = json_loads(buf, JSON_DECODE_ANY, NULL);
	if (!v)
		fail_msg("not JSON: %s", buf);
	return v;
}

static void verdict(int ret, int code, const struct err *e, const char *path, const char *what)
{
	if (ret != code || strcmp(e->path, path) != 0 || strncmp(e->text, what, strlen(what)) != 0)
		fail_msg("%d at '%s': '%s'; not %d at '%s': '%s'", ret, e->path, e->text, code,
			 path, what);
}

static void params(const char *method, const char *text, int code, const char *path,
		   const char *what)
{
	json_t *p = json(text);
	struct err e = {0};

	verdict(api_check_params(api_method_find(method), p, &e), code, &e, path, what);
	json_decref(p);
}

static void config(const char *text, int code, const char *path, const char *what)
{
	json_t *c = json(text);
	struct err e = {0};

	verdict(api_check_config(c, &e), code, &e, path, what);
	json_decref(c);
}

static void parameters(void **state)
{
	params("port.add", "{" HOST "}", 0, "", "");
	params("port.add", "[]", -EINVAL, "", "parameters must be an object");
	params("port.add", "{" HOST ", 'colour': 1}", -EINVAL, "/colour",
	       "colour: port.add takes no");
	params("port.add", "{" HOST ", 'mtu': '1500'}", -EINVAL, "/mtu", "mtu: must be an integer");
	params("port.add", "{" HOST ", 'mtu': 9601}", -EINVAL, "/mtu", "mtu: 9601 is outside");
	params("port.add", "{" HOST ", 'tso': 1}", -EINVAL, "/tso", "tso: must be true or false");
	params("port.add", "{'name': 'a', 'bridge': 'b'}", -EINVAL, "", "kind: missing");
	params("port.add", "{" HOST ", 'socket': '/s'}", -EINVAL, "/socket",
	       "socket: a port of kind host has no such key");
	params("port.add", "{'name': 'a', 'bridge': 'b', 'kind': 'vhost'}", -EINVAL, "",
	       "socket: missing");
	params("port.add", "{" VHOST ", 'vlans': '10'}", -EINVAL, "/vlans",
	       "vlans: an access port");
	params("port.add", "{" VHOST ", 'pvid': 0}", -EINVAL, "/pvid", "pvid: an access port");
	params("port.add", "{" VHOST ", 'csum': false}", -EINVAL, "/csum", "csum: segmentation");
	params("port.add", "{" VHOST ", 'csum': false, 'tso': false}", 0, "", "");
	params("port.add", "{" VHOST ", 'impair': 'delay 1ms'}", 0, "", "");
	params("port.add", "{" VHOST ", 'impair': 'delay 1'}", -EINVAL, "/impair",
	       "impair: after 'delay' comes a time");
	params("port.set", "{'name': 'a', 'mtu': 9000}", 0, "", "");
	params("port.set", "{'name': 'a', 'kind': 'host'}", -EINVAL, "/kind",
	       "kind: port.set takes");
	params("port.set", "{'mtu': 9000}", -EINVAL, "", "name: missing");
	params("port.show", "{}", 0, "", "");
	params("port.show", "{'stats': true}", 0, "", "");
	params("fdb.del", "{'bridge': 'b'}", -EINVAL, "", "mac: missing");
	params("fdb.show", "{'limit': 5000}", -EINVAL, "/limit",
	       "limit: 5000 is outside 1 to 4096");
	params("fdb.show", "{'cursor': -1}", -EINVAL, "/cursor", "cursor: -1 is below 0");
	assert_int_equal(api_check_params(api_method_find("switch.show"), NULL, NULL), 0);
}

static void value(const char *key, const char *text, int code)
{
	const struct api_key *k = api_method_key(api_method_find("port.add"), key);
	json_t *v = json(text);
	struct err e = {0};

	if (api_check_value(k, v, "/x", &e) != code)
		fail_msg("%s: %s: %s", key, text, e.text);
	json_decref(v);
}

static void values(void **state)
{
	static const char *const bad[][2] = {
		{"name", "'-a'"},
		{"name", "'a/b'"},
		{"name", "''"},
		{"name", "'abcdefghijklmnopqrstuvwxyz0123456'"},
		{"kind", "''"},
		{"kind", "'hos'"},
		{"kind", "'host|vhost'"},
		{"vlans", "'0'"},
		{"vlans", "'5-'"},
		{"vlans", "'4095'"},
		{"mac", "'52:54:00:12:34'"},
		{"mac", "'52-54-00-12-34-56'"},
		{"mac", "'52:54:00:12:34:56:'"},
		{"address", "'192.0.2.1'"},
		{"address", "'192.0.2.1/33'"},
		{"address", "'192.0.2.1/24,'"},
		{"ifname", "'abcdefghijklmnop'"},
		{"mtu", "1.5"},
		{"mtu", "'Auto'"},
		{"mtu", "null"},
		{"pvid", "'auto'"},
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		value(bad[i][0], bad[i][1], -EINVAL);
	value("name", "'0.a_b-c'", 0);
	value("mtu", "'auto'", 0);
	value("kind", "'ethdev'", 0);
	value("vlans", "'10,20-30'", 0);
	value("mac", "'52:54:00:ab:CD:ef'", 0);
	value("address", "'192.0.2.1/24,2001:db8::1/64'", 0);
}

static void text(const char *key, const char *word, const char *want)
{
	const struct api_key *k = api_method_key(api_method_find("port.add"), key);
	struct err e = {0};
	json_t *v = api_value_from_text(k, word, &e), *w;

	if (!want) {
		assert_null(v);
		assert_int_equal(e.code, -EINVAL);
		return;
	}
	w = json(want);
	assert_true(json_equal(v, w));
	json_decref(v);
	json_decref(w);
}

static void values_from_text(void **state)
{
	text("mtu", "9000", "9000");
	text("mtu", "0x600", "1536");
	text("mtu", "9000x", NULL);
	text("mtu", "auto", "'auto'");
	text("mtu", "aut", NULL);
	text("pvid", "auto", NULL);
	text("mtu", "", NULL);
	text("mtu", "99999999999999999999", NULL);
	text("tso", "on", "true");
	text("tso", "no", "false");
	text("tso", "maybe", NULL);
	text("name", "10", "'10'");
	text("ifname", "\xff", NULL);
}

static void configurations(void **state)
{
	config("{'version': 1, " BR0 ", 'ports': [{" HOST "}, {" VHOST "}], "
	       "'fdb': [{'bridge': 'br0', 'mac': '52:54:00:00:00:01', 'port': 'g1'}]}",
	       0, "", "");
	config("{}", 0, "", "");
	config("[]", -EINVAL, "", "a configuration must be a mapping");
	config("{'version': 2}", -EINVAL, "/version", "version: ");
	config("{'bridge': []}", -EINVAL, "/bridge", "bridge: not part of a configuration");
	config("{'bridges': {}}", -EINVAL, "/bridges", "bridges: must be a list");
	config("{'bridges': ['br0']}", -EINVAL, "/bridges/0", "must be a mapping");
	config("{'bridges': [{'mtu': 1500}]}", -EINVAL, "/bridges/0", "name: missing");
	config("{'bridges': [{'name': 'a'}, {'name': 'a'}]}", -EEXIST, "/bridges/1/name",
	       "name: there are two");
	config("{'bridges': [{'name': 'a', 'x': 1}]}", -EINVAL, "/bridges/0/x",
	       "x: a bridge has no");
	config("{'switch': {'poll': 'never'}}", -EINVAL, "/switch/poll", "poll: 'never'");
	config("{'ports': [{" HOST "}]}", -ENOENT, "/ports/0/bridge", "bridge: there is no bridge");
	config("{" BR0 ", 'ports': [{" HOST ", 'socket': '/s'}]}", -EINVAL, "/ports/0/socket",
	       "socket: a port of kind host");
	config("{" BR0 ", 'ports': [{" HOST ", 'vlans': '10'}]}", -EINVAL, "/ports/0/vlans",
	       "vlans: an access port");
	config("{" BR0 ", 'fdb': [{'bridge': 'br0', 'mac': '52:54:00:00:00:01', 'port': 'p'}]}",
	       -ENOENT, "/fdb/0/port", "port: bridge 'br0' has no port 'p'");
	config("{" BR0 ", 'ports': [{" HOST "}], 'fdb': ["
	       "{'bridge': 'br0', 'mac': '52:54:00:00:00:0a', 'port': 'p1'}, "
	       "{'bridge': 'br0', 'mac': '52:54:00:00:00:0A', 'port': 'p1', 'vlan': 1}]}",
	       -EEXIST, "/fdb/1/port", "fdb: the address stands twice");
}

#define GUEST  "'guests': [{'name': 'g', 'kernel': '/k'}]"
#define G1_NIC "'guest': 'g', 'name': 'n'"

static void guests(void **state)
{
	config("{" GUEST ", 'disks': [{'guest': 'g', 'name': 'd', 'path': '/d'}], "
	       "'nics': [{" G1_NIC ", 'socket': '/s'}]}",
	       0, "", "");
	config("{" BR0 ", " GUEST ", 'ports': [{" VHOST "}], 'nics': [{" G1_NIC ", 'port': 'g1'}]}",
	       0, "", "");
	config("{'guests': [{'name': 'g'}]}", -EINVAL, "/guests/0", "kernel: missing");
	config("{'guests': [{'name': 'g', 'kernel': '/k', 'native': '/n'}]}", -EINVAL,
	       "/guests/0/native", "native: a guest boots");
	config("{'guests': [{'name': 'g', 'native': '/n', 'initrd': '/i'}]}", -EINVAL,
	       "/guests/0/initrd", "initrd: a micro-guest has none");
	config("{'guests': [{'name': 'g', 'kernel': '/k', 'cpus': 65}]}", -EINVAL, "/guests/0/cpus",
	       "cpus: 65 is outside 1 to 64");
	config("{'guests': [{'name': 'g', 'kernel': '/k', 'memory': 129, 'page-size': '2M'}]}",
	       -EINVAL, "/guests/0/memory", "memory: must be a whole number");
	config("{'guests': [{'name': 'g', 'kernel': '/k', 'console': 'off', "
	       "'console-path': '/c'}]}",
	       -EINVAL, "/guests/0/console-path", "console-path: only");
	config("{'guests': [{'name': 'g', 'kernel': '/k', 'log-max': 1}]}", -EINVAL,
	       "/guests/0/log-max", "log-max: there is no log");
	config("{'guests': [{'name': 'g', 'kernel': '/k'}, {'name': 'g', 'kernel': '/k'}]}",
	       -EEXIST, "/guests/1/name", "name: there are two");
	config("{'disks': [{'guest': 'g', 'name': 'd', 'path': '/d'}]}", -ENOENT, "/disks/0",
	       "guest: there is no guest 'g'");
	config("{" GUEST ", 'disks': [{'guest': 'g', 'name': 'd', 'path': '/d'}, "
	       "{'guest': 'g', 'name': 'd', 'path': '/e'}]}",
	       -EEXIST, "/disks/1", "name: guest 'g' has two");
}

static void guests_cards(void **state)
{
	static const char *const no_vf[] = {"wan",     "/0/",	 "wan/",      "wan/00", "wan/x",
					    "wan/0/1", "wan/-1", "wan/12345", "w n/0",	"-wan/0"};

	config("{" GUEST ", 'nics': [{" G1_NIC "}]}", -EINVAL, "/nics/0", "port: missing");
	config("{" GUEST ", 'nics': [{" G1_NIC ", 'port': 'x'}]}", -ENOENT, "/nics/0/port",
	       "port: there is no port 'x'");
	config("{" BR0 ", " GUEST ", 'ports': [{" HOST "}], 'nics': [{" G1_NIC ", 'port': 'p1'}]}",
	       -EINVAL, "/nics/0/port", "port: 'p1' is of kind host");
	config("{" GUEST ", 'nics': [{" G1_NIC ", 'port': 'x', 'mode': 'serve'}]}", -EINVAL,
	       "/nics/0/port", "port: socket and mode follow");
	config("{" GUEST ", 'nics': [{" G1_NIC ", 'model': 'direct'}]}", -EINVAL, "/nics/0",
	       "address: missing");
	config("{" GUEST ", 'nics': [{" G1_NIC ", 'model': 'direct', 'address': '0000:01:00.8'}]}",
	       -EINVAL, "/nics/0/address", "address: is not");
	config("{" GUEST ", 'nics': [{" G1_NIC
	       ", 'model': 'direct', 'address': '0000:01:00.0', 'vf': 'wan/0'}]}",
	       -EINVAL, "/nics/0/vf", "vf: flue-pf knows its address");
	for (size_t i = 0; i < sizeof(no_vf) / sizeof(no_vf[0]); i++) {
		char text[200];

		snprintf(text, sizeof(text),
			 "{" GUEST ", 'nics': [{" G1_NIC ", 'model': 'direct', 'vf': '%s'}]}",
			 no_vf[i]);
		config(text, -EINVAL, "/nics/0/vf", "vf: is not");
	}
	config("{" GUEST ", 'nics': [{" G1_NIC ", 'model': 'direct', 'vf': 'wan/0'}, "
	       "{'guest': 'g', 'name': 'm', 'model': 'direct', 'vf': 'wan/0'}]}",
	       -EEXIST, "/nics/1", "wan/0: another card");
	config("{" GUEST ", 'nics': [{" G1_NIC ", 'model': 'direct', 'vf': 'wan/0'}, "
	       "{'guest': 'g', 'name': 'm', 'model': 'direct', 'vf': 'wan/1'}]}",
	       0, "", "");
	config("{" GUEST ", 'nics': [{" G1_NIC ", 'socket': '/s', 'vf': 'wan/0'}]}", -EINVAL,
	       "/nics/0/vf", "vf: only a direct card");
	config("{" GUEST ", 'nics': [{" G1_NIC
	       ", 'model': 'direct', 'address': '0000:01:00.0', 'mtu': 1500}]}",
	       -EINVAL, "/nics/0/mtu", "mtu: a direct card");
	config("{" GUEST ", 'nics': [{" G1_NIC ", 'socket': '/s', 'address': '0000:01:00.0'}]}",
	       -EINVAL, "/nics/0/address", "address: only a direct card");
	config("{" GUEST ", 'nics': [{" G1_NIC
	       ", 'model': 'emulated', 'queues': 2, 'socket': '/s'}]}",
	       -EINVAL, "/nics/0/queues", "queues: an emulated card");
	config("{" GUEST ", 'nics': [{" G1_NIC ", 'socket': '/s', 'csum': false}]}", -EINVAL,
	       "/nics/0/csum", "csum: segmentation");
	config("{" GUEST ", 'nics': [{" G1_NIC ", 'socket': '/s'}, "
	       "{'guest': 'g', 'name': 'm', 'socket': '/s'}]}",
	       -EEXIST, "/nics/1", "/s: another card");
	/* What the port says, from the guest's side. */
	config("{" BR0 ", " GUEST ", 'ports': [{" VHOST ", 'mode': 'client'}], "
	       "'nics': [{" G1_NIC ", 'port': 'g1'}, "
	       "{'guest': 'g', 'name': 'm', 'socket': '/run/g1'}]}",
	       -EEXIST, "/nics/1", "/run/g1: another card");
	params("nic.add", "{" G1_NIC "}", -EINVAL, "", "port: missing");
}

static void ports_are_resolved(void **state)
{
	json_t *ports = json("[{" VHOST ", 'mode': 'client'}]");
	json_t *nic = json("{" G1_NIC ", 'port': 'g1'}");
	json_t *want = json("{" G1_NIC ", 'socket': '/run/g1', 'mode': 'serve'}");

	assert_int_equal(api_resolve_nic(nic, ports, "", NULL), 0);
	assert_true(json_equal(nic, want));
	assert_int_equal(api_resolve_nic(nic, ports, "", NULL), 0);
	assert_true(json_equal(nic, want));
	json_decref(nic);
	json_decref(want);
	json_decref(ports);
}

static void defaults_are_stripped(void **state)
{
	json_t *c = json("{'version': 1, 'switch': {'poll': 'adaptive'}, "
			 "'bridges': [{'name': 'br0', 'mtu': 'auto', 'ageing': 10}], "
			 "'ports': [{" HOST ", 'mtu': 1500, 'tso': true, 'isolated': true}]}");
	json_t *want = json("{'version': 1, 'bridges': [{'name': 'br0', 'ageing': 10}], "
			    "'ports': [{" HOST ", 'mtu': 1500, 'isolated': true}]}");

	api_strip_defaults(c);
	assert_true(json_equal(c, want));
	json_decref(c);
	json_decref(want);
}

/* Every default must be a value that the key takes, every method's object and bounds exist. */
static void check_key(void *arg, const struct api_key *k)
{
	struct err e = {0};
	json_t *v = k->def ? api_value_from_text(k, k->def, &e) : NULL;

	assert_true(k->type != API_ENUM || k->values);
	assert_non_null(k->help);
	assert_true(!k->ref || strcmp(k->ref, "file") == 0 || api_object_find(k->ref));
	if (k->def && !v)
		fail_msg("%s", e.text);
	json_decref(v);
}

static void tables_are_sound(void **state)
{
	for (const struct api_method *m = api_methods; m->name; m++) {
		assert_non_null(api_object_find(m->object));
		assert_int_equal(strncmp(m->name, m->object, strlen(m->object)), 0);
		api_method_each_key(m, check_key, NULL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parameters),
		cmocka_unit_test(values),
		cmocka_unit_test(values_from_text),
		cmocka_unit_test(configurations),
		cmocka_unit_test(guests),
		cmocka_unit_test(guests_cards),
		cmocka_unit_test(ports_are_resolved),
		cmocka_unit_test(defaults_are_stripped),
		cmocka_unit_test(tables_are_sound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
