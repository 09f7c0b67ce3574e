/* SPDX-License-Identifier: BSD-3-Clause */
/* Escaping, figures, scales and sentences. */
#include "bench/report/axis.h"
#include "bench/report/grid.h"
#include "bench/report/label.h"
#include "bench/report/out.h"
#include "bench/report/units.h"
#include "bench/report/words.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void expect_text(const char *in, const char *out)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	out_text(f, in);
	fclose(f);
	assert_string_equal(text, out);
	free(text);
}

static void markup_is_escaped(void **state)
{
	expect_text("<b a='1' c=\"2\">&</b>",
		    "&lt;b a=&#39;1&#39; c=&quot;2&quot;&gt;&amp;&lt;/b&gt;");
	expect_text("5 µs ≥ 3", "5 µs ≥ 3");
	expect_text("a\x01\x1b\x7f", "a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
	expect_text("\xef\xbf\xbf!", "\xef\xbf\xbd!");
	/* Cut in the middle of a character. */
	expect_text("a\xe2\x89", "a\xef\xbf\xbd\xef\xbf\xbd");
	expect_text("\xff<", "\xef\xbf\xbd&lt;");
}

static void texts_are_cut_between_characters(void **state)
{
	char out[64];

	out_cut(out, sizeof(out), "µµµµ", 4);
	assert_string_equal(out, "µµµµ");
	out_cut(out, sizeof(out), "µµµµ", 3);
	assert_string_equal(out, "µµ…");
	assert_int_equal(out_length("µ…a"), 3);
}

static void shown_as(double value, const char *unit, const char *want)
{
	char text[64];

	unit_value(text, sizeof(text), value, unit);
	assert_string_equal(text, want);
}

static void figures_are_scaled(void **state)
{
	shown_as(5.1e6, "pps", "5.10 Mpps");
	shown_as(999.7e3, "pps", "1.00 Mpps");
	shown_as(12400, "ns", "12.4 µs");
	shown_as(1.5, "ns", "1.50 ns");
	shown_as(2e12, "ns", "2000 s");
	shown_as(0.25, "s", "250 ms");
	shown_as(9.41e9, "bit/s", "9.41 Gb/s");
	shown_as(310e6, "bytes", "310 MB");
	shown_as(48000, "IOPS", "48.0 k IOPS");
	shown_as(0, "pps", "0 pps");
	shown_as(-2500, "pps", "-2.50 kpps");
	shown_as(0.125, "ratio", "12.5 %");
	shown_as(42, "cycles", "42.0 cycles");
	shown_as(3, "", "3.00");
}

static void check_axis(const struct axis *a, double lo, double hi, size_t most)
{
	assert_true(a->lo <= lo * (lo > 0 ? 1 + 1e-9 : 1 - 1e-9) + 1e-12);
	assert_true(a->hi >= hi * (hi > 0 ? 1 - 1e-9 : 1 + 1e-9) - 1e-12);
	assert_in_range(a->n_ticks, 2, most);
	for (size_t i = 0; i < a->n_ticks; i++) {
		assert_true(a->ticks[i] >= a->lo - fabs(a->lo) * 1e-9);
		assert_true(a->ticks[i] <= a->hi + fabs(a->hi) * 1e-9);
		assert_true(i == 0 || a->ticks[i] > a->ticks[i - 1]);
	}
}

static void axes_are_round(void **state)
{
	static const double ranges[][2] = {{0, 5.71e6}, {0, 1},	      {3, 3},	 {-4, 9},
					   {1e-9, 1e9}, {0.98, 1.31}, {0, 1e18}, {5e6, 5.1e6}};
	struct axis a;

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		for (size_t most = 4; most <= 9; most++) {
			axis_linear(&a, ranges[i][0], ranges[i][1], i % 2, most);
			check_axis(&a, ranges[i][0], ranges[i][1], most);
			if (ranges[i][0] <= 0)
				continue;
			axis_log(&a, ranges[i][0], ranges[i][1], most);
			check_axis(&a, ranges[i][0], ranges[i][1], most + 1);
		}
	}
	axis_linear(&a, 0, 5.7, true, 7);
	assert_int_equal(a.n_ticks, 7);
	assert_true(a.hi == 6);
	a.px_lo = 100;
	a.px_hi = 160;
	assert_true(fabs(axis_px(&a, 3) - 130) < 1e-9);
	axis_log(&a, 1, 100, 7);
	a.px_lo = 0;
	a.px_hi = 2;
	assert_true(fabs(axis_px(&a, 10) - 1) < 1e-9);
}

static void cells_say_what_differs(void **state)
{
	json_t *a = json_pack("{s:s,s:s}", "size", "64", "both", "on");
	json_t *b = json_pack("{s:s,s:s}", "size", "1518", "both", "on");
	const json_t *cells[] = {a, b};
	char *text = label_cell(cells, 2, 1);

	assert_string_equal(text, "size 1518");
	free(text);
	text = label_common(cells, 2);
	assert_string_equal(text, "both on");
	free(text);
	text = label_params(a);
	assert_string_equal(text, "size 64, both on");
	free(text);
	json_decref(a);
	json_decref(b);
}

static void expect_sentence(json_t *c, bool lower_better, const char *want)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	words_comparison(f, c, "size 64", lower_better);
	fclose(f);
	assert_string_equal(text, want);
	free(text);
	json_decref(c);
}

static json_t *comparison(const char *verdict, double ratio, double lo, double hi)
{
	return json_pack("{s:s,s:s,s:s,s:s,s:f,s:[f,f]}", "a", "flue", "b", "other", "metric",
			 "throughput", "verdict", verdict, "ratio", ratio, "ci95", lo, hi);
}

static void verdicts_are_said(void **state)
{
	json_t *c = comparison("faster", 1.21, 1.18, 2.4);

	expect_sentence(json_incref(c), false,
			"flue is faster than other: throughput 21 % higher (95 % interval: 18 % "
			"higher to 2.4 times as high), size 64.");
	json_object_set_new(c, "bound", json_pack("[s]", "a"));
	expect_sentence(json_incref(c), false,
			"flue is faster than other: throughput 21 % higher (95 % interval: 18 % "
			"higher to 2.4 times as high), size 64. flue took all the generator could "
			"offer: the difference may be larger.");
	json_object_set_new(c, "bound", json_pack("[s]", "b"));
	expect_sentence(c, false,
			"flue is faster than other: throughput 21 % higher (95 % interval: 18 % "
			"higher to 2.4 times as high), size 64. other took all the generator could "
			"offer: its figure is the generator's, not its own.");
	c = comparison("cannot tell", 1.0001, 0.97, 1.02);
	json_object_set_new(c, "bound", json_pack("[s,s]", "a", "b"));
	expect_sentence(c, false,
			"Whether flue or other is faster cannot be told: throughput the same (95 % "
			"interval: 3.0 % lower to 2.0 % higher), size 64. Both took all the "
			"generator could offer: how they compare is not known.");
	c = comparison("faster", 0.5, 0.5, 0.5);
	json_object_del(c, "ci95");
	expect_sentence(c, true,
			"flue is faster than other: throughput 50 % lower (too few pairs for an "
			"interval), size 64.");
}

static void grids_fit(void **state)
{
	static const char *const heads[] = {"name", ">figure", "empty", "words"};
	struct grid *g = grid_new(heads, 4);
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	grid_row(g, (const char *const[]){"a", "1.00", "", "short"});
	grid_row(g, (const char *const[]){"bb\x1b[2J", "12345678901", "", "much longer than fits"});
	grid_print(g, f, 34);
	grid_wrap(f, "one two three four", 9);
	fclose(f);
	assert_string_equal(text, "name         figure  words\n"
				  "a              1.00  short\n"
				  "bb?[2J  12345678901  much longer …\n"
				  "one two\n  three\n  four\n");
	free(text);
	grid_free(g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(markup_is_escaped),
		cmocka_unit_test(texts_are_cut_between_characters),
		cmocka_unit_test(figures_are_scaled),
		cmocka_unit_test(axes_are_round),
		cmocka_unit_test(cells_say_what_differs),
		cmocka_unit_test(verdicts_are_said),
		cmocka_unit_test(grids_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
