/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/options.h"

#include "bench/number.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

static int parse(struct run_request *r, struct err *e, const char *line)
{
	static char copy[512];
	char *words[32], *rest = copy, *word;
	int n = 0;

	strncpy(copy, line, sizeof(copy) - 1);
	while ((word = strsep(&rest, " ")))
		words[n++] = word;
	*e = (struct err){0};
	return options_parse(n, words, r, e);
}

static void numbers(void **state)
{
	static const struct {
		const char *text;
		double value;
	} good[] = {{"64", 64},	     {"0.5", 0.5},    {"1k", 1000}, {"100K", 1e5},
		    {"2.5M", 2.5e6}, {"0.1%", 0.001}, {"1e3", 1000}};
	static const char *const bad[] = {"",	 "k",	 "-1",	"+1",	 " 1",	"1 ", "inf",
					  "nan", "0x10", "1kk", "1e999", "64,", "%"};
	double value;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(number_parse(good[i].text, &value), 0);
		assert_true(value == good[i].value ||
			    (value > good[i].value * 0.999999 && value < good[i].value * 1.000001));
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(number_parse(bad[i], &value), -EINVAL);
	assert_true(number_allowed("64", "64..9018|imix"));
	assert_true(number_allowed("imix", "64..9018|imix"));
	assert_false(number_allowed("63", "64..9018|imix"));
	assert_false(number_allowed("9019", "64..9018|imix"));
	assert_false(number_allowed("im", "64..9018|imix"));
	assert_false(number_allowed("", "64..9018|imix"));
}

static void cells_are_all_combinations(void **state)
{
	static const char *const want[] = {"64 1k", "imix 1k", "64 2", "imix 2"};
	struct run_request r;
	struct err e;
	char title[100];

	assert_int_equal(parse(&r, &e, "fake size 64,imix flows 1k,2"), 0);
	assert_int_equal(r.options.cells.n, 4);
	for (size_t i = 0; i < 4; i++) {
		const struct cell *c = &r.options.cells.cell[i];
		char both[32];

		snprintf(both, sizeof(both), "%s %s", cell_text(c, "size"), cell_text(c, "flows"));
		assert_string_equal(both, want[i]);
		assert_true(cell_on(c, "both"));
	}
	assert_true(cell_number(&r.options.cells.cell[0], "flows") == 1000);
	cells_title(&r.options.cells, 1, false, title, sizeof(title));
	assert_string_equal(title, "size imix flows 1k");
	cells_title(&r.options.cells, 1, true, title, sizeof(title));
	assert_string_equal(title, "size imix flows 1k both on");
	options_free(&r);
}

static void options_are_read(void **state)
{
	struct run_request r;
	struct err e;

	assert_int_equal(
		parse(&r, &e,
		      "--vs other,flue -j fake --rounds 3..9 --seconds 0.5 --load-cores 0,2 "
		      "--worker-cores 3 --max-steal 2% both off --retries 0 --out x"),
		0);
	assert_int_equal(r.options.n_systems, 3);
	assert_string_equal(r.options.systems[0], "flue");
	assert_string_equal(r.options.systems[1], "other");
	assert_string_equal(r.options.systems[2], "flue");
	assert_true(r.options.json);
	assert_int_equal(r.options.min_rounds, 3);
	assert_int_equal(r.options.max_rounds, 9);
	assert_true(r.options.limits.seconds == 0.5);
	assert_true(r.options.limits.watch.steal == 0.02);
	assert_int_equal(r.options.limits.retries, 0);
	assert_int_equal(r.load_cpus, 5);
	assert_int_equal(r.worker_cpus, 8);
	assert_string_equal(r.options.out, "x");
	assert_false(cell_on(&r.options.cells.cell[0], "both"));
	options_free(&r);
}

/* A system may stand beside itself with another value. */
static void systems_have_own_values(void **state)
{
	struct run_request r;
	struct err e = {0};
	json_t *params;

	assert_int_equal(parse(&r, &e, "fake flows 1k --vs flue:flows=2:both=off,other"), 0);
	assert_string_equal(r.options.systems[1], "flue:flows=2:both=off");
	assert_int_equal(cells_name_length(r.options.systems[1]), 4);
	params = json_deep_copy(r.options.cells.cell[0].params);
	assert_int_equal(cells_change(r.options.scenario, "flue", params, &e), 0);
	assert_true(json_equal(params, r.options.cells.cell[0].params));
	assert_int_equal(cells_change(r.options.scenario, r.options.systems[1], params, &e), 0);
	assert_string_equal(json_string_value(json_object_get(params, "flows")), "2");
	assert_string_equal(json_string_value(json_object_get(params, "both")), "off");
	assert_string_equal(json_string_value(json_object_get(params, "size")),
			    cell_text(&r.options.cells.cell[0], "size"));
	json_decref(params);
	options_free(&r);
}

static void wrong_words_are_named(void **state)
{
	static const struct {
		const char *line, *says;
	} wrong[] = {
		{"", "no scenario ''"},
		{"nonsense", "there are: fake"},
		{"fake colour red", "no parameter 'colour'; there are: size, flows, both"},
		{"fake size", "size: its value is missing"},
		{"fake size 63", "size 63: must be 64..9018|imix|64k"},
		{"fake size 64,", "size : must be"},
		{"fake size 64 size 128", "size is given twice"},
		{"fake both maybe", "must be on|off"},
		{"fake --rounds 0", "--rounds 0"},
		{"fake --rounds 5..3", "--rounds 5..3"},
		{"fake --rounds 5..99", "--rounds 5..99"},
		{"fake --rounds 5x", "--rounds 5x"},
		{"fake --colour red", "no option --colour"},
		{"fake --vs", "--vs: its value is missing"},
		{"fake --vs other:", "KEY=VALUE"},
		{"fake --vs other:flows", "KEY=VALUE"},
		{"fake --vs other:colour=red", "no parameter 'colour'"},
		{"fake --vs other:size=63", "size 63: must be"},
		{"fake --vs flu:flows=1", "cannot be measured with 'flu'"},
		{"fake --vs oth", "cannot be measured with 'oth'"},
		{"fake --vs other,", "cannot be measured with ''"},
		{"fake --system other,flue", "one only"},
		{"fake --seconds fast", "--seconds fast"},
		{"fake --load-cores 64", "--load-cores 64"},
		{"fake --vs flue,flue,flue,flue,flue,flue,flue", "more than 6 systems"},
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct run_request r;
		struct err e = {0};

		assert_int_equal(parse(&r, &e, wrong[i].line), -EINVAL);
		if (!strstr(e.text, wrong[i].says))
			fail_msg("'%s' says: %s", wrong[i].line, e.text);
	}
}

static void too_many_cells_are_refused(void **state)
{
	char line[4096] = "fake flows 1";
	struct run_request r;
	struct err e = {0};
	char *words[] = {"fake", "flows", line + 11, NULL};

	for (int i = 2; i < 260; i++)
		snprintf(line + strlen(line), sizeof(line) - strlen(line), ",%d", i);
	assert_int_equal(options_parse(3, words, &r, &e), -EINVAL);
	assert_non_null(strstr(e.text, "combinations"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers),
		cmocka_unit_test(cells_are_all_combinations),
		cmocka_unit_test(options_are_read),
		cmocka_unit_test(systems_have_own_values),
		cmocka_unit_test(wrong_words_are_named),
		cmocka_unit_test(too_many_cells_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
