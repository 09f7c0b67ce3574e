/* SPDX-License-Identifier: BSD-3-Clause */
/* Sequence numbers that were remembered more than 2 GB ago seem to be ahead (RFC 9293 3.4). */
#include "offload/chimney/fast/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define FAR UINT32_C(3000000000)

/* As if so many bytes in full segments had been sent since. */
static void goes_on(struct wire *w)
{
	w->c->snd_small -= FAR;
	w->c->recover -= FAR;
}

static void nagle_forgets(void **state)
{
	struct wire w;

	wire_init(&w, 1000, 5000);
	wire_lines(&w, "conf nodelay 0\n"
		       "write 500\n"
		       "> P. 0:500\n"
		       "< . 0 ack 500");
	goes_on(&w);
	wire_lines(&w, "write 100\n"
		       "> P. 500:600\n"
		       "write 100\n"
		       "none\n"
		       "< . 0 ack 600\n"
		       "> P. 600:700\n"
		       "< . 0 ack 700");
	wire_end(&w);
}

static void newreno_forgets(void **state)
{
	struct wire w;

	wire_init(&w, 1000, 5000);
	wire_lines(&w, "conf sack 0\n"
		       "write 10000\n"
		       "skip\n"
		       "< . 0 ack 0\n"
		       "< . 0 ack 0\n"
		       "< . 0 ack 0\n"
		       "> . 0:1000\n"
		       "+100\n"
		       "< . 0 ack 10000\n"
		       "ca open");
	goes_on(&w);
	wire_lines(&w, "write 5000\n"
		       "skip\n"
		       "< . 0 ack 10000\n"
		       "< . 0 ack 10000\n"
		       "none\n"
		       "< . 0 ack 10000\n"
		       "> . 10000:11000\n"
		       "ca recovery");
	wire_end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nagle_forgets),
		cmocka_unit_test(newreno_forgets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
