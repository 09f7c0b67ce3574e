/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the preload library does when a process begins, forks or becomes another program.
 *
 * Rings cannot be shared by two processes: before a fork all connections go back to the kernel, and
 * before an exec or a spawn those that stay open. A child of vfork() runs in its parent's memory;
 * what it closes is closed for itself only.
 */
#include "offload/chimney/shim/epoll.h"
#include "offload/chimney/shim/io.h"
#include "offload/chimney/shim/offer.h"
#include "offload/chimney/shim/real.h"

#include <stdlib.h>
#include <unistd.h>

static pid_t owner;

bool chim_own_process(void)
{
	return getpid() == owner;
}

static void claim(int fd, bool mine)
{
	if (chim_slot(fd))
		atomic_store(&chim_slot(fd)->claimed, mine);
}

static void before_fork(void)
{
	chim_give_back_all(false);
	pthread_mutex_lock(&chim_epoll_lock);
}

static void in_parent(void)
{
	pthread_mutex_unlock(&chim_epoll_lock);
}

static void in_child(void)
{
	owner = getpid();
	pthread_mutex_init(&chim_epoll_lock, NULL);
	chim_after_fork();
}

__attribute__((constructor)) static void begin(void)
{
	chim_real_find();
	owner = getpid();
	chim_fd_claim = claim;
	pthread_atfork(before_fork, in_parent, in_child);
}

CHIM_EXPORT int execve(const char *path, char *const *argv, char *const *envp)
{
	chim_give_back_all(true);
	return REAL(execve)(path, argv, envp);
}

CHIM_EXPORT int execv(const char *path, char *const *argv)
{
	return execve(path, argv, environ);
}

CHIM_EXPORT int execvpe(const char *file, char *const *argv, char *const *envp)
{
	chim_give_back_all(true);
	return REAL(execvpe)(file, argv, envp);
}

CHIM_EXPORT int execvp(const char *file, char *const *argv)
{
	return execvpe(file, argv, environ);
}

CHIM_EXPORT int fexecve(int fd, char *const *argv, char *const *envp)
{
	chim_give_back_all(true);
	return REAL(fexecve)(fd, argv, envp);
}

enum { ARGS_MAX = 4096 };

/* The arguments of execl() and its like as a vector; a child of vfork() has no heap of its own, so
 * the caller has the room. Returns how many, without the NULL. */
static size_t gather(char **to, const char *first, va_list more)
{
	size_t n = 0;

	for (char *arg = (char *)first; arg && n < ARGS_MAX; arg = va_arg(more, char *))
		to[n++] = arg;
	to[n] = NULL;
	return n;
}

CHIM_EXPORT int execl(const char *path, const char *arg, ...)
{
	char *argv[ARGS_MAX + 1];
	va_list more;

	va_start(more, arg);
	gather(argv, arg, more);
	va_end(more);
	return execve(path, argv, environ);
}

CHIM_EXPORT int execlp(const char *file, const char *arg, ...)
{
	char *argv[ARGS_MAX + 1];
	va_list more;

	va_start(more, arg);
	gather(argv, arg, more);
	va_end(more);
	return execvpe(file, argv, environ);
}

CHIM_EXPORT int execle(const char *path, const char *arg, ...)
{
	char *argv[ARGS_MAX + 1];
	char *const *envp;
	va_list more;

	va_start(more, arg);
	gather(argv, arg, more);
	envp = va_arg(more, char *const *);
	va_end(more);
	return execve(path, argv, envp);
}

CHIM_EXPORT int posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *acts,
			    const posix_spawnattr_t *attr, char *const *argv, char *const *envp)
{
	chim_give_back_all(true);
	return REAL(posix_spawn)(pid, path, acts, attr, argv, envp);
}

CHIM_EXPORT int posix_spawnp(pid_t *pid, const char *file, const posix_spawn_file_actions_t *acts,
			     const posix_spawnattr_t *attr, char *const *argv, char *const *envp)
{
	chim_give_back_all(true);
	return REAL(posix_spawnp)(pid, file, acts, attr, argv, envp);
}

/* What a child is to have under another number must be the kernel's by then. */
CHIM_EXPORT int posix_spawn_file_actions_adddup2(posix_spawn_file_actions_t *acts, int fd, int to)
{
	if (chim_tracked(fd))
		chim_give_back(fd, CHIM_UPLOAD_FORK, false);
	return REAL(posix_spawn_file_actions_adddup2)(acts, fd, to);
}

/* stdio reads and writes within libc, where this library is not asked. */
CHIM_EXPORT FILE *fdopen(int fd, const char *mode)
{
	if (chim_tracked(fd))
		chim_give_back(fd, CHIM_UPLOAD_UNKEPT, false);
	return REAL(fdopen)(fd, mode);
}

CHIM_EXPORT int vdprintf(int fd, const char *format, va_list args)
{
	if (chim_tracked(fd))
		chim_give_back(fd, CHIM_UPLOAD_UNKEPT, false);
	return REAL(vdprintf)(fd, format, args);
}

CHIM_EXPORT int dprintf(int fd, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vdprintf(fd, format, args);
	va_end(args);
	return n;
}
