/* SPDX-License-Identifier: BSD-3-Clause */
/* The order of samples and what becomes of them, with a scenario that follows a script. */
#include "bench/fake_scenario.h"
#include "bench/seat.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct run_options options;
static struct session session;

static void begin(const char *systems, unsigned int min_rounds, unsigned int max_rounds)
{
	static char copy[128];
	char *rest = copy, *word;
	struct err e = {0};

	fake = (struct fake_script){0};
	options = (struct run_options){.scenario = &scenario_fake,
				       .min_rounds = min_rounds,
				       .max_rounds = max_rounds,
				       .confidence = 0.05,
				       .limits = {.retries = 1, .watch = {1e9, 1e9}}};
	assert_int_equal(cells_make(&scenario_fake, NULL, 0, &options.cells, &e), 0);
	session = (struct session){.options = &options};
	session.run =
		json_pack("{s:[],s:[],s:[],s:[]}", "results", "comparisons", "refused", "raw");
	strcpy(copy, systems);
	while ((word = strsep(&rest, " "))) {
		struct entry *entry = &session.entries[session.n_entries++];

		snprintf(entry->name, sizeof(entry->name), "%s", word);
		entry->written = entry->name;
		entry->ceiling = !strcmp(word, "top");
	}
}

static void end(void)
{
	assert_int_equal(fake.open, 0);
	json_decref(session.run);
	cells_free(&options.cells);
}

static json_t *array(const char *name)
{
	return json_object_get(session.run, name);
}

static json_t *find(const char *list, const char *system_key, const char *system,
		    const char *metric)
{
	size_t i;
	json_t *one;

	json_array_foreach (array(list), i, one) {
		const char *name = json_string_value(json_object_get(one, system_key));
		const char *of = json_string_value(json_object_get(one, "metric"));

		if (!strcmp(name, system) && (!metric || (of && !strcmp(of, metric))))
			return one;
	}
	return NULL;
}

static const char *text(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static double noise(void)
{
	return 1 + 0.02 * ((double)(rand() % 1000) / 1000 - 0.5);
}

static enum fake_turn steady(unsigned int call, const char *system, double *value)
{
	*value = (strcmp(system, "other") ? 120 : 100) * noise();
	return FAKE_GOOD;
}

static void turns_are_fair_and_end_when_enough_is_known(void **state)
{
	json_t *ratio;

	begin("flue other", 7, 20);
	fake.turn = steady;
	rounds_run(&session, 0, 0);
	assert_string_equal(
		fake.order,
		"flue other other flue flue other other flue flue other other flue flue other ");
	assert_int_equal(json_array_size(array("results")), 6);
	assert_int_equal(json_array_size(array("raw")), 14);
	ratio = find("comparisons", "b", "other", "throughput");
	assert_string_equal(text(ratio, "verdict"), "faster");
	assert_true(json_number_value(json_object_get(ratio, "ratio")) > 1.15);
	assert_string_equal(text(find("comparisons", "b", "other", "latency"), "verdict"),
			    "faster");
	assert_null(find("comparisons", "b", "other", "note"));
	end();
}

static enum fake_turn wild(unsigned int call, const char *system, double *value)
{
	*value = 10 + rand() % 100;
	return FAKE_GOOD;
}

static void unsure_figures_take_all_rounds(void **state)
{
	begin("flue other", 5, 11);
	fake.turn = wild;
	rounds_run(&session, 0, 0);
	assert_int_equal(fake.calls, 22);
	assert_string_equal(text(find("comparisons", "b", "other", "throughput"), "verdict"),
			    "cannot tell");
	end();
}

static void time_ends_it_after_the_least_rounds(void **state)
{
	begin("flue other", 5, 11);
	fake.turn = wild;
	rounds_run(&session, 0, 1);
	assert_int_equal(fake.calls, 10);
	end();
}

static enum fake_turn disturbed(unsigned int call, const char *system, double *value)
{
	*value = noise();
	/* flue's first try is disturbed, its second is not; other is always. */
	if (!strcmp(system, "other"))
		return FAKE_DISTURBED;
	return call == 0 ? FAKE_DISTURBED : FAKE_GOOD;
}

static void disturbed_samples_are_repeated_and_told(void **state)
{
	json_t *flue, *other;

	begin("flue other", 5, 5);
	fake.turn = disturbed;
	rounds_run(&session, 0, 0);
	/* Five and one again; five and each once again. */
	assert_int_equal(fake.calls, 6 + 10);
	flue = find("results", "system", "flue", "throughput");
	assert_int_equal(json_array_size(json_object_get(flue, "trials")), 5);
	assert_int_equal(json_integer_value(json_object_get(flue, "invalid")), 0);
	other = find("results", "system", "other", NULL);
	assert_null(json_object_get(other, "median"));
	assert_int_equal(json_integer_value(json_object_get(other, "invalid")), 5);
	assert_string_equal(
		json_string_value(json_array_get(json_object_get(other, "invalid_why"), 0)),
		"a cat on the keyboard");
	assert_int_equal(json_array_size(array("comparisons")), 0);
	/* Every try is kept. */
	assert_int_equal(json_array_size(array("raw")), 16);
	end();
}

static enum fake_turn breaks(unsigned int call, const char *system, double *value)
{
	*value = noise();
	return !strcmp(system, "other") && call > 4 ? FAKE_BROKEN : FAKE_GOOD;
}

static void a_broken_system_leaves_and_is_told(void **state)
{
	json_t *refused;

	begin("flue absent other", 5, 6);
	options.confidence = 0.0001;
	fake.turn = breaks;
	rounds_run(&session, 0, 0);
	refused = find("refused", "system", "absent", NULL);
	assert_string_equal(text(refused, "why"), "absent is not here");
	refused = find("refused", "system", "other", NULL);
	assert_string_equal(text(refused, "why"), "other broke");
	assert_int_equal(json_array_size(json_object_get(
				 find("results", "system", "flue", "throughput"), "trials")),
			 6);
	assert_int_equal(json_array_size(json_object_get(
				 find("results", "system", "other", "throughput"), "trials")),
			 2);
	end();
}

static enum fake_turn near_the_top(unsigned int call, const char *system, double *value)
{
	*value = noise() * (!strcmp(system, "other") ? 50 : !strcmp(system, "flue") ? 98 : 100);
	return FAKE_GOOD;
}

static void what_the_load_limits_is_marked(void **state)
{
	json_t *flue, *other, *ratio;

	begin("flue other top", 6, 6);
	fake.turn = near_the_top;
	rounds_run(&session, 0, 0);
	/* The ceiling is not measured for ever. */
	assert_int_equal(fake.calls, 6 * 2 + 3);
	flue = find("results", "system", "flue", "throughput");
	other = find("results", "system", "other", "throughput");
	assert_string_equal(text(flue, "bound"), "generator");
	assert_null(json_object_get(other, "bound"));
	assert_true(json_number_value(json_object_get(other, "ceiling")) > 98);
	/* Less is better there: a ceiling is none. */
	assert_null(json_object_get(find("results", "system", "flue", "latency"), "bound"));
	ratio = find("comparisons", "b", "other", "throughput");
	assert_string_equal(json_string_value(json_array_get(json_object_get(ratio, "bound"), 0)),
			    "a");
	assert_null(find("comparisons", "b", "top", NULL));
	end();
}

static enum fake_turn both_at_the_top(unsigned int call, const char *system, double *value)
{
	*value = noise() * (!strcmp(system, "other") ? 96 : 100);
	return FAKE_GOOD;
}

static void two_that_wait_for_the_load_are_not_compared(void **state)
{
	begin("flue other top", 20, 20);
	fake.turn = both_at_the_top;
	rounds_run(&session, 0, 0);
	assert_string_equal(text(find("comparisons", "b", "other", "throughput"), "verdict"),
			    "cannot tell");
	end();
}

static enum fake_turn then_ctrl_c(unsigned int call, const char *system, double *value)
{
	*value = noise();
	return call == 5 ? FAKE_CTRL_C : FAKE_GOOD;
}

/* The last test: the signal's mark stays. */
static void ctrl_c_keeps_what_there_is(void **state)
{
	json_t *flue;

	session_catch_signals();
	begin("flue other", 5, 20);
	fake.turn = then_ctrl_c;
	rounds_run(&session, 0, 0);
	assert_int_equal(fake.calls, 6);
	assert_true(session.partial);
	flue = find("results", "system", "flue", "throughput");
	assert_int_equal(json_array_size(json_object_get(flue, "trials")), 3);
	assert_int_equal(json_integer_value(json_object_get(flue, "invalid")), 0);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(turns_are_fair_and_end_when_enough_is_known),
		cmocka_unit_test(unsure_figures_take_all_rounds),
		cmocka_unit_test(time_ends_it_after_the_least_rounds),
		cmocka_unit_test(disturbed_samples_are_repeated_and_told),
		cmocka_unit_test(a_broken_system_leaves_and_is_told),
		cmocka_unit_test(what_the_load_limits_is_marked),
		cmocka_unit_test(two_that_wait_for_the_load_are_not_compared),
		cmocka_unit_test(ctrl_c_keeps_what_there_is),
	};

	srand(1);
	/* Progress goes to standard error, and means nothing here. */
	close(STDERR_FILENO);
	if (open("/dev/null", O_WRONLY) < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
