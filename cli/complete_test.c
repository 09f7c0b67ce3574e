/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/testing.h"

#include "api/fake_flued.h"
#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* What is offered for the line's last word. */
static void offers(const char *line, const char *want)
{
	char asked[256];
	struct said s;
	int cword = 0;

	for (const char *p = line; *p; p++)
		cword += *p == ' ';
	snprintf(asked, sizeof(asked), "flue __complete %d %s", cword, line);
	s = testing_run(asked);
	assert_int_equal(s.code, CLI_OK);
	if (strcmp(s.out, want) != 0)
		fail_msg("%s: '%s' is not '%s'", line, s.out, want);
	testing_free(&s);
}

static void from_the_tables(void **state)
{
	offers("flue p", "port\npipeline\npf\n");
	offers("flue port ", "show\nadd\nset\ndel\nhelp\n");
	offers("flue po s", "show\nset\n");
	offers("flue -j po s", "show\nset\n");
	offers("flue help po", "port\n");
	offers("flue port add p0 kind ", "host\nvhost\nethdev\n");
	offers("flue port add p0 kind v", "vhost\n");
	offers("flue port add p0 isolated ", "on\noff\n");
	offers("flue port add p0 kind vhost s", "socket\n");
	offers("flue port add p0 kind host s", "");
	offers("flue port add p0 mtu 9000 m", "mac\nmode\n");
	offers("flue port set p0 mtu ", "auto\n");
	offers("flue mtu ", "show\ncheck\nprobe\nhelp\n");
	offers("flue port add p0 nonsense 1 m", "");
	offers("flue port add ", "");
	offers("flue nonsense ", "");
	offers("flue --s", "--stats\n--socket\n");
	offers("flue apply ", ":files\n");
	offers("flue config apply f.yaml ", "restart\nevict\ndry-run\n");
	offers("flue --socket ", ":files\n");
	offers("flue mtu probe 192.0.2.1 ", "from\nnetns\nmax\ntimeout\n");
}

static void live_names(void **state)
{
	static const struct fake_answer answers[] = {
		{"bridge.show", "\"result\":[{\"name\":\"br0\"},{\"name\":\"lan\"}]"},
		{"port.show", "\"result\":[{\"name\":\"g0\"},{\"name\":\"g1\"},{\"name\":\"h0\"}]"},
		{0},
	};
	struct fake_flued *f = fake_start(answers);

	offers("flue port add p0 bridge ", "br0\nlan\n");
	offers("flue port del ", "g0\ng1\nh0\n");
	offers("flue port set g", "g0\ng1\n");
	offers("flue bridge set ", "br0\nlan\n");
	offers("flue trace port h", "h0\n");
	offers("flue chimney tap 10.0.0.1:80 10.0.0.2:90 w", "write\n");
	offers("flue chimney tap 10.0.0.1:80 write ", ":files\n");
	offers("flue mtu probe 192.0.2.1 from g", "g0\ng1\n");
	offers("flue fdb show l", "lan\nlimit\n");
	offers("flue bridge add ", "");
	json_decref(fake_stop(f));
	offers("flue port del ", "");
}

static void silence_does_not_hang(void **state)
{
	static const struct fake_answer answers[] = {{"port.show", ""}, {0}};
	struct fake_flued *f = fake_start(answers);
	uint64_t begin_ns = clock_now_ns();

	offers("flue port del ", "");
	assert_true(clock_now_ns() - begin_ns < UINT64_C(2000000000));
	json_decref(fake_stop(f));
}

static void odd_calls(void **state)
{
	static const char *const lines[] = {"flue __complete", "flue __complete 0 flue",
					    "flue __complete 9 flue port",
					    "flue __complete -1 flue port"};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct said s = testing_run(lines[i]);

		assert_int_equal(s.code, CLI_USAGE);
		assert_string_equal(s.out, "");
		testing_free(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(from_the_tables),
		cmocka_unit_test(live_names),
		cmocka_unit_test(silence_does_not_hang),
		cmocka_unit_test(odd_calls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
