/* SPDX-License-Identifier: BSD-3-Clause */
/* Each test is a process of its own that enters the sandbox and then tries something. */
#include "hv-core/sandbox/sandbox.h"

#include <fcntl.h>
#include <liburing.h>
#include <linux/capability.h>
#include <linux/kvm.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* How a trial's process ends, beside SIGSYS. */
enum { DONE = 0, DENIED = 40, FAILED = 41, NOT_IN = 42 };

static int outside; /* a descriptor opened before: what is handed in stays */

static uid_t user(void)
{
	return geteuid() == 0 ? HV_SANDBOX_NOBODY : (uid_t)-1;
}

/* What comes back is what the call said: denied, or worse. */
static int denied(long rc)
{
	if (rc >= 0)
		return FAILED;
	return errno == EACCES || errno == EPERM ? DENIED : NOT_IN;
}

static int open_passwd(void)
{
	return denied(open("/etc/passwd", O_RDONLY));
}

static int open_own_memory(void)
{
	return denied(openat(AT_FDCWD, "/proc/self/mem", O_RDWR));
}

static int exec(void)
{
	char *const argv[] = {(char *)"/bin/true", NULL};

	return denied(execve("/bin/true", argv, NULL));
}

static int make_socket(void)
{
	return denied(socket(AF_INET, SOCK_STREAM, 0));
}

static int trace(void)
{
	return denied(ptrace(PTRACE_ATTACH, getppid(), NULL, NULL));
}

static int make_ring(void)
{
	struct io_uring_params p = {0};

	return denied(syscall(SYS_io_uring_setup, 4, &p));
}

static int map_code(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
		       -1, 0);

	if (p == MAP_FAILED)
		return denied(-1);
	munmap(p, 4096);
	return denied(0);
}

static int make_code(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return denied(mprotect(p, 4096, PROT_READ | PROT_EXEC));
}

static int kill_parent(void)
{
	return denied(kill(getppid(), 0));
}

static int kill_thread_of_parent(void)
{
	return denied(syscall(SYS_tgkill, getppid(), getppid(), 0));
}

static int clone_process(void)
{
	return denied(syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL));
}

static int clone_namespace(void)
{
	return denied(syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, NULL));
}

static int new_root(void)
{
	return denied(syscall(SYS_setresuid, 0, 0, 0));
}

static int other_ioctl(void)
{
	return denied(ioctl(outside, KVM_CREATE_VM, 0));
}

static int connect_out(void)
{
	return denied(syscall(SYS_connect, outside, NULL, 0));
}

static int other_architecture(void)
{
	long rc;

	/* The number is open(2)'s of 32-bit programs, and not a call a thread here may make. */
	__asm__ volatile("int $0x80" : "=a"(rc) : "a"(5l), "b"(0l), "c"(0l), "d"(0l) : "memory");
	errno = (int)-rc;
	return denied(rc < 0 ? -1 : 0);
}

static const struct trial {
	const char *name;
	int (*try)(void);
	/* A sanitizer's run-time library needs the call; Landlock denies it then. */
	bool sanitizer_calls;
} trials[] = {
	{"open of /etc/passwd", open_passwd, true},
	{"openat of /proc/self/mem", open_own_memory, true},
	{"execve", exec, false},
	{"socket", make_socket, false},
	{"connect", connect_out, false},
	{"ptrace", trace, false},
	{"io_uring_setup", make_ring, false},
	{"mmap of code", map_code, false},
	{"mprotect to code", make_code, false},
	{"kill of another process", kill_parent, false},
	{"tgkill of another process", kill_thread_of_parent, false},
	{"clone of a process", clone_process, false},
	{"clone of a namespace", clone_namespace, false},
	{"setresuid", new_root, false},
	{"ioctl that is not listed", other_ioctl, false},
	{"a call of another architecture", other_architecture, false},
};

static bool enter(void)
{
	struct err e = {0};

	if (hv_sandbox_enter(user(), user(), &e) == 0)
		return true;
	fprintf(stderr, "%s\n", e.text);
	return false;
}

static void *no_thread(void *arg)
{
	return arg;
}

/* The C library prepares itself for threads when it makes the first; a guest's process has some
 * before its lists. */
static bool prepare_threads(void)
{
	pthread_t t;

	return pthread_create(&t, NULL, no_thread, NULL) == 0 && pthread_join(t, NULL) == 0;
}

static int enter_and(enum hv_sandbox_kind kind, int (*then)(void))
{
	struct err e = {0};

	if (!enter() || !prepare_threads() || hv_sandbox_thread(kind, &e) != 0)
		return NOT_IN;
	return then();
}

/* Returns how the process ended, as wait(2) has it. */
static int in_process(enum hv_sandbox_kind kind, int (*then)(void))
{
	pid_t pid = fork();
	int status = -1;

	if (pid == 0)
		syscall(SYS_exit_group, enter_and(kind, then));
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static bool is_killed(int status)
{
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;
}

static void escapes_are_killed(void **state)
{
#ifdef HV_SANDBOX_SANITIZER
	const bool sanitizer = true;
#else
	const bool sanitizer = false;
#endif

	for (size_t i = 0; i < sizeof(trials) / sizeof(trials[0]); i++)
		for (unsigned int kind = 0; kind < HV_SANDBOX_KINDS; kind++) {
			int status = in_process((enum hv_sandbox_kind)kind, trials[i].try);
			bool by_landlock = sanitizer && trials[i].sanitizer_calls;

			if (by_landlock ? WIFEXITED(status) && WEXITSTATUS(status) == DENIED
					: is_killed(status))
				continue;
			print_error("%s by a thread of kind %u: status %#x\n", trials[i].name, kind,
				    (unsigned int)status);
			fail();
		}
}

static int nothing(void)
{
	return DONE;
}

static void main_ends_in_order(void **state)
{
	int status = in_process(HV_SANDBOX_MAIN, nothing);

	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == DONE);
}

static void *card_begins(void *arg)
{
	struct err e = {0};
	struct pollfd p = {.fd = outside, .events = POLLIN};

	prctl(PR_SET_NAME, "card");
	if (hv_sandbox_thread(HV_SANDBOX_CARD, &e) != 0)
		return NULL;
	eventfd_write(outside, 1);
	return poll(&p, 1, -1) == 1 ? arg : NULL;
}

static int card_that_comes_later(void)
{
	int self;
	pthread_t t;
	void *went_well = NULL;

	if (pthread_create(&t, NULL, card_begins, &self) != 0 || pthread_join(t, &went_well) != 0)
		return FAILED;
	return went_well == &self ? DONE : FAILED;
}

static int what_main_does(void)
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), mem = memfd_create("test", MFD_CLOEXEC);
	FILE *f = mem >= 0 ? fdopen(mem, "w") : NULL;
	void *large = malloc(1 << 20);
	eventfd_t n;

	if (!f || !large || fprintf(f, "%d\n", 7) != 2 || fflush(f) != 0 || fsync(mem) != 0)
		return FAILED;
	void *larger = realloc(large, 64 << 20);
	bool grew = larger;
	free(grew ? larger : large);
	if (!grew || eventfd_write(fd, 3) != 0 || eventfd_read(fd, &n) != 0 || n != 3)
		return FAILED;
	fclose(f);
	return card_that_comes_later();
}

static void allowed_calls_work(void **state)
{
	int status = in_process(HV_SANDBOX_MAIN, what_main_does);

	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), DONE);
}

/* What libc and libevent ask in user space, where the host's clock can be read there. */
static int reads_clocks(void)
{
	struct timespec ts;
	struct timeval tv;

	if (syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &ts) != 0 ||
	    syscall(SYS_gettimeofday, &tv, NULL) != 0 || syscall(SYS_time, NULL) < 0)
		syscall(SYS_exit, FAILED);
	/* To end the process is main's alone; the last thread's end ends it too. */
	syscall(SYS_exit, DONE);
	return FAILED;
}

static void clocks_are_calls_too(void **state)
{
	static const enum hv_sandbox_kind kinds[] = {HV_SANDBOX_MAIN, HV_SANDBOX_VCPU,
						     HV_SANDBOX_DISK, HV_SANDBOX_CARD};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		int status = in_process(kinds[i], reads_clocks);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), DONE);
	}
}

/* A card's thread, made after main's list, has not main's calls. */
static void *card_makes_a_thread(void *arg)
{
	struct err e = {0};

	if (hv_sandbox_thread(HV_SANDBOX_CARD, &e) == 0)
		eventfd(0, 0);
	return NULL;
}

static int card_beyond_its_list(void)
{
	pthread_t t;

	pthread_create(&t, NULL, card_makes_a_thread, NULL);
	pthread_join(t, NULL);
	return DONE;
}

static void each_thread_has_its_own_list(void **state)
{
	assert_true(is_killed(in_process(HV_SANDBOX_MAIN, card_beyond_its_list)));
}

static bool opens(const char *path, int flags)
{
	int fd = open(path, flags, 0600);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* Only the process's part: no list of calls hides what Landlock and identity do. */
static int process_alone(void)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct caps[_LINUX_CAPABILITY_U32S_3];
	struct rlimit core;
	int death = 0;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (!enter())
		return NOT_IN;
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1 || prctl(PR_GET_DUMPABLE) != 0)
		return 1;
	if (getuid() == 0 || geteuid() == 0 || getegid() == 0)
		return 2;
	if (syscall(SYS_capget, &head, caps) != 0 || caps[0].effective || caps[1].effective ||
	    caps[0].permitted || caps[1].permitted || caps[0].inheritable)
		return 3;
	if (prctl(PR_GET_PDEATHSIG, &death) != 0 || death != SIGKILL)
		return 4;
	if (getrlimit(RLIMIT_CORE, &core) != 0 || core.rlim_max != 0)
		return 5;
	if (opens("/etc/passwd", O_RDONLY) || errno != EACCES)
		return 6;
	if (opens("/tmp", O_RDONLY | O_DIRECTORY) || errno != EACCES)
		return 7;
	if (opens("/tmp/hv-sandbox-test", O_WRONLY | O_CREAT))
		return 8;
	return write(outside, &(eventfd_t){1}, sizeof(eventfd_t)) > 0 ? DONE : 9;
}

static void process_gives_up_everything(void **state)
{
	pid_t pid = fork();
	int status;

	if (syscall(SYS_landlock_create_ruleset, NULL, 0, 1) < 1) {
		if (pid == 0)
			_exit(0);
		waitpid(pid, &status, 0);
		skip();
	}
	if (pid == 0)
		syscall(SYS_exit_group, process_alone());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), DONE);
}

static void lists_need_the_process_first(void **state)
{
	struct err e = {0};

	assert_int_equal(hv_sandbox_thread(HV_SANDBOX_MAIN, &e), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_need_the_process_first),
		cmocka_unit_test(process_gives_up_everything),
		cmocka_unit_test(main_ends_in_order),
		cmocka_unit_test(allowed_calls_work),
		cmocka_unit_test(clocks_are_calls_too),
		cmocka_unit_test(each_thread_has_its_own_list),
		cmocka_unit_test(escapes_are_killed),
	};

	outside = eventfd(0, EFD_NONBLOCK);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
