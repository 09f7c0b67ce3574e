/* SPDX-License-Identifier: BSD-3-Clause */
#include "sriov-pf/model/testing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

void card_fill(struct card *c)
{
	*c = (struct card){.is = {.address = "0000:01:00.0",
				  .ifname = "e0",
				  .ifindex = 2,
				  .driver = "igb",
				  .totalvfs = 7,
				  .numvfs = 3,
				  .mtu = 1500,
				  .autoprobe = true},
			   .caps = *pf_caps_of("igb")};
	c->is.vf = c->vf;
	c->want.vf = c->vf_want;
	c->want.vfs = VFS;
	for (unsigned int i = 0; i < VFS; i++) {
		c->vf[i].known = ALL_BUT(BIT(RSS_QUERY));
		pf_vf_neutral(&c->vf[i]);
		strcpy(c->vf[i].driver, "igbvf");
	}
}

const char *card_steps(struct card *c, const struct pf_plan *p)
{
	char one[128], other[128];
	size_t len = 0;

	c->text[0] = '\0';
	for (unsigned int i = 0; i < p->steps; i++) {
		json_t *j = pf_step_json(&p->step[i]);
		struct pf_step back;

		pf_step_text(&p->step[i], one, sizeof(one));
		assert_int_equal(pf_step_parse(j, &back, &c->e), 0);
		assert_string_equal(one, pf_step_text(&back, other, sizeof(other)));
		json_decref(j);
		len += (size_t)snprintf(c->text + len, sizeof(c->text) - len, "%s%s", i ? "; " : "",
					one);
	}
	return c->text;
}
