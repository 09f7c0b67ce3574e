/* SPDX-License-Identifier: BSD-3-Clause */
#include "sriov-pf/model/testing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void a_step_is_done_when_it_reads_so(void **state)
{
	struct pf_step s = {.kind = PF_STEP_VF_SET, .vf = 1, .attr = PF_TRUST};
	struct card c;

	card_fill(&c);
	s.value.known = BIT(TRUST);
	assert_true(pf_step_done(&s, &c.is));
	s.value.trust = true;
	assert_false(pf_step_done(&s, &c.is));
	c.vf[1].known = 0; /* not told is not done */
	assert_false(pf_step_done(&s, &c.is));
	s = (struct pf_step){.kind = PF_STEP_VF_BIND, .vf = 1};
	assert_true(pf_step_done(&s, &c.is)); /* igbvf */
	strcpy(c.vf[1].driver, "vfio-pci");
	assert_false(pf_step_done(&s, &c.is));
	strcpy(s.value.override, "vfio-pci");
	assert_false(pf_step_done(&s, &c.is));
	strcpy(c.vf[1].override, "vfio-pci");
	assert_true(pf_step_done(&s, &c.is));
	s.kind = PF_STEP_VF_UNBIND;
	assert_false(pf_step_done(&s, &c.is));
	s.vf = 3;
	assert_false(pf_step_done(&s, &c.is));
	s = (struct pf_step){.kind = PF_STEP_NUMVFS, .number = 3};
	assert_true(pf_step_done(&s, &c.is));
	c.is.numvfs = 0;
	assert_false(pf_step_done(&s, &c.is));
}

static void damaged_steps_are_refused(void **state)
{
	static const char *const bad[] = {
		"[]",
		"{\"kind\":\"numvfs\"}",
		"{\"kind\":\"numvfs\",\"number\":4097}",
		"{\"kind\":\"numvfs\",\"number\":1,\"vf\":1}",
		"{\"kind\":\"autoprobe\",\"number\":2}",
		"{\"kind\":\"eswitch\",\"number\":3}",
		"{\"kind\":\"other\",\"number\":3}",
		"{\"kind\":\"vf-reset\",\"vf\":4096}",
		"{\"kind\":\"vf-bind\",\"vf\":0}",
		"{\"kind\":\"vf-set\",\"vf\":0,\"attr\":\"driver\",\"value\":{\"address\":\"\"}}",
		"{\"kind\":\"vf-set\",\"vf\":0,\"attr\":\"trust\",\"value\":{\"address\":\"\"}}",
		("{\"kind\":\"vf-set\",\"vf\":0,\"attr\":\"trust\",\"value\":"
		 "{\"address\":\"\",\"trust\":true,\"spoofchk\":true}}"),
		"{\"kind\":\"vf-set\",\"vf\":0,\"attr\":\"trust\"}",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		json_t *j = json_loads(bad[i], 0, NULL);
		struct err e = {0};
		struct pf_step s;

		assert_non_null(j);
		assert_int_equal(pf_step_parse(j, &s, &e), -EINVAL);
		assert_true(e.text[0]);
		json_decref(j);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_step_is_done_when_it_reads_so),
		cmocka_unit_test(damaged_steps_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
