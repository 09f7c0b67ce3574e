/* SPDX-License-Identifier: BSD-3-Clause */
#include "vswitch/ctrl/trace_words.h"

#include "packet/test_frame.h"
#include "pipelines/pipe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdbool.h>

static struct test_frame frame;
static struct pkt_trace_step step;
static char text[512];

static const char *port_name(void *ctx, uint16_t id)
{
	assert_ptr_equal(ctx, &step);
	return id == 1 ? "eth0" : id == 2 ? "guest" : "?";
}

/* The stage's first text that starts so, of the frame as it was received from port 1. */
static const char *say(const char *stage, const char *start)
{
	for (step.stage = 0; step.stage < PIPE_STAGES; step.stage++) {
		const struct pkt_stage_def *def = pipe_table[step.stage];

		if (strcmp(def->name, stage) != 0)
			continue;
		for (step.word = 0; step.word < def->n_words; step.word++) {
			if (strncmp(def->words[step.word], start, strlen(start)) != 0)
				continue;
			assert_string_equal(
				trace_words(&step, port_name, &step, text, sizeof(text)), stage);
			return text;
		}
	}
	fail_msg("%s has no text that starts with '%s'", stage, start);
	return NULL;
}

/* What a step tells of the frame, of which so many bytes were kept. */
static const char *headers(uint32_t kept)
{
	test_frame_build(&frame);
	step.len = frame.len;
	step.data_len = (uint8_t)RTE_MIN(kept, frame.len);
	/* No byte behind those kept is looked at. */
	memset(step.data, 0xee, sizeof(step.data));
	memcpy(step.data, frame.bytes, step.data_len);
	return say("parse", "{headers}, {len} bytes");
}

static int setup(void **state)
{
	memset(&frame, 0, offsetof(struct test_frame, bytes));
	frame.dst = 2;
	frame.src = 1;
	memset(&step, 0, sizeof(step));
	step.in = 1;
	step.out = 2;
	step.vlan = 10;
	step.segsz = 1448;
	return 0;
}

#define MACS "02:00:00:00:00:01 > 02:00:00:00:00:02"

static void tells_headers(void **state)
{
	frame.payload = 50;
	assert_string_equal(headers(96), MACS ", type 0x88b5, 64 bytes");
	frame.ip = 4;
	assert_string_equal(headers(96),
			    MACS ", IPv4 TCP 10.0.0.1:40000 > 10.0.0.2:5001, 104 bytes");
	frame.proto = 17;
	assert_string_equal(headers(96),
			    MACS ", IPv4 UDP 10.0.0.1:40000 > 10.0.0.2:5001, 92 bytes");
	frame.proto = 1;
	assert_string_equal(headers(96), MACS ", IPv4 ICMP, 10.0.0.1 > 10.0.0.2, 84 bytes");
	frame.proto = 132;
	assert_string_equal(headers(96), MACS ", IPv4 protocol 132, 10.0.0.1 > 10.0.0.2, 84 bytes");
	frame.ip = 6;
	frame.proto = 6;
	assert_string_equal(headers(96), MACS ", IPv6 TCP fd00::1:40000 > fd00::2:5001, 124 bytes");
	frame.tags[0] = 0x8100e00a;
	assert_string_equal(headers(96), MACS
			    ", tag of VLAN 10, IPv6 TCP fd00::1:40000 > fd00::2:5001, 128 bytes");
}

static void tells_fragments(void **state)
{
	frame.ip = 4;
	frame.payload = 50;
	headers(96);
	step.data[14 + 6] = 0x20;
	assert_string_equal(say("parse", "{headers}, {len}"),
			    MACS ", IPv4 fragment, protocol 6, 10.0.0.1 > 10.0.0.2, 104 bytes");
}

/* However little was kept, it tells what is there, and reads no further. */
static void tells_what_was_kept(void **state)
{
	frame.ip = 6;
	frame.payload = 50;
	for (uint32_t kept = 0; kept < 14; kept++)
		assert_string_equal(headers(kept), "headers cut off, 124 bytes");
	for (uint32_t kept = 14; kept < 54; kept++)
		assert_string_equal(headers(kept), MACS ", type 0x86dd, 124 bytes");
	for (uint32_t kept = 54; kept < 74; kept++)
		assert_string_equal(headers(kept),
				    MACS ", IPv6 protocol 6, fd00::1 > fd00::2, 124 bytes");
	assert_string_equal(headers(74), MACS ", IPv6 TCP fd00::1:40000 > fd00::2:5001, 124 bytes");
}

static void tells_numbers_and_ports(void **state)
{
	step.a = 3;
	step.b = 1500;
	assert_string_equal(say("vlan_in", "untagged"), "untagged, VLAN 10 by port eth0");
	assert_string_equal(say("lookup", "destination is behind"), "destination is behind guest");
	assert_string_equal(say("flood", "flooded"), "flooded to 3 ports of VLAN 10");
	assert_string_equal(say("mtu_check", "{a}"), "3 bytes fit the MTU of 1500");
	assert_string_equal(say("adapt", "{out} takes no units"),
			    "guest takes no units: split into 3 frames");
	step.out = 7;
	assert_string_equal(say("port_tx", "handed"), "handed to ?");
	step.len = 9000;
	assert_string_equal(say("parse", "{headers}, a unit"),
			    "headers cut off, a unit of 9000 bytes for segments of 1448");
}

/* Is `got` the word with something in the place of each token? */
static bool filled_in(const char *got, const char *word)
{
	while (*word) {
		char literal[128];
		size_t len;

		if (*word == '{') {
			word = strchr(word, '}') + 1;
			len = strcspn(word, "{");
			snprintf(literal, sizeof(literal), "%.*s", (int)len, word);
			/* What follows the token says where it ends; at the end it is the rest. */
			got = len ? strstr(got + 1, literal) : *got ? got + strlen(got) : NULL;
		} else {
			len = strcspn(word, "{");
			if (strncmp(got, word, len) != 0)
				return false;
		}
		if (!got)
			return false;
		got += len;
		word += len;
	}
	return *got == '\0';
}

/* Each text of each stage: every {token} is known, so that none is left out in silence. */
static void knows_every_token(void **state)
{
	int words = 0;

	frame.payload = 50;
	headers(96);
	step.a = 77771;
	step.b = 77772;
	for (step.stage = 0; step.stage < PIPE_STAGES; step.stage++) {
		const struct pkt_stage_def *def = pipe_table[step.stage];

		for (step.word = 0; step.word < def->n_words; step.word++, words++) {
			trace_words(&step, port_name, &step, text, sizeof(text));
			if (!filled_in(text, def->words[step.word]))
				fail_msg("'%s' became '%s'", def->words[step.word], text);
		}
	}
	assert_true(words > PIPE_STAGES);
}

static void tells_drops(void **state)
{
	char want[256];

	step.stage = step.word = PKT_TRACE_DROP;
	for (step.a = PKT_DROP_NONE + 1; step.a < PKT_DROP_MAX; step.a++) {
		assert_string_equal(trace_words(&step, port_name, &step, text, sizeof(text)),
				    "drop");
		snprintf(want, sizeof(want), "%s: %s", pkt_drop_name(step.a),
			 pkt_drop_help(step.a));
		assert_string_equal(text, want);
	}
}

/* It never writes beyond the room it is given, and always ends. */
static void fits_the_room(void **state)
{
	char whole[512], *small;

	frame.ip = 4;
	frame.payload = 50;
	snprintf(whole, sizeof(whole), "%s", headers(96));
	for (size_t size = 1; size <= strlen(whole) + 1; size++) {
		small = malloc(size);
		trace_words(&step, port_name, &step, small, size);
		assert_int_equal(strlen(small), size - 1);
		assert_memory_equal(small, whole, size - 1);
		free(small);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(tells_headers, setup),
		cmocka_unit_test_setup(tells_fragments, setup),
		cmocka_unit_test_setup(tells_what_was_kept, setup),
		cmocka_unit_test_setup(tells_numbers_and_ports, setup),
		cmocka_unit_test_setup(knows_every_token, setup),
		cmocka_unit_test_setup(tells_drops, setup),
		cmocka_unit_test_setup(fits_the_room, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
