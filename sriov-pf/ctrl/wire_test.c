/* SPDX-License-Identifier: BSD-3-Clause */
#include "sriov-pf/ctrl/wire.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

/* Lines that come in any pieces are the lines that were sent. */
static void test_pieces(void **state)
{
	static const char text[] = "{\"a\":1}\n\n{\"b\":2}\nrest";
	struct pf_wire w;
	size_t len, lines = 0;
	char *line;
	int fd[2];

	assert_int_equal(pf_wire_pair(fd), 0);
	pf_wire_open(&w, fd[0]);
	for (size_t i = 0; i < sizeof(text) - 1; i++) {
		assert_int_equal(write(fd[1], text + i, 1), 1);
		assert_int_equal(pf_wire_receive(&w), 1);
		while ((line = pf_wire_line(&w, &len))) {
			static const char *const want[] = {"{\"a\":1}", "", "{\"b\":2}"};

			assert_string_equal(line, want[lines]);
			assert_int_equal(len, strlen(want[lines]));
			lines++;
		}
	}
	assert_int_equal(lines, 3);
	close(fd[1]);
	assert_int_equal(pf_wire_receive(&w), 0);
	pf_wire_close(&w);
}

static void test_several_at_once(void **state)
{
	struct pf_wire w;
	size_t len;
	int fd[2];

	assert_int_equal(pf_wire_pair(fd), 0);
	pf_wire_open(&w, fd[0]);
	assert_int_equal(write(fd[1], "a\nbc\nd", 6), 6);
	assert_int_equal(pf_wire_receive(&w), 6);
	assert_string_equal(pf_wire_line(&w, &len), "a");
	assert_string_equal(pf_wire_line(&w, &len), "bc");
	assert_null(pf_wire_line(&w, &len));
	assert_int_equal(write(fd[1], "e\n", 2), 2);
	assert_int_equal(pf_wire_receive(&w), 2);
	assert_string_equal(pf_wire_line(&w, &len), "de");
	assert_null(pf_wire_line(&w, &len));
	close(fd[1]);
	pf_wire_close(&w);
}

/* A message larger than any socket's buffer, with descriptors. */
static void test_large_with_fds(void **state)
{
	char *big = malloc(3 << 20);
	struct pf_wire w;
	struct pf_wire_msg m;
	struct stat was, is;
	int fd[2], fds[2], got[PF_WIRE_FDS];
	size_t len;
	char *line = NULL;
	pid_t pid;

	memset(big, 'x', (3 << 20) - 1);
	big[(3 << 20) - 1] = '\0';
	assert_int_equal(pf_wire_pair(fd), 0);
	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (pid == 0) {
		json_t *msg =
			json_pack("{s:i,s:{s:s},s:i}", "id", 7, "result", "big", big, "fds", 2);
		_exit(pf_wire_send(fd[1], msg, fds, 2) == 0 ? 0 : 1);
	}
	pf_wire_open(&w, fd[0]);
	while (!line && pf_wire_receive(&w) > 0)
		line = pf_wire_line(&w, &len);
	assert_non_null(line);
	assert_int_equal(pf_wire_parse(line, len, &m), 0);
	assert_int_equal(m.id, 7);
	assert_string_equal(json_get_str(m.result, "big", ""), big);
	assert_int_equal(pf_wire_take(&w, got, m.fds), 2);
	assert_int_equal(fstat(fds[0], &was), 0);
	assert_int_equal(fstat(got[0], &is), 0);
	assert_int_equal(was.st_ino, is.st_ino);
	assert_int_equal(pf_wire_take(&w, got + 2, 2), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	for (int i = 0; i < 2; i++) {
		close(fds[i]);
		close(got[i]);
	}
	json_decref(m.root);
	free(big);
	close(fd[1]);
	pf_wire_close(&w);
}

static void test_nonsense(void **state)
{
	static const char *const bad[] = {
		"",
		"{",
		"[]",
		"{}",
		"{\"id\":0,\"doing\":\"x\"}",
		"{\"id\":1}",
		"{\"id\":1,\"doing\":\"x\",\"result\":{}}",
		"{\"id\":1,\"result\":[]}",
		"{\"id\":1,\"error\":1}",
		"{\"id\":1,\"result\":{},\"fds\":5}",
		"{\"id\":1,\"result\":{},\"fds\":-1}",
		"{\"id\":1,\"result\":{},\"state\":1}",
		"{\"id\":\"1\",\"result\":{}}",
	};
	struct pf_wire_msg m;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(pf_wire_parse(bad[i], strlen(bad[i]), &m), -EBADMSG);
		assert_null(m.root);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_several_at_once),
		cmocka_unit_test(test_large_with_fds),
		cmocka_unit_test(test_nonsense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
