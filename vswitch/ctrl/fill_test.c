/* SPDX-License-Identifier: BSD-3-Clause */
#include "vswitch/ctrl/fill.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

/* JSON with ' for ". */
static json_t *json(const char *text)
{
	char buf[512];
	size_t i;
	json_t *j;

	for (i = 0; text[i]; i++)
		buf[i] = text[i] == '\'' ? '"' : text[i];
	buf[i] = '\0';
	j = json_loads(buf, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(j);
	return j;
}

static void is(json_t *got, const char *want)
{
	json_t *w = json(want);

	if (!json_equal(got, w)) {
		char *text = json_dumps(got, 0);

		print_error("%s\n", text);
		free(text);
	}
	assert_true(json_equal(got, w));
	json_decref(w);
	json_decref(got);
}

static void defaults(const char *object, const char *conf, const char *want)
{
	json_t *c = json(conf), *before = json_deep_copy(c);

	is(fill_defaults(object, c), want);
	assert_true(json_equal(c, before)); /* it was a copy */
	json_decref(before);
	json_decref(c);
}

static void merged(const char *object, const char *conf, const char *params, const char *want)
{
	json_t *c = json(conf), *p = json(params), *before = json_deep_copy(c);

	is(fill_merged(object, c, p), want);
	assert_true(json_equal(c, before));
	json_decref(before);
	json_decref(p);
	json_decref(c);
}

#define PORT                                                                                   \
	"'vlan-mode': 'access', 'pvid': 1, 'isolated': false, 'learn-limit': 0, 'queues': 1, " \
	"'csum': true, 'tso': true, 'impair': 'none', 'name': 'p', 'bridge': 'b', "

static void fills_a_bridge(void **state)
{
	defaults("bridge", "{'name': 'b', 'mtu': 9000}",
		 "{'name': 'b', 'mtu': 9000, 'ageing': 300, 'fdb-max': 131072, 'link-local': "
		 "false, 'mss-clamp': false, 'chimney': true, 'chimney-max': 10000, "
		 "'chimney-ports': '1-65535', 'chimney-addresses': '0.0.0.0/0,::/0', "
		 "'chimney-min-age': 0, 'chimney-min-bytes': 0, 'chimney-min-rtt': 0, "
		 "'chimney-max-rtt': 0, 'chimney-idle': 0, 'chimney-max-loss': 0, "
		 "'chimney-max-reordering': 0, 'chimney-min-io': 0}");
}

/* Of a port only what its own kind knows, and no mtu: absence means the bridge's. */
static void fills_each_kind_of_port(void **state)
{
	defaults("port", "{'name': 'p', 'bridge': 'b', 'kind': 'host'}",
		 "{" PORT
		 "'kind': 'host', 'ptb': true, 'gro': 'on', 'persist': false, 'backend': 'tap'}");
	defaults("port", "{'name': 'p', 'bridge': 'b', 'kind': 'vhost', 'socket': '/s'}",
		 "{" PORT
		 "'kind': 'vhost', 'ptb': true, 'gro': 'on', 'socket': '/s', 'mode': 'server'}");
	defaults("port", "{'name': 'p', 'bridge': 'b', 'kind': 'ethdev', 'device': 'd'}",
		 "{" PORT "'kind': 'ethdev', 'ptb': false, 'device': 'd'}");
}

static void fills_vlans_of_trunks(void **state)
{
	json_t *c = json("{'name': 'p', 'kind': 'host', 'vlan-mode': 'trunk', 'pvid': 0}");
	json_t *out = fill_defaults("port", c);

	assert_string_equal(json_get_str(out, "vlans", ""), "1-4094");
	assert_int_equal(json_get_int(out, "pvid", 1), 0);
	json_decref(out);
	json_object_set_new(c, "vlans", json_string("7"));
	out = fill_defaults("port", c);
	assert_string_equal(json_get_str(out, "vlans", ""), "7");
	json_decref(out);
	json_decref(c);
}

static void fills_the_switch(void **state)
{
	defaults("switch", "{}", "{'poll': 'adaptive'}");
	defaults("switch", "{'poll': 'always'}", "{'poll': 'always'}");
}

static void merges(void **state)
{
	merged("bridge", "{'name': 'b', 'mtu': 9000}", "{'name': 'b', 'ageing': 5}",
	       "{'name': 'b', 'mtu': 9000, 'ageing': 5}");
	merged("bridge", "{'name': 'b', 'mtu': 9000}", "{'name': 'b', 'mtu': 2000}",
	       "{'name': 'b', 'mtu': 2000}");
	merged("bridge", "{'name': 'b'}", "{}", "{'name': 'b'}");
}

/* What is set to the default, or was, is as if it had never been said. */
static void leaves_defaults_out(void **state)
{
	merged("bridge", "{'name': 'b', 'mtu': 9000}", "{'mtu': 'auto', 'link-local': false}",
	       "{'name': 'b'}");
	merged("bridge", "{'name': 'b', 'ageing': 300}", "{'link-local': true}",
	       "{'name': 'b', 'link-local': true}");
	merged("port",
	       "{'name': 'p', 'kind': 'host', 'vlan-mode': 'trunk', 'vlans': '2', 'pvid': 2}",
	       "{'vlan-mode': 'access', 'pvid': 1}", "{'name': 'p', 'kind': 'host', 'vlans': '2'}");
	/* The kind decides what the default is. */
	merged("port", "{'name': 'p', 'kind': 'host', 'ptb': false}", "{'ptb': true}",
	       "{'name': 'p', 'kind': 'host'}");
	merged("port", "{'name': 'p', 'kind': 'ethdev'}", "{'ptb': true}",
	       "{'name': 'p', 'kind': 'ethdev', 'ptb': true}");
	/* An MTU that is declared stays declared, even if it is what there would be without. */
	merged("port", "{'name': 'p', 'kind': 'host'}", "{'mtu': 1500}",
	       "{'name': 'p', 'kind': 'host', 'mtu': 1500}");
	merged("switch", "{'poll': 'always', 'mtu': 1500}", "{'poll': 'adaptive'}",
	       "{'mtu': 1500}");
	merged("switch", "{'mtu': 1500}", "{'mtu': 'auto'}", "{}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fills_a_bridge),
		cmocka_unit_test(fills_each_kind_of_port),
		cmocka_unit_test(fills_vlans_of_trunks),
		cmocka_unit_test(fills_the_switch),
		cmocka_unit_test(merges),
		cmocka_unit_test(leaves_defaults_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
