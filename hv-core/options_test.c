/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/options.h"

#include "hv-core/config.h"
#include "hv-core/sandbox/sandbox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

/* The words after the program's name, split at blanks. */
static int parse(struct hv_options *o, const char *line, struct err *e)
{
	char *copy = strdup(line), *rest = copy, *argv[32] = {(char *)"flue-vm"}, *word;
	int argc = 1, ret;

	memset(e, 0, sizeof(*e));
	while ((word = strsep(&rest, " ")) && argc < 32)
		if (*word)
			argv[argc++] = word;
	ret = hv_options_parse(o, argc, argv, e);
	/* Strings of options point into argv. */
	if (ret != 0 || !o->control)
		free(copy);
	return ret;
}

static void becomes(const char *line, const char *want)
{
	struct hv_options o;
	struct err e;
	char *text = strdup(want);
	json_t *v;

	if (parse(&o, line, &e) != 0)
		fail_msg("%s: %s", line, e.text);
	for (char *p = text; *p; p++)
		if (*p == '\'')
			*p = '"';
	v = json_loads(text, 0, NULL);
	assert_non_null(v);
	if (!json_equal(o.config, v))
		fail_msg("%s: %s", line, json_dumps(o.config, 0));
	json_decref(v);
	free(text);
	hv_options_free(&o);
}

static void options_are_keys(void **state)
{
	becomes("--kernel /k --initrd /i --append quiet --cpus 2 --memory=64",
		"{'guests':[{'name':'guest','kernel':'/k','initrd':'/i','cmdline':'quiet','cpus':2,"
		"'memory':64,'console':'stdio'}],'disks':[],'nics':[]}");
	becomes("--native /n --disk path=/d,readonly --disk /e,direct=off,name=x --name g "
		"--console socket=/c",
		"{'guests':[{'name':'g','native':'/n','console':'socket','console-path':'/c'}],"
		"'disks':[{'name':'disk0','guest':'g','path':'/d','readonly':true},"
		"{'name':'x','guest':'g','path':'/e','direct':false}],'nics':[]}");
	becomes("--kernel /k --console off --nic synthetic,socket=/s,mode=serve,queues=2 "
		"--nic direct,address=0000:01:00.0",
		"{'guests':[{'name':'guest','kernel':'/k','console':'off'}],'disks':[],'nics':["
		"{'name':'net0','guest':'guest','model':'synthetic','socket':'/s','mode':'serve',"
		"'queues':2},"
		"{'name':'net1','guest':'guest','model':'direct','address':'0000:01:00.0'}]}");
}

static void refused(const char *line, const char *what)
{
	struct hv_options o;
	struct err e;

	if (parse(&o, line, &e) == 0)
		fail_msg("taken: %s", line);
	if (!strstr(e.text, what))
		fail_msg("%s: '%s', not '%s'", line, e.text, what);
	hv_options_free(&o);
}

static void what_is_wrong_is_said(void **state)
{
	refused("kernel", "not understood");
	refused("--", "not understood");
	refused("--kernel", "value is missing");
	refused("--colour red", "'colour': no such key");
	refused("--cpus many", "cpus: 'many' is not a number");
	refused("--cpus 65", "cpus: 65 is outside");
	refused("--nic sneaky,socket=/s", "model: 'sneaky' is not one of");
	refused("--nic synthetic,x=1", "'x': no such key");
	refused("--console tape", "console: 'tape'");
	refused("--ready-fd x", "--ready-fd");
	refused("--uid root", "--uid: 'root' is not UID");
	refused("--uid 7:x", "--uid: '7:x' is not UID");
	refused("--uid 4294967295", "--uid: '4294967295' is not UID");
	refused("--config /there/is/no/such --cpus 2", "--config says all");
	refused("--config /there/is/no/such", "cannot read");
}

static void a_file_says_all(void **state)
{
	char path[] = "/tmp/options_test.XXXXXX", line[64];
	int fd = mkstemp(path);
	struct hv_options o;
	struct hv_config c;
	struct err e;

	assert_true(fd >= 0);
	dprintf(fd, "{\"guests\":[{\"name\":\"g\",\"kernel\":\"/k\"}]}");
	snprintf(line, sizeof(line), "--config %s", path);
	assert_int_equal(parse(&o, line, &e), 0);
	assert_int_equal(hv_config_parse(&c, o.config, &e), 0);
	assert_string_equal(c.name, "g");
	hv_config_free(&c);
	hv_options_free(&o);
	dprintf(fd, "and more");
	refused(line, "not JSON");
	close(fd);
	unlink(path);
}

/* The guest's process is nobody in particular, but where flue-vm is not root: then it is who that
 * is. */
static void a_guest_is_not_root(void **state)
{
	bool root = geteuid() == 0;
	struct hv_options o;
	struct err e;

	assert_int_equal(parse(&o, "--kernel /k", &e), 0);
	assert_int_equal(o.uid, root ? HV_SANDBOX_NOBODY : (uid_t)-1);
	assert_int_equal(o.gid, root ? HV_SANDBOX_NOBODY : (gid_t)-1);
	hv_options_free(&o);
	assert_int_equal(parse(&o, "--kernel /k --uid 0", &e), 0);
	assert_int_equal(o.uid, (uid_t)-1);
	hv_options_free(&o);
	if (!root) {
		refused("--uid 7", "only root can");
		return;
	}
	assert_int_equal(parse(&o, "--kernel /k --uid 7", &e), 0);
	assert_true(o.uid == 7 && o.gid == 7);
	hv_options_free(&o);
	assert_int_equal(parse(&o, "--kernel /k --uid 7:8", &e), 0);
	assert_true(o.uid == 7 && o.gid == 8);
	hv_options_free(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_are_keys),
		cmocka_unit_test(what_is_wrong_is_said),
		cmocka_unit_test(a_file_says_all),
		cmocka_unit_test(a_guest_is_not_root),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
