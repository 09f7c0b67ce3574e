/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The battery's lines on the kernel's sockets, and on those of the preload library with the
 * stand-in behind it: at rest, and with every connection given back to the kernel every few
 * milliseconds, and taken again. They must be the same.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { LINES_MIN = 150, TEXT_MAX = 1 << 18, TRIES = 200 };

static char dir[] = "/tmp/chim-conformXXXXXX";
static const char *standin, *battery, *preload;

static void path_of(char *to, const char *name)
{
	snprintf(to, 128, "%s/%s", dir, name);
}

static size_t read_text(const char *name, char *to)
{
	char path[128];
	ssize_t n;
	int fd;

	path_of(path, name);
	fd = open(path, O_RDONLY);
	n = fd < 0 ? 0 : read(fd, to, TEXT_MAX - 1);
	to[n] = 0;
	if (fd >= 0)
		close(fd);
	return (size_t)n;
}

static pid_t standin_start(const char *upload_ms)
{
	char path[128];
	pid_t pid;

	path_of(path, "sock");
	unlink(path);
	pid = fork();
	if (!pid) {
		execl(standin, standin, "-u", upload_ms, path, (char *)NULL);
		_exit(127);
	}
	for (int i = 0; i < TRIES && access(path, F_OK); i++)
		usleep(10000);
	usleep(50000);
	setenv("FLUE_CHIMNEY_SOCKET", path, 1);
	path_of(path, "log");
	unlink(path);
	setenv("FLUE_CHIMNEY_LOG", path, 1);
	return pid;
}

/* Its lines are in the file `name` afterwards. */
static void battery_run(const char *name, bool with_preload)
{
	char path[128];
	int status = -1;
	pid_t pid;

	path_of(path, name);
	pid = fork();
	if (!pid) {
		int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

		dup2(fd, STDOUT_FILENO);
		alarm(120);
		if (with_preload)
			setenv("LD_PRELOAD", preload, 1);
		execl(battery, battery, (char *)NULL);
		_exit(127);
	}
	waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
}

static unsigned int count(const char *text, const char *what)
{
	unsigned int n = 0;

	while ((text = strstr(text, what))) {
		text += strlen(what);
		n++;
	}
	return n;
}

/* Where a connection changes sides, an edge may be reported once more, which epoll(7) allows. */
static bool is_spare_edge(const char *want, const char *got)
{
	const char *at = strstr(want, ": 0 0x0");

	return strstr(want, "epoll2: edge") == want && at &&
	       !strncmp(want, got, (size_t)(at - want));
}

/* Names each line that differs. */
static void compare(char *want, char *got, bool moves)
{
	char *w, *g, *in_want = NULL, *in_got = NULL;
	unsigned int differ = 0;

	w = strtok_r(want, "\n", &in_want);
	g = strtok_r(got, "\n", &in_got);
	while (w || g) {
		if (!w || !g || (strcmp(w, g) && !(moves && is_spare_edge(w, g)))) {
			print_message("kernel:  %s\nlibrary: %s\n", w ? w : "-", g ? g : "-");
			differ++;
		}
		w = w ? strtok_r(NULL, "\n", &in_want) : NULL;
		g = g ? strtok_r(NULL, "\n", &in_got) : NULL;
	}
	assert_int_equal(differ, 0);
}

static void same_with(const char *upload_ms)
{
	static char want[TEXT_MAX], got[TEXT_MAX], log[TEXT_MAX];
	pid_t pid = standin_start(upload_ms);

	battery_run("got", true);
	kill(pid, SIGTERM);
	waitpid(pid, NULL, 0);
	read_text("want", want);
	read_text("got", got);
	read_text("log", log);
	/* It was not the kernel compared with itself. */
	assert_true(count(log, "accepted") > 40);
	if (atoi(upload_ms))
		assert_true(count(log, "uploaded requested") > 20);
	assert_true(count(want, "\n") >= LINES_MIN);
	compare(want, got, atoi(upload_ms) != 0);
}

static void same_at_rest(void **state)
{
	same_with("0");
}

static void same_while_uploaded(void **state)
{
	same_with("20");
}

static int set_up(void **state)
{
	if (!mkdtemp(dir))
		return -1;
	battery_run("want", false);
	return 0;
}

static int tear_down(void **state)
{
	static const char *const names[] = {"want", "got", "log", "sock"};
	char path[128];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		path_of(path, names[i]);
		unlink(path);
	}
	return rmdir(dir);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_at_rest),
		cmocka_unit_test(same_while_uploaded),
	};

	if (argc != 4)
		return 2;
	standin = argv[1];
	battery = argv[2];
	preload = argv[3];
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
