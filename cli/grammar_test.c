/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/grammar.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* Reads "port add p0 kind host" into the method's parameters; NULL with e set on error. */
static json_t *read_line(const char *line, struct err *e)
{
	char *copy = strdup(line), *rest = copy, *word;
	struct reading r = {.params = json_object()};
	const struct cli_object *o;
	struct command cmd;
	int ret = -1;

	o = grammar_object(strsep(&rest, " "), e);
	if (o)
		ret = grammar_command(o, o->single ? NULL : strsep(&rest, " "), &cmd, e);
	r.cmd = &cmd;
	while (ret == 0 && (word = strsep(&rest, " ")))
		ret = grammar_feed(&r, word, e);
	if (ret == 0)
		ret = grammar_end(&r, e);
	free(copy);
	if (ret == 0)
		return r.params;
	json_decref(r.params);
	return NULL;
}

static void reads(const char *line, const char *want)
{
	struct err e = {0};
	json_t *params = read_line(line, &e), *w = json_loads(want, 0, NULL);

	assert_non_null(w);
	if (!params)
		fail_msg("%s: %s", line, e.text);
	if (!json_equal(params, w))
		fail_msg("%s: %s", line, json_dumps(params, 0));
	json_decref(params);
	json_decref(w);
}

static void refuses(const char *line, const char *what)
{
	struct err e = {0};
	json_t *params = read_line(line, &e);

	if (params || strncmp(e.text, what, strlen(what)) != 0)
		fail_msg("%s: '%s' is not '%s'", line, e.text, what);
}

static void whole_words(void **state)
{
	reads("port add name p0 kind host bridge br0",
	      "{\"name\":\"p0\",\"kind\":\"host\",\"bridge\":\"br0\"}");
	reads("port show", "{}");
	reads("switch set poll always", "{\"poll\":\"always\"}");
}

static void types(void **state)
{
	reads("port set p0 mtu 9000 isolated yes vlans 10,20-30",
	      "{\"name\":\"p0\",\"mtu\":9000,\"isolated\":true,\"vlans\":\"10,20-30\"}");
	reads("bridge add 10", "{\"name\":\"10\"}");
	reads("trace p0 ethertype 0x0800", "{\"port\":\"p0\",\"ethertype\":2048}");
}

static void prefixes(void **state)
{
	reads("po a p0 k host br br0", "{\"name\":\"p0\",\"kind\":\"host\",\"bridge\":\"br0\"}");
	reads("br se br0 ag 10", "{\"name\":\"br0\",\"ageing\":10}");
	refuses("p show", "'p': which object: port, pipeline, pf?");
	refuses("bridge s", "'s': which verb: show, set?");
	reads("port set p0 l 1", "{\"name\":\"p0\",\"learn-limit\":1}");
	refuses("port set p0 x 1", "'x': no such key; there are: name, mtu, vlan-mode");
	refuses("port add p0 b br0", "'b': which key: bridge, backend?");
	refuses("port add p0 vlan trunk", "'vlan': which key: vlan-mode, vlans?");
	refuses("prot show", "'prot': no such object; there are: switch, bridge, port");
	refuses("port put", "'put': no such verb; there are: show, add, set, del");
}

static void positional_names(void **state)
{
	static const char fdb[] =
		"{\"bridge\":\"br0\",\"mac\":\"52:54:00:12:34:56\",\"vlan\":10,\"port\":\"p1\"}";

	reads("fdb add br0 52:54:00:12:34:56 vlan 10 port p1", fdb);
	reads("fdb add br0 52:54:00:12:34:56 10 port p1", fdb);
	reads("fdb add br0 52:54:00:12:34:56 vl 10 po p1", fdb);
	reads("fdb add port p1 bridge br0 vlan 10 mac 52:54:00:12:34:56", fdb);
	reads("bridge add name mtu mtu 9000", "{\"name\":\"mtu\",\"mtu\":9000}");
	reads("fdb show port p1", "{\"port\":\"p1\"}");
	reads("trace port p0 count 5", "{\"port\":\"p0\",\"count\":5}");
	reads("vlan add p1 vid 10", "{\"port\":\"p1\",\"vid\":\"10\"}");
	refuses("fdb add br0 52:54:00 port p1", "mac: '52:54:00' is not an address");
	refuses("port add p0 kind host p1", "'p1': no such key");
	refuses("port add -p0 kind host", "name: '-p0' is not a name");
}

static void missing_and_twice(void **state)
{
	refuses("port add", "name: missing");
	refuses("port add p0 kind host", "bridge: missing");
	refuses("port add p0 kind", "kind: a value is missing");
	refuses("port add p0 kind vhost bridge br0", "socket: missing");
	refuses("port add p0 kind host kind host", "kind: given twice");
	refuses("port add p0 kind router", "kind: 'router' is not one of host|vhost|ethdev");
	refuses("port add p0 kind host bridge br0 socket /s", "socket: a port of kind host");
	refuses("bridge set br0 mtu 90000", "mtu: 90000 is outside");
	refuses("port del p0 mtu 1500", "'mtu': no such key");
	refuses("pipeline show x", "'x': nothing may follow here");
	refuses("apply", "file: missing");
}

static void flags(void **state)
{
	reads("apply f.yaml --dry-run", "{\"file\":\"f.yaml\",\"dry-run\":true}");
	reads("apply f.yaml dry-run off", "{\"file\":\"f.yaml\",\"dry-run\":false}");
	reads("config apply --dry-run file f.yaml", "{\"file\":\"f.yaml\",\"dry-run\":true}");
	refuses("apply f.yaml --wet-run", "--wet-run: no such option");
	refuses("port add p0 --mtu", "--mtu: no such option");
	refuses("apply f.yaml --dry-run --dry-run", "dry-run: given twice");
}

static void options(void **state)
{
	char words[][12] = {"-js", "port", "--socket", "/s", "show", "--pretty", "-", "-5"};
	char *argv[8];
	struct cli c = {0};
	struct err e = {0};

	for (int i = 0; i < 8; i++)
		argv[i] = words[i];
	assert_int_equal(grammar_options(&c, 8, argv, &e), 4);
	assert_true(c.json && c.pretty && c.stats && !c.help);
	assert_string_equal(c.socket, "/s");
	assert_string_equal(argv[1], "show");
	assert_string_equal(argv[3], "-5");
	strcpy(words[0], "-jx");
	argv[0] = words[0];
	assert_int_equal(grammar_options(&c, 1, argv, &e), -EINVAL);
	assert_string_equal(e.text, "-x: no such option; see 'flue help'");
	strcpy(words[0], "--socket");
	assert_int_equal(grammar_options(&c, 1, argv, &e), -EINVAL);
}

/* Of guests' parts: `flue vm nic`. What has no object of its own: `flue chimney tap`. */
static const struct cli_object *object_of(const char *name)
{
	const struct cli_object *o = grammar_part(&cli_vm, name);
	struct err e = {0};

	if (strcmp(name, "tap") == 0)
		return &cli_chimney;
	return o ? o : grammar_object(name, &e);
}

/* Is it called by a verb that follows, and not by one of its own? */
static bool follows(const char *method)
{
	static const char *const all[] = {"trace.read", "trace.stop", "tap.read", "tap.stop"};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (strcmp(all[i], method) == 0)
			return true;
	return false;
}

/* All that the schema offers can be said. */
static void every_method_has_a_verb(void **state)
{
	for (const struct api_method *m = api_methods; m->name; m++) {
		bool found = follows(m->name);
		const struct cli_object *o = object_of(m->object);
		struct cli_verb v;

		assert_non_null(o);
		for (size_t i = 0; grammar_verb_at(o, i, &v); i++)
			found |= (v.method && strcmp(v.method, m->name) == 0) ||
				 (strcmp(m->name, "nic.add") == 0 && strcmp(v.name, "add") == 0);
		if (!found)
			fail_msg("%s", m->name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_words),	     cmocka_unit_test(types),
		cmocka_unit_test(prefixes),	     cmocka_unit_test(positional_names),
		cmocka_unit_test(missing_and_twice), cmocka_unit_test(flags),
		cmocka_unit_test(options),	     cmocka_unit_test(every_method_has_a_verb),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
