/* SPDX-License-Identifier: BSD-3-Clause */
/* Whole command lines: help, exit codes, and the verbs that do more than one call. */
#include "cli/testing.h"

#include "api/fake_flued.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

/* want: the beginning of standard output, or of standard error where the code is not CLI_OK. */
static void ends(const char *line, int code, const char *want)
{
	struct said s = testing_run(line);
	const char *text = code == CLI_OK ? s.out : s.err;

	if (s.code != code || strncmp(text, want, strlen(want)) != 0)
		fail_msg("%s: %d '%s' '%s'; not %d '%s'", line, s.code, s.out, s.err, code, want);
	testing_free(&s);
}

static void help(void **state)
{
	ends("flue", CLI_USAGE, "Usage: flue [OPTION]...");
	ends("flue help", CLI_OK, "Usage: flue [OPTION]...");
	ends("flue -h", CLI_OK, "Usage: flue [OPTION]...");
	ends("flue port help", CLI_OK, "Usage: flue port [VERB]");
	ends("flue help port", CLI_OK, "Usage: flue port [VERB]");
	ends("flue port --help", CLI_OK, "Usage: flue port [VERB]");
	ends("flue port add help", CLI_OK,
	     "Usage: flue port add NAME kind KIND bridge BRIDGE [KEY VALUE]...\n");
	ends("flue help port add", CLI_OK, "Usage: flue port add NAME");
	ends("flue port add p0 mtu --help", CLI_OK, "Usage: flue port add NAME");
	ends("flue fdb del help", CLI_OK, "Usage: flue fdb del BRIDGE MAC [VLAN]\n");
	ends("flue trace help", CLI_OK, "Usage: flue trace PORT [KEY VALUE]...\n");
	ends("flue version", CLI_OK, "flue " FLUE_VERSION "\n");
	ends("flue --version", CLI_OK, "flue " FLUE_VERSION "\n");
	ends("flue -j version", CLI_OK, "{\"version\":\"" FLUE_VERSION "\",\"api\":1}\n");
	ends("flue completion bash", CLI_OK, "# bash completion");
	ends("flue __schema", CLI_OK, "# Reference\n");
	ends("flue __schema scdoc", CLI_OK, "## switch\n");
	ends("flue __schema html", CLI_USAGE, "flue: ");
}

static void exit_codes(void **state)
{
	static const struct fake_answer answers[] = {
		{"bridge.del",
		 "\"error\":{\"code\":-32000,\"message\":\"bridge br0 has ports; remove "
		 "them first\",\"data\":{\"errno\":\"EBUSY\"}}"},
		{"port.show", NULL},
		{0},
	};
	struct fake_flued *f = fake_start(answers);

	ends("flue bridge del br0", CLI_REFUSED, "flue: bridge br0 has ports; remove them first\n");
	ends("flue port show", CLI_UNREACHABLE, "flue: flued closed the connection");
	ends("flue bridge del", CLI_USAGE, "flue: name: missing");
	ends("flue apply /nonexistent.yaml", CLI_BAD_FILE, "flue: /nonexistent.yaml: No such file");
	json_decref(fake_stop(f));
	ends("flue port show", CLI_UNREACHABLE, "flue: /tmp/flue-test-");
	ends("flue --socket /nonexistent port", CLI_UNREACHABLE, "flue: /nonexistent: there is no");
}

static void unwritable_output(void **state)
{
	char *argv[] = {(char *)"flue", (char *)"version"};
	FILE *full = fopen("/dev/full", "w"), *err = fopen("/dev/null", "w");

	assert_int_equal(cli_run(2, argv, full, err), CLI_NO_OUTPUT);
	fclose(full);
	fclose(err);
}

static void fdb_pages_are_joined(void **state)
{
	static const struct fake_answer answers[] = {
		{"fdb.show",
		 "\"result\":{\"entries\":[{\"mac\":\"52:54:00:00:00:01\"}],\"cursor\":7}"},
		{"fdb.show", "\"result\":{\"entries\":[{\"mac\":\"52:54:00:00:00:02\"}]}"},
		{0},
	};
	struct fake_flued *f = fake_start(answers);
	json_t *requests;

	ends("flue -j fdb show br0", CLI_OK,
	     "{\"entries\":[{\"mac\":\"52:54:00:00:00:01\"},{\"mac\":\"52:54:00:00:00:02\"}]}\n");
	requests = fake_stop(f);
	assert_int_equal(json_array_size(requests), 2);
	assert_int_equal(
		json_get_int(json_object_get(json_array_get(requests, 1), "params"), "cursor", 0),
		7);
	json_decref(requests);
	f = fake_start(answers);
	ends("flue -j fdb show br0 limit 1", CLI_OK,
	     "{\"entries\":[{\"mac\":\"52:54:00:00:00:01\"}],\"cursor\":7}\n");
	json_decref(fake_stop(f));
}

static void apply(void **state)
{
	static const struct fake_answer answers[] = {
		{"config.apply",
		 "\"result\":{\"changes\":[{\"verb\":\"add\",\"object\":\"bridge\",\"name\":"
		 "\"br0\","
		 "\"params\":{\"name\":\"br0\",\"mtu\":9000}},{\"verb\":\"set\",\"object\":"
		 "\"port\","
		 "\"name\":\"p0\",\"params\":{\"isolated\":true}},{\"verb\":\"del\","
		 "\"object\":\"port\",\"name\":\"p1\"}],\"applied\":false}"},
		{"config.apply", "\"result\":{\"changes\":[],\"applied\":true}"},
		{"config.apply",
		 "\"error\":{\"code\":-32000,\"message\":\"netns: no such namespace\","
		 "\"data\":{\"errno\":\"ENOENT\",\"path\":\"/config/bridges/0/mtu\"}}"},
		{"config.apply", "\"error\":{\"code\":-32000,\"message\":\"busy\","
				 "\"data\":{\"errno\":\"EBUSY\",\"path\":\"/bridges/0\"}}"},
		{0},
	};
	char path[] = "/tmp/flue-apply-XXXXXX", line[96], want[128];
	static const char text[] = "bridges:\n  - name: br0\n    mtu: 9000\n";
	struct fake_flued *f = fake_start(answers);
	json_t *requests, *params;
	int fd = mkstemp(path);

	assert_int_equal(write(fd, text, sizeof(text) - 1), sizeof(text) - 1);
	close(fd);
	snprintf(line, sizeof(line), "flue apply %s --dry-run", path);
	ends(line, CLI_OK,
	     "+ bridge br0 mtu 9000\n~ port p0 isolated on\n- port p1\nnot applied: dry run\n");
	snprintf(line, sizeof(line), "flue config apply %s", path);
	ends(line, CLI_OK, "nothing to change\n");
	snprintf(want, sizeof(want), "flue: %s:3: netns: no such namespace\n", path);
	ends(line, CLI_REFUSED, want);
	snprintf(want, sizeof(want), "flue: %s:2: busy\n", path);
	ends(line, CLI_REFUSED, want);
	requests = fake_stop(f);
	params = json_object_get(json_array_get(requests, 0), "params");
	assert_true(json_get_bool(params, "dry-run", false));
	assert_int_equal(
		json_array_size(json_object_get(json_object_get(params, "config"), "bridges")), 1);
	json_decref(requests);
	unlink(path);
}

/* Its status tells a script whether all is well. */
static void mtu_check(void **state)
{
	static const struct fake_answer answers[] = {
		{"mtu.check", "\"result\":[]"},
		{"mtu.check", "\"result\":[]"},
		{"mtu.check", "\"result\":[{\"element\":\"h1\",\"text\":\"it has 1500\","
			      "\"cure\":\"ip link set dev eth0 mtu 9000\"}]"},
		{"mtu.check", "\"error\":{\"code\":-32000,\"message\":\"out of memory\"}"},
		{0},
	};
	struct fake_flued *f = fake_start(answers);
	struct said s;

	ends("flue mtu check", CLI_OK, "no disagreement\n");
	ends("flue mtu check -j", CLI_OK, "[]\n");
	s = testing_run("flue mtu check");
	assert_int_equal(s.code, CLI_REFUSED);
	assert_string_equal(s.out, "it has 1500\n    ip link set dev eth0 mtu 9000\n");
	assert_string_equal(s.err, "");
	testing_free(&s);
	ends("flue mtu check", CLI_REFUSED, "flue: out of memory\n");
	json_decref(fake_stop(f));
}

static void trace(void **state)
{
	static const struct fake_answer answers[] = {
		{"trace.start", "\"result\":{}"},
		{"trace.read", "\"result\":{\"running\":true,\"packets\":0,\"steps\":[]}"},
		{"trace.read",
		 "\"result\":{\"running\":true,\"packets\":2,\"steps\":["
		 "{\"seq\":1,\"packet\":2,\"stage\":\"parse\",\"text\":\"IPv4\"},"
		 "{\"seq\":2,\"packet\":1,\"stage\":\"parse\",\"text\":\"ARP\"},"
		 "{\"seq\":3,\"packet\":2,\"stage\":\"lookup\",\"text\":\"to p1\"}]}"},
		{"trace.read", "\"result\":{\"running\":false,\"packets\":2,\"steps\":[]}"},
		{"trace.stop", "\"result\":{}"},
		{0},
	};
	struct fake_flued *f = fake_start(answers);
	json_t *requests;

	ends("flue trace port p0 count 2", CLI_OK,
	     "packet 2\n  parse        IPv4\n  lookup       to p1\npacket 1\n  parse        ARP\n");
	requests = fake_stop(f);
	assert_int_equal(json_array_size(requests), 5);
	assert_int_equal(
		json_get_int(json_object_get(json_array_get(requests, 3), "params"), "after", 0),
		3);
	assert_string_equal(json_get_str(json_array_get(requests, 4), "method", ""), "trace.stop");
	json_decref(requests);
	f = fake_start(answers);
	ends("flue -j trace p0", CLI_OK, "{\"running\":false,\"packets\":2,\"steps\":[{\"seq\":1,");
	json_decref(fake_stop(f));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(help),
		cmocka_unit_test(exit_codes),
		cmocka_unit_test(unwritable_output),
		cmocka_unit_test(fdb_pages_are_joined),
		cmocka_unit_test(apply),
		cmocka_unit_test(mtu_check),
		cmocka_unit_test(trace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
