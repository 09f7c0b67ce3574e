/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/machine/machine.h"

#include "bench/machine/facts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char base[] =
	"{'cpu':'Fast One','cores':2,'smt':'off','kernel':'6.1','memory_bytes':1000000000,"
	"'clocksource':'tsc','tsc_hz':2000000000.0,'dpdk':'22.11',"
	"'hugepages_2m':{'total':0,'free':0},'mitigations':{'l1tf':'Not affected','mds':"
	"'Mitigation: Clear'},'flue':{'version':'1','git':'aaa','dirty':false}}";

/* The base with one member changed. */
static json_t *with(const char *key, const char *value)
{
	char text[1024], *q;

	strcpy(text, base);
	while ((q = strchr(text, '\'')))
		*q = '"';
	json_t *m = json_loads(text, 0, NULL);
	assert_non_null(m);
	if (key) {
		char copy[256];
		strcpy(copy, value);
		while ((q = strchr(copy, '\'')))
			*q = '"';
		json_t *v = json_loads(copy, JSON_DECODE_ANY, NULL);
		assert_non_null(v);
		json_object_set_new(m, key, v);
	}
	return m;
}

static void expect(const char *key, const char *value, const char *want)
{
	json_t *a = with(NULL, NULL), *b = with(key, value);
	char *said = machine_differs(a, b), *back = machine_differs(b, a);

	if (!want) {
		assert_null(said);
		assert_null(back);
	} else {
		assert_non_null(said);
		assert_non_null(back);
		assert_string_equal(said, want);
	}
	free(said);
	free(back);
	json_decref(a);
	json_decref(b);
}

static void differs(void **state)
{
	expect(NULL, NULL, NULL);
	expect("cpu", "'Slow One'", "cpu: Fast One and Slow One");
	expect("cores", "4", "cores: 2 and 4");
	expect("kernel", "'6.2'", "kernel: 6.1 and 6.2");
	expect("dpdk", "'23.11'", "dpdk: 22.11 and 23.11");
	expect("isolated", "'1-3'", "isolated: unknown and 1-3");
	/* What a kernel keeps to itself, and how well a frequency was measured, is no difference.
	 */
	expect("memory_bytes", "1010000000", NULL);
	expect("memory_bytes", "2000000000", "memory_bytes: 1000000000 and 2000000000");
	expect("tsc_hz", "2001000000.0", NULL);
	expect("tsc_hz", "2400000000.0", "tsc_hz: 2e9 and 2.4e9");
	expect("mitigations", "{'l1tf':'Not affected','mds':'Vulnerable'}",
	       "mds: Mitigation: Clear and Vulnerable");
	expect("mitigations", "{'l1tf':'Not affected','mds':'Mitigation: Clear','new':'x'}",
	       "new: unknown and x");
	expect("flue", "{'version':'2','git':'bbb','dirty':true}", NULL);
	expect("clock", "{'cost_ns':20}", NULL);
	expect("hugepages_2m", "{'total':0,'free':5}", NULL);
	expect("hugepages_2m", "{'total':9,'free':0}", "huge pages of 2 MB: 0 and 9");
}

static void mitigated(void **state)
{
	assert_false(fact_mitigated("Not affected"));
	assert_false(fact_mitigated("Vulnerable: no microcode"));
	assert_true(fact_mitigated("Mitigation: PTI"));
	assert_true(fact_mitigated("KVM: Mitigation: VMX disabled"));
}

static void this_machine(void **state)
{
	int cpus[64];
	unsigned int n = machine_cpus(cpus, 64);
	json_t *m = machine_fingerprint();

	assert_true(n >= 1);
	for (unsigned int i = 1; i < n; i++)
		assert_true(cpus[i] > cpus[i - 1]);
	assert_true(json_integer_value(json_object_get(m, "cores")) >= 1);
	assert_true(json_string_length(json_object_get(m, "kernel")) > 0);
	assert_true(json_string_length(json_object_get(m, "dpdk")) > 0);
	json_t *clock = json_object_get(m, "clock");
	assert_true(json_real_value(json_object_get(clock, "cost_ns")) > 0);
	assert_true(json_real_value(json_object_get(clock, "resolution_ns")) > 0);
	assert_null(machine_differs(m, m));
	json_decref(m);
}

static void check_has_cures(void **state)
{
	json_t *rows = machine_check(), *row;
	size_t i;

	assert_true(json_array_size(rows) >= 10);
	json_array_foreach (rows, i, row) {
		assert_true(json_string_length(json_object_get(row, "name")) > 0);
		assert_true(json_string_length(json_object_get(row, "found")) > 0);
		if (json_is_true(json_object_get(row, "ok")))
			continue;
		assert_true(json_string_length(json_object_get(row, "why")) > 0);
		assert_true(json_string_length(json_object_get(row, "cure")) > 0);
	}
	json_decref(rows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(differs),
		cmocka_unit_test(mitigated),
		cmocka_unit_test(this_machine),
		cmocka_unit_test(check_has_cures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
