/* SPDX-License-Identifier: BSD-3-Clause */
/* RFC 5961: what only guesses does no harm; and what is outside of the window (RFC 9293 3.10.7.4).
 */
#include "offload/chimney/fast/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void blind_reset_is_challenged(void **state)
{
	wire_play("# RFC 5961 3.2: in the window, but not exactly the next\n"
		  "< R 1\n"
		  "> . 0 ack 0\n"
		  "< R 60000\n"
		  "> . 0 ack 0\n"
		  "# outside: silence\n"
		  "< R -1\n"
		  "< R 65536\n"
		  "none\n"
		  "open\n"
		  "# the peer's answer to a challenge\n"
		  "< R 0\n"
		  "closed 104");
}

static void syn_is_challenged(void **state)
{
	wire_play("# RFC 5961 4.2: wherever it is\n"
		  "< S 0\n"
		  "> . 0 ack 0\n"
		  "< S. 12345678 ack 0\n"
		  "> . 0 ack 0\n"
		  "open\n"
		  "phase ESTAB");
}

static void blind_data_is_challenged(void **state)
{
	wire_play("conf max_window 30000 snd_wnd 30000\n"
		  "# RFC 5961 5.2: older than any window there was\n"
		  "< . 0:100 ack -30001\n"
		  "> . 0 ack 0\n"
		  "in 0\n"
		  "< . 0:100 ack -30000\n"
		  "in 100\n"
		  "< . 100:200 ack 1\n"
		  "> . 0 ack 100\n"
		  "in 100");
}

static void challenges_are_rationed(void **state)
{
	static struct wire w;

	wire_init(&w, 1, 1);
	for (int i = 0; i < 3 * TCP_CHALLENGES; i++)
		wire_lines(&w, "< S 0\nskip");
	assert_int_equal(chim_engine_stats(w.e)->challenge_acks, TCP_CHALLENGES);
	wire_lines(&w, "< S 0\nnone\n+1001\n< S 0\n> . 0 ack 0");
	wire_end(&w);
}

static void segments_without_ack_are_dropped(void **state)
{
	wire_play("< P 0:100\n"
		  "none\n"
		  "in 0");
}

static void outside_of_window_is_answered(void **state)
{
	wire_play("< . 70000:71000 ack 0\n"
		  "> . 0 ack 0\n"
		  "in 0\n"
		  "< . -1000:-500 ack 0\n"
		  "> . 0 ack 0\n"
		  "in 0");
}

static void urgent_data_goes_to_the_kernel(void **state)
{
	wire_play("< U. 0:10 ack 0\n"
		  "upload urgent\n"
		  "in 0\n"
		  "# it stands still\n"
		  "write 100\n"
		  "< . 0:10 ack 0\n"
		  "+1000\n"
		  "in 0\n"
		  "none");
}

static void close_ends_waiting_for_the_kernel(void **state)
{
	wire_play("< U. 0:10 ack 0\n"
		  "upload urgent\n"
		  "close -\n"
		  "> F. 0");
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(blind_reset_is_challenged),
	cmocka_unit_test(syn_is_challenged),
	cmocka_unit_test(blind_data_is_challenged),
	cmocka_unit_test(challenges_are_rationed),
	cmocka_unit_test(segments_without_ack_are_dropped),
	cmocka_unit_test(outside_of_window_is_answered),
	cmocka_unit_test(urgent_data_goes_to_the_kernel),
	cmocka_unit_test(close_ends_waiting_for_the_kernel),
};

int main(void)
{
	return cmocka_run_group_tests(tests, NULL, NULL);
}
