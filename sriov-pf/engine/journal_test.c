/* SPDX-License-Identifier: BSD-3-Clause */
#include "sriov-pf/engine/crc32c.h"
#include "sriov-pf/engine/journal.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define PF   "0000:01:00.0"
#define BOOT "11111111-2222-3333-4444-555555555555"

static char dir[64], file[96];

static int setup(void **state)
{
	strcpy(dir, "/tmp/pf_journal.XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(file, sizeof(file), "%s/" PF ".journal", dir);
	return 0;
}

static int teardown(void **state)
{
	char new[112];

	snprintf(new, sizeof(new), "%s.new", file);
	unlink(new);
	unlink(file);
	return rmdir(dir);
}

static json_t *first_line(void)
{
	json_t *line = json_pack("{s:i, s:s, s:s, s:{s:i}, s:[]}", "version", PF_JOURNAL_VERSION,
				 "boot", BOOT, "address", PF, "state", "numvfs", 4, "steps");

	assert_non_null(line);
	return line;
}

static struct pf_journal *begin(void)
{
	json_t *line = first_line();
	struct err e = {0};
	struct pf_journal *j = pf_journal_begin(dir, PF, line, NULL, NULL, &e);

	json_decref(line);
	if (!j)
		fail_msg("%s", e.text);
	return j;
}

static int add(struct pf_journal *j, const char *key, json_t *value)
{
	json_t *line = json_pack("{s:o}", key, value);
	int rc = pf_journal_add(j, line, NULL);

	json_decref(line);
	return rc;
}

static int load(bool *back)
{
	json_t *line = NULL, *expected = first_line();
	struct err e = {0};
	bool b = false;
	int rc = pf_journal_load(dir, PF, BOOT, &line, &b, &e);

	assert_int_equal(rc, e.code);
	if (rc == 0)
		assert_true(json_equal(line, expected));
	else
		assert_null(line);
	json_decref(line);
	json_decref(expected);
	if (back)
		*back = b;
	return rc;
}

static size_t contents(char *buf, size_t room)
{
	int fd = open(file, O_RDONLY);
	ssize_t n = read(fd, buf, room);

	assert_true(n >= 0);
	close(fd);
	return (size_t)n;
}

static void overwrite(const char *buf, size_t len)
{
	int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_int_equal(write(fd, buf, len), len);
	close(fd);
}

/* The check value of the CRC catalogues, and one of RFC 3720 appendix B.4. */
static void the_sum_is_crc32c(void **state)
{
	static const uint8_t zeros[32];

	assert_int_equal(pf_crc32c("123456789", 9), 0xe3069283u);
	assert_int_equal(pf_crc32c(zeros, sizeof(zeros)), 0x8a9136aau);
	assert_int_equal(pf_crc32c("", 0), 0);
}

static void an_unfinished_one_is_found(void **state)
{
	struct pf_journal *j;
	struct stat st;
	bool back;

	assert_int_equal(load(NULL), -ENOENT);
	j = begin();
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(add(j, "step", json_integer(0)), 0);
	assert_int_equal(load(&back), 0);
	assert_false(back);
	assert_int_equal(add(j, "back", json_true()), 0);
	pf_journal_close(j);
	assert_int_equal(load(&back), 0);
	assert_true(back);
}

static void a_finished_one_is_gone(void **state)
{
	struct pf_journal *j = begin();
	struct err e = {0};

	assert_int_equal(pf_journal_end(j, &e), 0);
	assert_int_equal(access(file, F_OK), -1);
	/* As when the process ends between the last line and the removal. */
	j = begin();
	assert_int_equal(add(j, "end", json_true()), 0);
	pf_journal_close(j);
	assert_int_equal(load(NULL), -ENOENT);
	assert_int_equal(access(file, F_OK), -1);
}

static void one_of_another_start_is_removed(void **state)
{
	struct err e = {0};
	json_t *line = NULL;
	bool back;

	pf_journal_close(begin());
	assert_int_equal(pf_journal_load(dir, PF, "another", &line, &back, &e), -ENOENT);
	assert_int_equal(access(file, F_OK), -1);
}

static void this_start_has_a_name(void **state)
{
	char boot[PF_BOOT];
	struct err e = {0};

	assert_int_equal(pf_journal_boot(boot, &e), 0);
	assert_int_equal(strlen(boot), 36);
}

/* Of n whole lines and a part, the n are left. */
static void cut_anywhere_it_is_a_prefix(void **state)
{
	struct pf_journal *j = begin();
	char buf[1024];
	size_t len, lines = 0, whole;

	for (int i = 0; i < 3; i++)
		assert_int_equal(add(j, "step", json_integer(i)), 0);
	pf_journal_close(j);
	len = contents(buf, sizeof(buf));
	for (size_t cut = 0; cut <= len; cut++) {
		json_t *parsed = pf_journal_parse(buf, cut, &whole);

		if (cut > 0 && buf[cut - 1] == '\n') {
			lines++;
			assert_int_equal(whole, cut);
		}
		assert_int_equal(json_array_size(parsed), lines);
		assert_true(whole <= cut);
		json_decref(parsed);
	}
	assert_int_equal(lines, 4);
}

/* A bit that turned ends the journal at its line, whichever it is. */
static void no_damaged_line_is_believed(void **state)
{
	struct pf_journal *j = begin();
	char buf[1024];
	size_t len, line = 0;

	for (int i = 0; i < 3; i++)
		assert_int_equal(add(j, "step", json_integer(i)), 0);
	pf_journal_close(j);
	len = contents(buf, sizeof(buf));
	for (size_t at = 0; at < len; at++) {
		bool ends = buf[at] == '\n';

		for (int bit = 0; bit < 8; bit++) {
			json_t *parsed;

			buf[at] ^= (char)(1 << bit);
			parsed = pf_journal_parse(buf, len, NULL);
			assert_int_equal(json_array_size(parsed), line);
			json_decref(parsed);
			buf[at] ^= (char)(1 << bit);
		}
		line += ends;
	}
}

static void a_damaged_first_line_is_told(void **state)
{
	char buf[1024];
	struct err e = {0};
	json_t *line = NULL;
	size_t len;
	bool back;

	pf_journal_close(begin());
	len = contents(buf, sizeof(buf));
	buf[20] ^= 1;
	overwrite(buf, len);
	assert_int_equal(pf_journal_load(dir, PF, BOOT, &line, &back, &e), -EBADMSG);
	assert_non_null(strstr(e.text, file));
	assert_int_equal(access(file, F_OK), 0);
	assert_null(pf_journal_resume(dir, PF, NULL, NULL, &e));
	overwrite("", 0);
	assert_int_equal(pf_journal_load(dir, PF, BOOT, &line, &back, &e), -EBADMSG);
}

static void what_is_not_ours_is_refused(void **state)
{
	json_t *line = json_pack("{s:i, s:s, s:s}", "version", 99, "boot", BOOT, "address", PF);
	struct err e = {0};
	bool back;

	assert_null(pf_journal_begin(dir, "../etc", line, NULL, NULL, &e));
	assert_int_equal(e.code, -EINVAL);
	assert_null(pf_journal_begin("/nowhere/here", PF, line, NULL, NULL, &e));
	assert_int_equal(e.code, -ENOENT);
	pf_journal_close(pf_journal_begin(dir, PF, line, NULL, NULL, &e));
	assert_int_equal(load(NULL), -EINVAL);
	json_decref(line);
	assert_int_equal(unlink(file), 0);
	assert_int_equal(symlink("/etc/hostname", file), 0);
	assert_int_equal(load(&back), -ELOOP);
	assert_int_equal(unlink(file), 0);
	assert_int_equal(mkfifo(file, 0600), 0);
	assert_int_equal(load(&back), -EINVAL);
}

/* A link that waits under the name of the new file is not followed. */
static void a_link_in_the_way_is_not_followed(void **state)
{
	char new[112], to[112];

	snprintf(new, sizeof(new), "%s.new", file);
	snprintf(to, sizeof(to), "%s.victim", file);
	assert_int_equal(symlink(to, new), 0);
	pf_journal_close(begin());
	assert_int_equal(access(to, F_OK), -1);
	assert_int_equal(load(NULL), 0);
}

static void going_on_cuts_the_torn_end(void **state)
{
	struct pf_journal *j = begin();
	char buf[1024];
	struct err e = {0};
	size_t len;
	bool back;

	assert_int_equal(add(j, "step", json_integer(0)), 0);
	pf_journal_close(j);
	len = contents(buf, sizeof(buf));
	overwrite(buf, len - 3);
	j = pf_journal_resume(dir, PF, NULL, NULL, &e);
	assert_non_null(j);
	assert_int_equal(add(j, "back", json_true()), 0);
	assert_int_equal(load(&back), 0);
	assert_true(back);
	assert_int_equal(pf_journal_end(j, &e), 0);
	assert_int_equal(load(NULL), -ENOENT);
}

/* The disk is full in the middle of a line: RLIMIT_FSIZE gives the same short write. */
static void limit(rlim_t bytes)
{
	struct rlimit l;

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &l), 0);
	l.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &l), 0);
}

static void a_full_disk_leaves_whole_lines(void **state)
{
	struct pf_journal *j = begin();
	char buf[1024];
	size_t len = contents(buf, sizeof(buf));
	bool back;

	limit(len + 5);
	assert_int_equal(add(j, "step", json_integer(0)), -EFBIG);
	assert_int_equal(contents(buf, sizeof(buf)), len);
	limit(RLIM_INFINITY);
	assert_int_equal(add(j, "back", json_true()), 0);
	pf_journal_close(j);
	assert_int_equal(load(&back), 0);
	assert_true(back);
}

static void none_is_begun_on_a_full_disk(void **state)
{
	json_t *line = first_line();
	struct err e = {0};

	limit(20);
	assert_null(pf_journal_begin(dir, PF, line, NULL, NULL, &e));
	limit(RLIM_INFINITY);
	json_decref(line);
	assert_int_equal(e.code, -EFBIG);
	assert_int_equal(load(NULL), -ENOENT);
	/* Nor is half of one left. */
	assert_int_equal(rmdir(dir), 0);
	assert_int_equal(mkdir(dir, 0700), 0);
}

/* The end cannot be written; that the file is gone says as much. */
static void it_ends_on_a_full_disk_too(void **state)
{
	struct pf_journal *j = begin();
	struct err e = {0};

	limit(20);
	assert_int_equal(pf_journal_end(j, &e), 0);
	limit(RLIM_INFINITY);
	assert_int_equal(load(NULL), -ENOENT);
}

static void note(void *arg, const char *name)
{
	strcat(strcat(arg, name), "; ");
}

static void it_is_on_the_disk_before_it_has_a_name(void **state)
{
	json_t *line = first_line();
	char names[512] = "";
	struct pf_journal *j = pf_journal_begin(dir, PF, line, note, names, NULL);

	json_decref(line);
	assert_string_equal(names, "journal create; journal write; journal sync; journal rename; "
				   "directory sync; ");
	names[0] = '\0';
	assert_int_equal(pf_journal_end(j, NULL), 0);
	assert_string_equal(names, "journal write; journal sync; journal remove; directory sync; ");
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(the_sum_is_crc32c),
		T(an_unfinished_one_is_found),
		T(a_finished_one_is_gone),
		T(one_of_another_start_is_removed),
		T(this_start_has_a_name),
		T(cut_anywhere_it_is_a_prefix),
		T(no_damaged_line_is_believed),
		T(a_damaged_first_line_is_told),
		T(what_is_not_ours_is_refused),
		T(a_link_in_the_way_is_not_followed),
		T(going_on_cuts_the_torn_end),
		T(a_full_disk_leaves_whole_lines),
		T(none_is_begun_on_a_full_disk),
		T(it_ends_on_a_full_disk_too),
		T(it_is_on_the_disk_before_it_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
