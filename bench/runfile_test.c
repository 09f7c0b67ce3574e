/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/runfile.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static const char small[] =
	"{\"schema\":\"flue-bench/1\",\"scenario\":\"v2v\",\"started\":\"2024-05-01T12:00:00Z\","
	"\"machine\":{\"cpu\":\"x\"},\"results\":[{\"system\":\"flue\",\"params\":{\"size\":\"64\"}"
	","
	"\"metric\":\"throughput\",\"unit\":\"pps\",\"median\":5.25e6,\"ci95\":[5.1e6,5.3e6],"
	"\"trials\":[5.2e6,5.3e6],\"invalid\":0}],"
	"\"raw\":[{\"system\":\"flue\",\"params\":{\"size\":\"64\"},\"round\":0,\"valid\":true,"
	"\"data\":{\"latency\":[{\"load\":1,\"raw\":{\"min\":1,\"max\":2,\"sum\":3,\"count\":2,"
	"\"clipped\":0,\"buckets\":[[1,1],[2,1]]}}]}}]}";

static json_t *parse(const char *text)
{
	json_t *run = NULL;
	struct err e = {0};

	if (runfile_parse(text, strlen(text), "f", &run, &e) != 0)
		fail_msg("%s", e.text);
	return run;
}

/* `small` with `what` replaced must be refused at the place `where`. */
static void refuse(const char *what, const char *by, const char *where)
{
	const char *at = strstr(small, what);
	char text[2048];
	json_t *run = NULL;
	struct err e = {0};

	assert_non_null(at);
	snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - small), small, by, at + strlen(what));
	assert_int_equal(runfile_parse(text, strlen(text), "f", &run, &e), -EINVAL);
	assert_null(run);
	assert_string_equal(e.path, where);
	assert_int_equal(strncmp(e.text, "f: ", 3), 0);
}

static void wrong_shapes_are_named(void **state)
{
	refuse("flue-bench/1", "flue-bench/2", "/schema");
	refuse("\"v2v\"", "\"../v2v\"", "/scenario");
	refuse("\"v2v\"", "\"\"", "/scenario");
	refuse("\"2024-05-01T12:00:00Z\"", "7", "/started");
	refuse("{\"cpu\":\"x\"}", "[]", "/machine");
	refuse("\"results\"", "\"other\"", "/results");
	refuse("{\"size\":\"64\"}", "{\"size\":64}", "/results/0/params");
	refuse("5.25e6", "1e30", "/results/0/median");
	refuse("[5.1e6,5.3e6]", "[5.3e6,5.1e6]", "/results/0/ci95");
	refuse("[5.2e6,5.3e6]", "[5.2e6,null]", "/results/0/trials");
	refuse("\"invalid\":0", "\"invalid\":-1", "/results/0/invalid");
	refuse("\"valid\":true,", "", "/raw/0/valid");
	refuse("[1,1],[2,1]", "[1,1],[2]", "/raw/0/data/latency/0/raw/buckets");
	refuse("}]}}]}", "}]}}]", "");
}

static void unknown_members_pass(void **state)
{
	json_t *run = parse("{\"schema\":\"flue-bench/1\",\"scenario\":\"v2v\",\"started\":\"\","
			    "\"machine\":{},\"results\":[],\"news\":[1]}");

	assert_int_equal(json_array_size(json_object_get(run, "news")), 1);
	json_decref(run);
}

static void remove_dir(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *entry;

	assert_non_null(d);
	while ((entry = readdir(d)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			assert_int_equal(unlinkat(dirfd(d), entry->d_name, 0), 0);
	closedir(d);
	assert_int_equal(rmdir(dir), 0);
}

static size_t files_in(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *entry;
	size_t n = 0;

	assert_non_null(d);
	while ((entry = readdir(d)))
		n += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
	closedir(d);
	return n;
}

static void what_is_written_is_read(void **state)
{
	char base[] = "/tmp/runfile-XXXXXX", dir[64], path[256], want[256];
	json_t *run = parse(small), *again = NULL;
	struct err e = {0};

	assert_non_null(mkdtemp(base));
	snprintf(dir, sizeof(dir), "%s/out", base);
	assert_int_equal(runfile_write(run, dir, path, sizeof(path), &e), 0);
	snprintf(want, sizeof(want), "%s/v2v-20240501T120000Z.json", dir);
	assert_string_equal(path, want);
	assert_int_equal(runfile_read(path, &again, &e), 0);
	assert_true(json_equal(run, again));
	json_decref(again);
	/* A second one of the same second does not take the first one's place. */
	assert_int_equal(runfile_write(run, dir, path, sizeof(path), &e), 0);
	snprintf(want, sizeof(want), "%s/v2v-20240501T120000Z-2.json", dir);
	assert_string_equal(path, want);
	assert_int_equal(files_in(dir), 2);
	remove_dir(dir);
	remove_dir(base);
	json_decref(run);
}

static void large_ones_are_compressed(void **state)
{
	char dir[] = "/tmp/runfile-XXXXXX", path[256];
	json_t *run = parse(small), *again = NULL, *raw = json_object_get(run, "raw");
	uint8_t packed[65536];
	struct err e = {0};
	ssize_t n;
	int fd;

	assert_non_null(mkdtemp(dir));
	for (int i = 0; i < 3000; i++)
		json_array_append_new(raw, json_deep_copy(json_array_get(raw, 0)));
	assert_int_equal(runfile_write(run, dir, path, sizeof(path), &e), 0);
	assert_string_equal(path + strlen(path) - 9, ".json.zst");
	assert_int_equal(runfile_read(path, &again, &e), 0);
	assert_true(json_equal(run, again));
	json_decref(again);

	fd = open(path, O_RDONLY);
	n = read(fd, packed, sizeof(packed));
	close(fd);
	assert_true(n > 100 && n < (ssize_t)sizeof(packed));
	again = NULL;
	assert_int_equal(runfile_parse(packed, (size_t)n - 1, "f", &again, &e), -EINVAL);
	assert_non_null(strstr(e.text, "ends too early"));
	packed[n / 2] ^= 0x10;
	assert_int_equal(runfile_parse(packed, (size_t)n, "f", &again, &e), -EINVAL);
	assert_null(again);
	remove_dir(dir);
	json_decref(run);
}

static void nothing_is_left_of_a_failure(void **state)
{
	char dir[] = "/tmp/runfile-XXXXXX", path[8];
	json_t *run = parse(small);
	struct err e = {0};

	assert_non_null(mkdtemp(dir));
	assert_int_equal(runfile_write(run, dir, path, sizeof(path), &e), -ENAMETOOLONG);
	assert_int_equal(files_in(dir), 0);
	json_object_del(run, "machine");
	assert_int_equal(runfile_write(run, dir, path, sizeof(path), &e), -EINVAL);
	assert_string_equal(e.path, "/machine");
	assert_int_equal(runfile_read(dir, &run, &e), -EINVAL);
	assert_int_equal(runfile_read("/nowhere/x.json", &run, &e), -ENOENT);
	remove_dir(dir);
	json_decref(run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wrong_shapes_are_named),
		cmocka_unit_test(unknown_members_pass),
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(large_ones_are_compressed),
		cmocka_unit_test(nothing_is_left_of_a_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
