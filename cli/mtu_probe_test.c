/* SPDX-License-Identifier: BSD-3-Clause */
/* The words of `flue mtu probe`: where from, refusals, and text from JSON. No echo is sent. */
#include "cli/mtu_probe.h"
#include "cli/testing.h"

#include "api/fake_flued.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void ends(const char *line, int code, const char *want)
{
	struct said s = testing_run(line);

	if (s.code != code || !strstr(code == CLI_OK ? s.out : s.err, want))
		fail_msg("%s: %d '%s' '%s'; not %d '%s'", line, s.code, s.out, s.err, code, want);
	testing_free(&s);
}

static void help(void **state)
{
	ends("flue mtu probe help", CLI_OK, "Usage: flue mtu probe ADDRESS [KEY VALUE]...");
	ends("flue mtu help", CLI_OK, "probe ");
	ends("flue help", CLI_OK, "  8  mtu probe: the target does not answer\n");
}

static void wrong_words(void **state)
{
	ends("flue mtu probe", CLI_USAGE, "address: missing");
	ends("flue mtu probe 192.0.2.1 max 10", CLI_USAGE, "max");
	ends("flue mtu probe 192.0.2.1 from p0 netns n", CLI_USAGE, "give one");
	ends("flue mtu probe example", CLI_USAGE, "'example' is no IPv4 or IPv6 address");
	ends("flue mtu probe 192.0.2.1 netns ../x", CLI_USAGE, "'../x' is no name");
}

static void ports_without_a_socket(void **state)
{
	static const struct fake_answer answers[] = {
		{"port.show", "\"result\":[{\"name\":\"g0\",\"kind\":\"vhost\"}]"},
		{"port.show", "\"result\":[{\"name\":\"e0\",\"kind\":\"ethdev\"}]"},
		{"port.show",
		 "\"result\":[{\"name\":\"h0\",\"kind\":\"host\",\"state\":\"waiting\"}]"},
		{"port.show", "\"error\":{\"code\":-32000,\"message\":\"there is no port x\","
			      "\"data\":{\"errno\":\"ENOENT\"}}"},
		{0},
	};
	struct fake_flued *f = fake_start(answers);

	ends("flue mtu probe 192.0.2.1 from g0", CLI_REFUSED, "inside the guest");
	ends("flue mtu probe 192.0.2.1 from e0", CLI_REFUSED, "DPDK device");
	ends("flue mtu probe 192.0.2.1 from h0", CLI_REFUSED, "lost its interface");
	ends("flue mtu probe 192.0.2.1 from x", CLI_REFUSED, "there is no port x");
	json_decref(fake_stop(f));
	ends("flue mtu probe 192.0.2.1 from x", CLI_UNREACHABLE, "flued");
}

/* The text of a result must hold all of these; ends with NULL. */
static void text_of(struct probe_result *r, const char *const *want)
{
	json_t *result = probe_json("192.0.2.9", r);
	size_t size;
	char *text;
	FILE *out = open_memstream(&text, &size);

	mtu_probe_text(out, NULL, result);
	fclose(out);
	for (; *want; want++)
		if (!strstr(text, *want))
			fail_msg("no '%s' in:\n%s", *want, text);
	json_decref(result);
	free(text);
}

static struct probe_result base(enum probe_state state, uint32_t forward)
{
	return (struct probe_result){.family = 2, /* AF_INET */
				     .state = state,
				     .interface_mtu = 9000,
				     .asked = 9000,
				     .forward = forward,
				     .forward_exact = true,
				     .fails = forward < 9000 ? forward + 1 : 0,
				     .backward = forward,
				     .teller = -1,
				     .sent = 30,
				     .answers = 20};
}

static void text(void **state)
{
	struct probe_result r = base(PROBE_CLEAR, 9000);

	text_of(&r,
		(const char *[]){"192.0.2.9, interface MTU 9000\n", "forward   9000 bytes\n",
				 "backward  9000 bytes\n", "30 echoes sent, 20 answered\n", NULL});
	r = base(PROBE_BLACK_HOLE, 1500);
	r.black_hole = true;
	r.hops = (struct probe_hops){.known = true, .before = 1, .before_target = true};
	text_of(&r,
		(const char *[]){"forward   1500 bytes\n", "backward  1500 bytes or more",
				 "BLACK HOLE: packets of 1501 bytes vanish",
				 "between this host and 192.0.2.9 (hop 1), or the answer", NULL});
	r = base(PROBE_TOLD, 1500);
	r.teller = 0;
	r.told[0] = (struct probe_told){.size = 9000, .mtu = 1500, .from = "192.0.2.1"};
	text_of(&r, (const char *[]){"told      by 192.0.2.1: 1500 bytes fit\n", NULL});
	r.state = PROBE_TOLD_WRONG;
	r.told[0].mtu = 0;
	text_of(&r, (const char *[]){"does not say what would fit", "that is wrong", NULL});
	r = base(PROBE_SMALLER_BACK, 9000);
	r.backward = 1403;
	r.backward_exact = true;
	text_of(&r,
		(const char *[]){"backward  1403 bytes: larger answers came in fragments\n", NULL});
	r = base(PROBE_UNREACHABLE, 0);
	r.fails = 0;
	text_of(&r, (const char *[]){"unreachable: no echo was answered\n", NULL});
}

/* The keys that scripts and the benchmark go by. */
static void json_keys(void **state)
{
	static const char want[] =
		"{\"answers\":20,\"asked\":9000,\"backward\":{\"at_least\":true,\"cut\":false,"
		"\"mtu\":1500},\"black_hole\":false,\"fails\":1501,\"family\":\"ipv4\","
		"\"forward\":{\"exact\":true,\"mtu\":1500},\"interface_mtu\":9000,"
		"\"probes_sent\":30,\"shrinks_at\":{\"told\":{\"address\":\"192.0.2.1\","
		"\"local\":false,\"mtu\":1500,\"size\":9000}},\"state\":\"told\","
		"\"target\":\"192.0.2.9\"}";
	struct probe_result r = base(PROBE_TOLD, 1500);
	json_t *o;
	char *line;

	r.teller = 0;
	r.told[0] = (struct probe_told){.size = 9000, .mtu = 1500, .from = "192.0.2.1"};
	o = probe_json("192.0.2.9", &r);
	line = json_dumps(o, JSON_COMPACT | JSON_SORT_KEYS);
	assert_string_equal(line, want);
	free(line);
	json_decref(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(help),
		cmocka_unit_test(wrong_words),
		cmocka_unit_test(ports_without_a_socket),
		cmocka_unit_test(text),
		cmocka_unit_test(json_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
