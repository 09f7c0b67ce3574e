/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/mac.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <string.h>

static void round_trip(void **state)
{
	uint8_t mac[6];
	char text[MAC_TEXT];

	assert_true(mac_parse("52:54:00:Ab:cD:0f", mac));
	assert_string_equal(mac_format(mac, text), "52:54:00:ab:cd:0f");
}

static void refuses(void **state)
{
	static const char *const bad[] = {"",
					  "52:54:00:ab:cd",
					  "52:54:00:ab:cd:0f0",
					  "52-54-00-ab-cd-0f",
					  "52:54:00:ab:cd:0g",
					  "5:54:00:ab:cd:0f:",
					  " 2:54:00:ab:cd:0f"};
	const uint8_t before[6] = {1, 2, 3, 4, 5, 6};
	uint8_t mac[6];

	memcpy(mac, before, 6);
	assert_false(mac_parse(NULL, mac));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(mac_parse(bad[i], mac));
	assert_memory_equal(mac, before, 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trip),
		cmocka_unit_test(refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
