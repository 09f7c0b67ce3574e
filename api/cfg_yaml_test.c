/* SPDX-License-Identifier: BSD-3-Clause */
#include "api/cfg_yaml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static const char good[] = "version: 1\n"
			   "# a comment\n"
			   "switch:\n"
			   "  poll: always\n"
			   "bridges:\n"
			   "  - name: 1\n"
			   "    mtu: 0x2328\n"
			   "    link-local: on\n"
			   "ports:\n"
			   "  - name: p1\n"
			   "    kind: vhost\n"
			   "    bridge: \"1\"\n"
			   "    socket: /run/p1.sock\n"
			   "    vlan-mode: trunk\n"
			   "    vlans: 10\n"
			   "    isolated: false\n"
			   "fdb:\n"
			   "  - {bridge: 1, mac: 52:54:00:12:34:56, port: p1}\n";

static json_t *load(const char *text)
{
	struct err e = {0};
	json_t *config;

	if (cfg_yaml_load(text, strlen(text), "f", &config, NULL, &e) != 0)
		fail_msg("%s", e.text);
	return config;
}

static void expect_error(const char *text, int code, const char *what)
{
	struct err e = {0};
	struct cfg_lines *lines;
	json_t *config;

	assert_int_equal(cfg_yaml_load(text, strlen(text), "f", &config, &lines, &e), code);
	assert_null(config);
	assert_null(lines);
	if (strncmp(e.text, what, strlen(what)) != 0)
		fail_msg("'%s' does not begin with '%s'", e.text, what);
}

static void scalars_follow_the_schema(void **state)
{
	json_t *c = load(good);
	const json_t *bridge = json_array_get(json_object_get(c, "bridges"), 0);
	const json_t *port = json_array_get(json_object_get(c, "ports"), 0);

	assert_int_equal(json_get_int(c, "version", 0), 1);
	assert_string_equal(json_get_str(bridge, "name", ""), "1");
	assert_int_equal(json_get_int(bridge, "mtu", 0), 9000);
	assert_true(json_get_bool(bridge, "link-local", false));
	assert_string_equal(json_get_str(port, "bridge", ""), "1");
	assert_string_equal(json_get_str(port, "vlans", ""), "10");
	assert_false(json_get_bool(port, "isolated", true));
	json_decref(c);
}

static void other_scalars_follow_the_core_schema(void **state)
{
	json_t *c = load("a: -7\nb: 0o17\nc: 1.5e3\nd: ~\ne: True\nf: yes\ng: '7'\nh:\n");
	json_t *want = json_pack("{s:i,s:i,s:f,s:n,s:b,s:s,s:s,s:n}", "a", -7, "b", 15, "c", 1500.0,
				 "d", "e", 1, "f", "yes", "g", "7", "h");

	assert_true(json_equal(c, want));
	json_decref(want);
	json_decref(c);
}

static void lines_of_pointers(void **state)
{
	struct cfg_lines *lines;
	struct err e = {0};
	json_t *c;

	assert_int_equal(cfg_yaml_load(good, strlen(good), "f", &c, &lines, &e), 0);
	assert_int_equal(cfg_yaml_line(lines, ""), 1);
	assert_int_equal(cfg_yaml_line(lines, "/switch/poll"), 4);
	assert_int_equal(cfg_yaml_line(lines, "/ports/0"), 10);
	assert_int_equal(cfg_yaml_line(lines, "/ports/0/vlans"), 15);
	assert_int_equal(cfg_yaml_line(lines, "/ports/0/netns"), 10);
	assert_int_equal(cfg_yaml_line(lines, "/ports/9/netns"), 9);
	assert_int_equal(cfg_yaml_line(lines, "/fdb/0/mac"), 18);
	assert_int_equal(cfg_yaml_line(lines, "nonsense"), 1);
	cfg_lines_free(lines);
	json_decref(c);
}

static void refused(void **state)
{
	expect_error("", -EINVAL, "f:1: the file is empty");
	expect_error("a: 1\nb: 2\na: 3\n", -EINVAL, "f:3: the key 'a' stands twice");
	expect_error("a: &x 1\nb: *x\n", -EINVAL, "f:1: the anchor '&x'");
	expect_error("a: &x [1]\n", -EINVAL, "f:1: the anchor '&x'");
	expect_error("a: 1\nb: *x\n", -EINVAL, "f:2: the alias '*x'");
	expect_error("a: 1\n*x : 2\n", -EINVAL, "f:2: the alias '*x'");
	expect_error("a: !!str 1\n", -EINVAL, "f:1: the tag");
	expect_error("a: 1\n---\nb: 2\n", -EINVAL, "f:2: a second document");
	expect_error("a: 1\n b: 2\n", -EINVAL, "f:2: not YAML");
	expect_error("a: [1\n", -EINVAL, "f:2: not YAML");
	expect_error("? [a]\n: 1\n", -EINVAL, "f:1: a key must be a word");
	expect_error("'': 1\n", -EINVAL, "f:1: '' is not a key");
	expect_error("a: \"x\\0y\"\n", -EINVAL, "f:1: text with a NUL");
	expect_error("a: 99999999999999999999\n", -EINVAL,
		     "f:1: 99999999999999999999 is too large");
	expect_error("a: 1e999\n", -EINVAL, "f:1: 1e999 is too large");
	expect_error("a: \xff\n", -EINVAL, "f:1: ");
	expect_error("[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]\n", -E2BIG, "f:1: nested more than 16");
	json_decref(load("[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]\n"));
}

static void too_large(void **state)
{
	size_t len = CFG_MAX_BYTES + 1;
	char *text = malloc(len);
	struct err e = {0};
	json_t *c;

	memset(text, '#', len);
	text[0] = '1';
	text[1] = ' ';
	assert_int_equal(cfg_yaml_load(text, len, "f", &c, NULL, &e), -E2BIG);
	assert_null(c);
	assert_int_equal(cfg_yaml_load(text, len - 1, "f", &c, NULL, &e), 0);
	json_decref(c);
	free(text);
}

static void printed_loads_back(void **state)
{
	static const char *const texts[] = {
		good,
		"{}",
		"[]",
		"null",
		"{a: ~, bridges: [{name: }, null]}",
		"[1, [2, [3, {}]], {a: [], b: {c: [x]}}]",
		"[yes, 'yes', 'no', 'null', '~', '', '1', '1.5', '0x1', '-', '- a', 'a: b', 'a "
		"#b']",
		"['52:54:00:12:34:56', '10-20', 'a:', ' a', 'a ', '*a', '&a', '!a', '@a', '%a']",
		"[\"\\\"\\\\\\n\\t\\e\\x7f\\x85\\u2028\\ufeff\\U0001F600 \xc3\xa9\"]",
		"{'1': 1, 'a b': 2, 'true': true, 'null': null, 'r': 1.5}",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		json_t *c = load(texts[i]), *again;
		char *text = cfg_yaml_print(c);

		again = load(text);
		if (!json_equal(c, again))
			fail_msg("%s", text);
		json_decref(again);
		json_decref(c);
		free(text);
	}
}

static void printed_for_people(void **state)
{
	json_t *c = load(good);
	char *text = cfg_yaml_print(c);

	assert_non_null(strstr(text, "switch:\n  poll: always\nbridges:\n  - name: \"1\"\n"));
	assert_non_null(strstr(text, "    socket: /run/p1.sock\n"));
	assert_non_null(strstr(text, "    mac: \"52:54:00:12:34:56\"\n"));
	free(text);
	json_decref(c);
}

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void files(void **state)
{
	char path[] = "/tmp/flue-cfg-XXXXXX", want[160];
	struct cfg_lines *lines;
	struct err e = {0};
	json_t *c;

	close(mkstemp(path));
	write_file(path, good);
	assert_int_equal(cfg_load_file(path, &c, &lines, &e), 0);
	cfg_lines_free(lines);
	json_decref(c);
	write_file(path, "bridges:\n- name: b\n  mtu: 12\n");
	assert_int_equal(cfg_load_file(path, &c, &lines, &e), -EINVAL);
	snprintf(want, sizeof(want), "%s:3: mtu: 12 is outside 576 to 9600", path);
	assert_string_equal(e.text, want);
	assert_null(c);
	assert_null(lines);
	unlink(path);
	assert_int_equal(cfg_load_file(path, &c, &lines, &e), -ENOENT);
	assert_non_null(strstr(e.text, "No such file"));
	assert_int_equal(cfg_load_file("/", &c, &lines, &e), -EISDIR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scalars_follow_the_schema),
		cmocka_unit_test(other_scalars_follow_the_core_schema),
		cmocka_unit_test(lines_of_pointers),
		cmocka_unit_test(refused),
		cmocka_unit_test(too_large),
		cmocka_unit_test(printed_loads_back),
		cmocka_unit_test(printed_for_people),
		cmocka_unit_test(files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
