/* SPDX-License-Identifier: BSD-3-Clause */
/* What is asked of flue-pf, in which order, and what a guest's definition has afterwards. */
#include "cli/testing.h"

#include "api/fake_flued.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static char dir[64];

static int setup(void **state)
{
	strcpy(dir, "/tmp/cli_pf_test.XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	return setenv("FLUE_VM_DIR", dir, 1);
}

static int teardown(void **state)
{
	char command[80];

	unsetenv("FLUE_PF_SOCKET");
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

/* It listens as flue-pf; nobody is flued. */
static struct fake_flued *manager(const struct fake_answer *answers)
{
	struct fake_flued *f = fake_start(answers);

	setenv("FLUE_PF_SOCKET", fake_path(f), 1);
	setenv("FLUE_SOCKET", "/nonexistent/flued.sock", 1);
	return f;
}

/* part: of standard output, or of standard error where the code is not CLI_OK. */
static void says(const char *line, int code, const char *part)
{
	struct said s = testing_run(line);
	const char *text = code == CLI_OK ? s.out : s.err;

	if (s.code != code || !strstr(text, part))
		fail_msg("%s: %d '%s' '%s'; not %d '%s'", line, s.code, s.out, s.err, code, part);
	testing_free(&s);
}

/* The methods asked for, as "a b c". */
static void asked(struct fake_flued *f, const char *want)
{
	json_t *requests = fake_stop(f), *r;
	char all[512] = "";
	size_t i;

	json_array_foreach (requests, i, r) {
		const json_t *params = json_object_get(r, "params");
		const char *method = json_get_str(r, "method", "?");

		snprintf(all + strlen(all), sizeof(all) - strlen(all), "%s%s%s%s", i ? " " : "",
			 method, json_get_bool(params, "dry-run", false) ? "?" : "",
			 json_get_bool(params, "evict", false) ? "!" : "");
	}
	json_decref(requests);
	assert_string_equal(all, want);
}

static const char *file(const char *text)
{
	static char path[80];
	FILE *f;

	snprintf(path, sizeof(path), "%s/c.yaml", dir);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	return path;
}

static void apply(const char *text, const char *words, int code, const char *part)
{
	char line[160];

	snprintf(line, sizeof(line), "flue apply %s%s%s", file(text), *words ? " " : "", words);
	says(line, code, part);
}

static void functions_are_listed(void **state)
{
	static const struct fake_answer answers[] = {
		{"pf.show",
		 "\"result\":[{\"name\":\"wan\",\"address\":\"0000:01:00.0\",\"numvfs\":4,"
		 "\"state\":\"wedged\",\"doing\":\"numvfs 0\",\"drift\":[{\"what\":\"wan/3 mac\","
		 "\"is\":\"02:00:00:00:00:01\",\"want\":\"02:00:00:00:00:02\"}]}]"},
		{"vf.show",
		 "\"result\":[{\"pf\":\"wan\",\"index\":3,\"state\":\"held\",\"guest\":\"d\","
		 "\"faults\":{\"count\":2,\"last\":\"DMA write to 0x1000\"}}]"},
		{0},
	};
	struct fake_flued *f = manager(answers);

	says("flue pf list", CLI_OK, "wedged");
	says("flue pf", CLI_OK, "numvfs 0");
	says("flue pf show wan", CLI_OK,
	     "drift  wan/3 mac is 02:00:00:00:00:01, wanted 02:00:00:00:00:02");
	says("flue vf list", CLI_OK, "held");
	says("flue vf show wan 3", CLI_OK, "faults  2, the last: DMA write to 0x1000");
	says("flue vf show wan 3 -j", CLI_OK, "\"guest\":\"d\"");
	asked(f, "pf.show pf.show pf.show vf.show vf.show vf.show");
	says("flue pf", CLI_UNREACHABLE, "start flue-pf (systemctl start flue-pf)");
}

static const char functions[] = "pfs: [{name: wan, ifname: eth0, numvfs: 2}]\n"
				"vfs: [{pf: wan, index: 0, mac: '02:00:00:00:00:01'}]\n";

static void a_plan_comes_first(void **state)
{
	static const struct fake_answer answers[] = {
		{"pf.apply",
		 "\"result\":{\"changes\":[{\"verb\":\"set\",\"object\":\"pf\",\"name\":"
		 "\"wan\",\"params\":{\"numvfs\":2}}],\"blast\":[],\"applied\":true}"},
		{0},
	};
	struct fake_flued *f = manager(answers);

	apply(functions, "", CLI_OK, "~ pf wan numvfs 2");
	apply(functions, "dry-run on", CLI_OK, "~ pf wan numvfs 2\nnot applied: dry run\n");
	asked(f, "pf.apply? pf.apply pf.apply?");
}

static void who_would_lose_something_is_said(void **state)
{
	static const struct fake_answer answers[] = {
		{"pf.apply",
		 "\"result\":{\"changes\":[],\"blast\":[{\"guest\":\"d\",\"vf\":\"wan/3\","
		 "\"why\":\"numvfs 4 to 2\"}],\"applied\":true}"},
		{0},
	};
	struct fake_flued *f = manager(answers);

	apply(functions, "", CLI_REFUSED, "guests would lose 1 virtual function; nothing");
	apply(functions, "evict on", CLI_OK, "! guest d loses wan/3: numvfs 4 to 2");
	asked(f, "pf.apply? pf.apply?! pf.apply!");
}

static void a_refused_plan_is_located(void **state)
{
	static const struct fake_answer answers[] = {
		{"pf.apply", "\"error\":{\"code\":-32000,\"message\":\"mac: multicast\",\"data\":"
			     "{\"errno\":\"EINVAL\",\"path\":\"/config/vfs/0/mac\"}}"},
		{0},
	};
	struct fake_flued *f = manager(answers);

	apply(functions, "", CLI_REFUSED, "c.yaml:2: mac: multicast");
	asked(f, "pf.apply?");
}

/* A file that speaks of the switch as well changes nothing there when the plan is refused. */
static void the_switch_waits_for_the_plan(void **state)
{
	static const struct fake_answer answers[] = {
		{"pf.apply", "\"error\":{\"code\":-32000,\"message\":\"no such PF\",\"data\":"
			     "{\"errno\":\"ENOENT\"}}"},
		{0},
	};
	struct fake_flued *f = manager(answers);
	char text[256];

	snprintf(text, sizeof(text), "bridges: [{name: br0}]\n%s", functions);
	apply(text, "", CLI_REFUSED, "no such PF");
	asked(f, "pf.apply?");
}

static void a_card_comes_and_goes(void **state)
{
	static const struct fake_answer answers[] = {
		{"vf.assign", "\"result\":{\"pf\":\"wan\",\"index\":1,\"epoch\":7}"},
		{"vf.show", "\"result\":[{\"pf\":\"wan\",\"index\":1,\"guest\":\"d\"}]"},
		{"vf.release", "\"result\":{}"},
		{0},
	};
	struct fake_flued *f = manager(answers);

	says("flue vf assign wan 1 d", CLI_REFUSED, "there is no guest 'd'");
	says("flue vf assign wan 1", CLI_USAGE, "give it to a guest");
	says("flue vm create d kernel /k", CLI_OK, "");
	says("flue vf assign wan 1 d", CLI_OK, "");
	says("flue vm nic show d -j", CLI_OK, "\"vf\":\"wan/1\"");
	says("flue vf release wan 1", CLI_OK, "");
	says("flue vm nic show d -j", CLI_OK, "[]");
	asked(f, "vf.assign vf.show vf.release");
}

/* The reservation goes back when the guest cannot have the card. */
static void a_card_that_does_not_fit_is_given_back(void **state)
{
	static const struct fake_answer answers[] = {
		{"vf.assign", "\"result\":{\"pf\":\"wan\",\"index\":1,\"epoch\":7}"},
		{"vf.release", "\"result\":{}"},
		{0},
	};
	struct fake_flued *f = manager(answers);
	json_t *requests;

	says("flue vm create d kernel /k", CLI_OK, "");
	says("flue vm nic add d wan-1 socket /s", CLI_OK, "");
	says("flue vf assign wan 1 d", CLI_REFUSED, "wan-1");
	requests = fake_stop(f);
	assert_int_equal(json_array_size(requests), 2);
	assert_int_equal(
		json_get_int(json_object_get(json_array_get(requests, 1), "params"), "epoch", 0),
		7);
	json_decref(requests);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(functions_are_listed, setup, teardown),
		cmocka_unit_test_setup_teardown(a_plan_comes_first, setup, teardown),
		cmocka_unit_test_setup_teardown(who_would_lose_something_is_said, setup, teardown),
		cmocka_unit_test_setup_teardown(a_refused_plan_is_located, setup, teardown),
		cmocka_unit_test_setup_teardown(the_switch_waits_for_the_plan, setup, teardown),
		cmocka_unit_test_setup_teardown(a_card_comes_and_goes, setup, teardown),
		cmocka_unit_test_setup_teardown(a_card_that_does_not_fit_is_given_back, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
