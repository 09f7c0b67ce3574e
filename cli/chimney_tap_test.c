/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/testing.h"

#include "api/fake_flued.h"
#include "cli/pcap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

/* 12:00:00 UTC, and a little. */
#define FRAME(ns, way, text)                                                            \
	"{\"time_ns\":1700049600" ns ",\"way\":\"" way "\",\"len\":60,\"text\":\"" text \
	"\",\"data\":\"Zm9vYmFy\"}"
#define ANSWER(frames, lost, more, running)                                    \
	"\"result\":{\"frames\":[" frames "],\"lost\":" lost ",\"more\":" more \
	",\"running\":" running "}"
#define THREE                         \
	FRAME("000000001", "in", "a") \
	"," FRAME("000000002", "out", "b") "," FRAME("999999999", "in", "c")

#define LOOKING "looking at 10.0.0.1:80; Ctrl-C ends it\n"

static const struct fake_answer ends_by_itself[] = {
	{"tap.start", "\"result\":{}"},
	{"tap.read", ANSWER("", "0", "false", "true")},
	{"tap.read", ANSWER(THREE, "0", "true", "true")},
	{"tap.read", ANSWER(FRAME("999999999", "in", "d"), "7", "false", "true")},
	{"tap.read", "\"result\":{\"frames\":[],\"lost\":7,\"more\":false,\"running\":false,"
		     "\"end\":\"uploaded\",\"why\":\"requested\"}"},
	{"tap.stop", "\"result\":{}"},
	{0},
};

/* Runs the line against these answers. *requests: what was asked; the caller's. */
static struct said run(const struct fake_answer *answers, const char *line, json_t **requests)
{
	struct fake_flued *f = fake_start(answers);
	struct said s = testing_run(line);

	*requests = fake_stop(f);
	return s;
}

static const json_t *params_of(const json_t *requests, size_t i, const char *method)
{
	const json_t *r = json_array_get(requests, i);

	assert_string_equal(json_get_str(r, "method", ""), method);
	return json_object_get(r, "params");
}

static void lines(void **state)
{
	json_t *requests;
	struct said s =
		run(ends_by_itself, "flue chimney tap 10.0.0.1:80 10.0.0.2:99 snaplen 96 port p0",
		    &requests);
	const json_t *start = params_of(requests, 0, "tap.start");

	assert_int_equal(s.code, CLI_OK);
	assert_string_equal(s.out, "12:00:00.000000001 in  a\n12:00:00.000000002 out b\n"
				   "12:00:00.999999999 in  c\n12:00:00.999999999 in  d\n");
	assert_string_equal(s.err, LOOKING "4 packets captured, 7 lost; the connection went back "
					   "to the kernel: requested\n");
	assert_int_equal(json_object_size(start), 4);
	assert_string_equal(json_get_str(start, "local", ""), "10.0.0.1:80");
	assert_string_equal(json_get_str(start, "peer", ""), "10.0.0.2:99");
	assert_string_equal(json_get_str(start, "port", ""), "p0");
	assert_int_equal(json_get_int(start, "snaplen", 0), 96);
	assert_false(json_get_bool(params_of(requests, 1, "tap.read"), "data", true));
	assert_true(json_get_bool(params_of(requests, 1, "tap.read"), "text", false));
	params_of(requests, 5, "tap.stop");
	json_decref(requests);
	testing_free(&s);
}

static void so_many_and_no_more(void **state)
{
	json_t *requests;
	struct said s = run(ends_by_itself, "flue chimney tap 10.0.0.1:80 count 2", &requests);

	assert_int_equal(s.code, CLI_OK);
	assert_string_equal(s.out, "12:00:00.000000001 in  a\n12:00:00.000000002 out b\n");
	assert_string_equal(s.err, LOOKING "2 packets captured, 0 lost\n");
	assert_int_equal(json_object_size(params_of(requests, 0, "tap.start")), 1);
	params_of(requests, 3, "tap.stop");
	json_decref(requests);
	testing_free(&s);
}

/* What the answers hold is long past; what comes after the time does not count. */
static void for_a_while(void **state)
{
	static const struct fake_answer answers[] = {
		{"tap.start", "\"result\":{}"},
		{"tap.read", ANSWER(FRAME("000000001", "in", "a"), "0", "false", "true")},
		{"tap.read", ANSWER("{\"time_ns\":9000000000000000000,\"way\":\"in\",\"len\":60,"
				    "\"text\":\"z\"}",
				    "0", "true", "true")},
		{"tap.stop", "\"result\":{}"},
		{0},
	};
	json_t *requests;
	struct said s = run(answers, "flue chimney tap 10.0.0.1:80 for 1", &requests);

	assert_int_equal(s.code, CLI_OK);
	assert_string_equal(s.out, "12:00:00.000000001 in  a\n");
	assert_string_equal(s.err, LOOKING "1 packets captured, 0 lost\n");
	json_decref(requests);
	testing_free(&s);
}

static void json(void **state)
{
	json_t *requests, *out;
	struct said s = run(ends_by_itself, "flue -j chimney tap 10.0.0.1:80", &requests);

	out = json_loads(s.out, 0, NULL);
	assert_int_equal(json_array_size(json_object_get(out, "frames")), 4);
	assert_int_equal(json_get_int(out, "captured", 0), 4);
	assert_int_equal(json_get_int(out, "lost", 0), 7);
	assert_string_equal(json_get_str(out, "end", ""), "uploaded");
	assert_string_equal(json_get_str(out, "why", ""), "requested");
	assert_true(json_get_bool(params_of(requests, 1, "tap.read"), "data", false));
	json_decref(out);
	json_decref(requests);
	testing_free(&s);
}

/* The file's beginning, and each of n packets of 6 bytes. */
static void is_capture(const uint8_t *data, size_t size, unsigned int n)
{
	uint8_t head[PCAP_FILE_HEAD], packet[PCAP_PACKET_HEAD];

	assert_int_equal(size, sizeof(head) + n * (sizeof(packet) + 6));
	pcap_file_head(head, 128);
	assert_memory_equal(data, head, sizeof(head));
	pcap_packet_head(packet, 1700049600000000001, 6, 60);
	data += sizeof(head);
	assert_memory_equal(data, packet, sizeof(packet));
	assert_memory_equal(data + sizeof(packet), "foobar", 6);
}

static void capture(void **state)
{
	char path[] = "/tmp/tap_test.XXXXXX", line[128];
	int fd = mkstemp(path);
	uint8_t data[256];
	json_t *requests;
	struct said s;

	assert_true(fd >= 0);
	snprintf(line, sizeof(line), "flue chimney tap 10.0.0.1:80 write %s", path);
	s = run(ends_by_itself, line, &requests);
	assert_int_equal(s.code, CLI_OK);
	assert_string_equal(s.out, "");
	is_capture(data, (size_t)read(fd, data, sizeof(data)), 4);
	assert_false(json_get_bool(params_of(requests, 1, "tap.read"), "text", true));
	json_decref(requests);
	testing_free(&s);
	close(fd);
	unlink(path);
}

static void capture_on_standard_output(void **state)
{
	struct fake_flued *f = fake_start(ends_by_itself);
	char *words[] = {"flue", "chimney", "tap", "10.0.0.1:80", "write", "-", "count", "3", NULL};
	char *out, *err;
	size_t out_size, err_size;
	FILE *o = open_memstream(&out, &out_size), *e = open_memstream(&err, &err_size);

	assert_int_equal(cli_run(8, words, o, e), CLI_OK);
	fclose(o);
	fclose(e);
	is_capture((uint8_t *)out, out_size, 3);
	assert_string_equal(err, LOOKING "3 packets captured, 0 lost\n");
	json_decref(fake_stop(f));
	free(out);
	free(err);
}

static void fails(const struct fake_answer *answers, const char *line, int code, const char *want)
{
	json_t *requests;
	struct said s = run(answers, line, &requests);

	if (s.code != code || !strstr(s.err, want))
		fail_msg("%s: %d '%s', not %d '%s'", line, s.code, s.err, code, want);
	json_decref(requests);
	testing_free(&s);
}

static void what_goes_wrong(void **state)
{
	static const struct fake_answer refuses[] = {
		{"tap.start", "\"error\":{\"code\":-32000,\"message\":\"no such connection\"}"},
		{0},
	};
	static const struct fake_answer goes[] = {
		{"tap.start", "\"result\":{}"},
		{"tap.read", ANSWER(THREE, "2", "false", "true")},
		{"tap.read", NULL},
		{0},
	};
	static const struct fake_answer lies[] = {
		{"tap.start", "\"result\":{}"},
		{"tap.read", ANSWER("{\"time_ns\":1,\"data\":\"!\"}", "0", "false", "true")},
		{"tap.stop", "\"result\":{}"},
		{0},
	};

	fails(refuses, "flue chimney tap 10.0.0.1:80", CLI_REFUSED, "no such connection");
	fails(goes, "flue chimney tap 10.0.0.1:80", CLI_UNREACHABLE,
	      "3 packets captured, 2 lost\n");
	fails(goes, "flue chimney tap", CLI_USAGE, "local: missing");
	fails(goes, "flue -j chimney tap 10.0.0.1:80 write -", CLI_USAGE, "standard output");
	fails(goes, "flue chimney tap 10.0.0.1:80 count 0", CLI_USAGE, "count");
	fails(goes, "flue chimney tap 10.0.0.1:80 write /nowhere/x", CLI_NO_OUTPUT,
	      "/nowhere/x: No such file");
	fails(goes, "flue chimney tap 10.0.0.1:80 write /dev/full", CLI_NO_OUTPUT, "No space left");
	fails(lies, "flue chimney tap 10.0.0.1:80 write /dev/null", CLI_NO_OUTPUT, "Bad message");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines),	   cmocka_unit_test(so_many_and_no_more),
		cmocka_unit_test(for_a_while),	   cmocka_unit_test(json),
		cmocka_unit_test(capture),	   cmocka_unit_test(capture_on_standard_output),
		cmocka_unit_test(what_goes_wrong),
	};

	setenv("TZ", "UTC", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
