/* SPDX-License-Identifier: BSD-3-Clause */
/* Guests as files: what needs no flue-vm. The directory is the test's own. */
#include "cli/vm_dir.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static char dir[64];

static int setup(void **state)
{
	strcpy(dir, "/tmp/vm_test.XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state)
{
	char command[80];

	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

/* Runs a command line (words split at blanks) with the test's directory; its status, and what it
 * said on either stream in *text, until the next call. */
static int run(const char *line, const char **text)
{
	static char *out;
	static size_t size;
	char *copy = strdup(line), *rest = copy,
	     *argv[32] = {(char *)"flue", (char *)"--vm-dir", dir};
	FILE *to;
	int argc = 3, ret;

	free(out);
	to = open_memstream(&out, &size);
	for (char *word; (word = strsep(&rest, " ")) && argc < 32;)
		if (*word)
			argv[argc++] = word;
	ret = cli_run(argc, argv, to, to);
	fclose(to);
	free(copy);
	*text = out;
	return ret;
}

static void is(const char *line, int status, const char *part)
{
	const char *text;
	int ret = run(line, &text);

	if (ret != status || !strstr(text, part))
		fail_msg("%s: %d '%s'; not %d '%s'", line, ret, text, status, part);
}

static void guests_are_defined_and_forgotten(void **state)
{
	is("vm -j", CLI_OK, "[]\n");
	is("vm create g kernel /k memory 64", CLI_OK, "");
	is("vm create g kernel /k", CLI_REFUSED, "there is a guest 'g' already");
	is("vm create h kernel /k native /n", CLI_REFUSED, "native: a guest boots");
	is("vm create h kernel /k colour red", CLI_USAGE, "colour");
	is("vm -j", CLI_OK, "\"name\":\"g\"");
	is("vm show g -j", CLI_OK, "\"state\":\"stopped\"");
	is("vm show h", CLI_REFUSED, "there is no guest 'h'");
	is("vm pause g", CLI_REFUSED, "guest 'g' does not run");
	is("vm stop g", CLI_REFUSED, "guest 'g' does not run");
	is("vm delete g", CLI_OK, "");
	is("vm delete g", CLI_REFUSED, "there is no guest 'g'");
	is("vm -j", CLI_OK, "[]\n");
}

static void parts_come_and_go(void **state)
{
	is("vm create g kernel /k", CLI_OK, "");
	is("vm nic add g n0 socket /s", CLI_OK, "");
	is("vm nic add g n0 socket /t", CLI_REFUSED, "two of name 'n0'");
	is("vm nic add g n1 socket /s", CLI_REFUSED, "another card uses it");
	is("vm nic add g n1 model direct", CLI_REFUSED, "address: missing");
	is("vm nic add h n0 socket /t", CLI_REFUSED, "there is no guest 'h'");
	is("vm disk add g d0 path /d readonly on", CLI_OK, "");
	is("vm nic -j", CLI_OK, "[{\"guest\":\"g\",\"name\":\"n0\",\"socket\":\"/s\"}]");
	is("vm disk show g -j", CLI_OK, "\"readonly\":true");
	is("vm nic del g n1", CLI_REFUSED, "no card 'n1'");
	is("vm nic del g n0", CLI_OK, "");
	is("vm disk del g d0", CLI_OK, "");
	is("vm nic -j", CLI_OK, "[]\n");
	is("vm disk -j", CLI_OK, "[]\n");
}

static void help_and_completion_know_parts(void **state)
{
	is("vm help", CLI_OK, "nic");
	is("vm nic help", CLI_OK, "add");
	is("vm nic add help", CLI_OK, "synthetic|emulated|direct");
	is("nic show", CLI_USAGE, "no such object");
}

static void write_config(const char *name, const char *text)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "we");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void applied(const char *file, const char *more, const char *part)
{
	char line[192];

	snprintf(line, sizeof(line), "apply %s/%s%s", dir, file, more);
	is(line, CLI_OK, part);
}

#define G "{name: g, kernel: /k, autostart: off, memory: "

static void files_are_applied(void **state)
{
	write_config("one.yaml",
		     "guests:\n  - " G "64}\ndisks:\n  - {guest: g, name: d, path: /d}\n");
	write_config("two.yaml", "guests:\n  - " G "128}\n");
	write_config("none.yaml", "guests: []\n");
	applied("one.yaml", " --dry-run", "+ vm g\nnot applied: dry run\n");
	is("vm -j", CLI_OK, "[]\n");
	applied("one.yaml", "", "+ vm g\n");
	applied("one.yaml", "", "nothing to change\n");
	is("vm show g -j", CLI_OK, "\"memory\":64");
	is("vm disk -j", CLI_OK, "\"path\":\"/d\"");
	applied("two.yaml", "", "~ vm g\n");
	is("vm show g -j", CLI_OK, "\"memory\":128");
	is("vm disk -j", CLI_OK, "[]\n");
	applied("none.yaml", "", "- vm g\n");
	is("vm -j", CLI_OK, "[]\n");
}

static void faults_have_their_line(void **state)
{
	char line[192], want[128];

	write_config("bad.yaml",
		     "guests:\n  - " G "128}\nnics:\n  - {guest: g, name: n, port: p}\n");
	snprintf(line, sizeof(line), "apply %s/bad.yaml", dir);
	snprintf(want, sizeof(want), "%s/bad.yaml:4: port: there is no port 'p'", dir);
	is(line, CLI_BAD_FILE, want);
	is("vm -j", CLI_OK, "[]\n");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(guests_are_defined_and_forgotten), T(parts_come_and_go),
		T(help_and_completion_know_parts),   T(files_are_applied),
		T(faults_have_their_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
