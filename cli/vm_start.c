/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/vm_dir.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define READY_FD       3
#define READY_PATIENCE 120000 /* ms; memory of huge guests takes its time */

/* The program: $FLUE_VM_PROGRAM; else beside this one, or where the build puts it; else in PATH. */
static void find_program(char path[PATH_MAX])
{
	static const char *const beside[] = {"flue-vm", "../hv-core/flue-vm"};
	const char *given = getenv("FLUE_VM_PROGRAM");
	char self[PATH_MAX - 32];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (given && *given) {
		snprintf(path, PATH_MAX, "%s", given);
		return;
	}
	self[n > 0 ? n : 0] = '\0';
	if (strrchr(self, '/'))
		*strrchr(self, '/') = '\0';
	for (size_t i = 0; i < sizeof(beside) / sizeof(beside[0]); i++) {
		snprintf(path, PATH_MAX, "%s/%s", self, beside[i]);
		if (access(path, X_OK) == 0)
			return;
	}
	strcpy(path, "flue-vm");
}

struct paths {
	char program[PATH_MAX], json[PATH_MAX], sock[PATH_MAX], log[PATH_MAX];
};

/* In the new process: a session of its own, its output to the guest's log. */
static void become(const struct paths *p, const char *restore, int ready)
{
	const char *argv[10] = {p->program, "--config",	  p->json, "--control",
				p->sock,    "--ready-fd", "3"};
	int in = open("/dev/null", O_RDONLY);
	int out = open(p->log, O_WRONLY | O_CREAT | O_TRUNC, 0640);
	sigset_t none;

	if (restore) {
		argv[7] = "--restore";
		argv[8] = restore;
	}
	if (setsid() < 0 || in < 0 || out < 0) {
		dprintf(ready, "error cannot write %s: %s\n", p->log, strerror(errno));
		_exit(1);
	}
	/* ready may be any number, READY_FD too, which dup2() would leave close-on-exec. */
	ready = fcntl(ready, F_DUPFD_CLOEXEC, 10);
	dup2(in, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	dup2(out, STDERR_FILENO);
	dup2(ready, READY_FD);
	close_range(READY_FD + 1, ~0u, CLOSE_RANGE_CLOEXEC);
	signal(SIGPIPE, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execvp(p->program, (char *const *)argv);
	dprintf(READY_FD, "error cannot run %s: %s; install flue-vm, or set FLUE_VM_PROGRAM\n",
		p->program, strerror(errno));
	_exit(1);
}

/* What flue-vm says of its start, one line. 0: it runs. */
static int wait_ready(int fd, const struct paths *p, struct err *e)
{
	char line[512] = "";
	size_t len = 0;
	ssize_t n = 1;

	while (n > 0 && len < sizeof(line) - 1 && !memchr(line, '\n', len)) {
		struct pollfd pfd = {fd, POLLIN, 0};

		n = poll(&pfd, 1, READY_PATIENCE);
		if (n < 0 && errno == EINTR) {
			n = 1;
			continue;
		}
		if (n == 0)
			return err_set(e, -ETIMEDOUT, "flue-vm does not get ready; see %.200s",
				       p->log);
		n = read(fd, line + len, sizeof(line) - 1 - len);
		len += n > 0 ? (size_t)n : 0;
	}
	line[strcspn(line, "\n")] = '\0';
	if (strcmp(line, "ready") == 0)
		return 0;
	if (strncmp(line, "error ", 6) == 0)
		return err_set(e, -ECANCELED, "%.370s", line + 6);
	return err_set(e, -ECANCELED, "flue-vm ended while it started; see %.200s", p->log);
}

static int prepare(const struct cli *c, const char *name, struct paths *p, struct err *e)
{
	json_t *config;
	int ret = vm_load(c, name, &config, e);
	const json_t *guest = json_array_get(json_object_get(config, "guests"), 0);

	if (ret == 0 && strcmp(json_get_str(guest, "console", ""), "stdio") == 0)
		ret = err_set(e, -EINVAL,
			      "console: a guest in the background has no stdio; take socket, then "
			      "'flue vm console %s'",
			      name);
	json_decref(config);
	if (ret == 0 && vm_runs(c, name))
		ret = err_set(e, -EALREADY, "guest '%s' runs already", name);
	if (ret != 0)
		return ret;
	find_program(p->program);
	vm_path(c, name, "json", p->json);
	vm_path(c, name, "sock", p->sock);
	vm_path(c, name, "log", p->log);
	/* /run/flue, /run/flue/vm; or DIR/run, whose DIR is there. */
	for (char *s = strchr(p->sock + 1, '/'); s; s = strchr(s + 1, '/')) {
		*s = '\0';
		ret = mkdir(p->sock, 0755) == 0 || errno == EEXIST ? ret : -errno;
		*s = '/';
	}
	return ret == 0 ? 0
			: err_set(e, ret, "cannot make the directory of %.200s: %s", p->sock,
				  strerror(-ret));
}

int vm_start(const struct cli *c, const char *name, const char *restore, struct err *e)
{
	struct paths p;
	int ready[2], ret = prepare(c, name, &p, e);
	pid_t pid;

	if (ret != 0)
		return ret;
	if (pipe2(ready, O_CLOEXEC) != 0)
		return err_set(e, -errno, "cannot make a pipe: %s", strerror(errno));
	fflush(c->out);
	fflush(c->err);
	pid = fork();
	if (pid == 0)
		become(&p, restore, ready[1]);
	ret = pid < 0 ? err_set(e, -errno, "cannot make a process: %s", strerror(errno)) : 0;
	close(ready[1]);
	if (ret == 0)
		ret = wait_ready(ready[0], &p, e);
	close(ready[0]);
	if (ret == -ECANCELED)
		waitpid(pid, NULL, 0);
	return ret;
}

int vm_stop(const struct cli *c, const char *name, int timeout_s, json_t **result, struct err *e)
{
	json_t *config = NULL, *params = json_object();
	int ret;

	/* How long it may take is the guest's own to say, and ours to wait for. */
	if (timeout_s < 0 && vm_load(c, name, &config, NULL) == 0)
		timeout_s = (int)json_get_int(json_array_get(json_object_get(config, "guests"), 0),
					      "stop-timeout", 60);
	if (timeout_s >= 0)
		json_object_set_new(params, "timeout", json_integer(timeout_s));
	ret = vm_call(c, name, "vm.stop", params,
		      timeout_s > 0 ? (unsigned int)timeout_s * 1000 + 20000 : 0, result, e);
	json_decref(params);
	json_decref(config);
	return ret;
}
