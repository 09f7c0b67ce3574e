/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/attach/place.h"

#include <dirent.h>
#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/kcmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* The socket, as /proc spells it. */
struct wanted {
	pid_t pid;
	char link[64];	    /* "socket:[4711]" */
	unsigned long ino;  /* and, in an epoll set: number, */
	unsigned long sdev; /* and what it is a number of */
	struct att_places *p;
	struct err *e;
};

/* Calls fn for each descriptor of a process with what it is a link to, until that is not 0. */
static int each_fd(pid_t pid, int (*fn)(struct wanted *w, pid_t pid, int fd, const char *link),
		   struct wanted *w)
{
	char path[64], link[PATH_MAX];
	struct dirent *d;
	int rc = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	dir = opendir(path);
	if (!dir)
		return -errno;
	while (rc == 0 && (d = readdir(dir))) {
		ssize_t n;

		if (d->d_name[0] == '.')
			continue;
		n = readlinkat(dirfd(dir), d->d_name, link, sizeof(link) - 1);
		if (n < 0)
			continue;
		link[n] = '\0';
		rc = fn(w, pid, atoi(d->d_name), link);
	}
	closedir(dir);
	return rc;
}

static FILE *open_info(pid_t pid, int fd)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", pid, fd);
	return fopen(path, "re");
}

static int flags_of(pid_t pid, int fd)
{
	FILE *in = open_info(pid, fd);
	char line[256];
	int flags = 0;

	while (in && fgets(line, sizeof(line), in)) {
		if (strncmp(line, "flags:", 6) == 0)
			flags = (int)strtol(line + 6, NULL, 8);
	}
	if (in)
		fclose(in);
	return flags;
}

static int append(void *list, size_t *n, size_t size, const void *one)
{
	char **at = list, *p = reallocarray(*at, *n + 1, size);

	if (!p)
		return -ENOMEM;
	memcpy(p + *n * size, one, size);
	*at = p;
	++*n;
	return 0;
}

/* One set can have several numbers. */
static bool is_known(const struct wanted *w, const struct att_watch *found)
{
	for (size_t i = 0; i < w->p->n_watches; i++) {
		const struct att_watch *x = &w->p->watch[i];

		if (x->tfd == found->tfd &&
		    syscall(SYS_kcmp, w->pid, w->pid, KCMP_FILE, x->epfd, found->epfd) == 0)
			return true;
	}
	return false;
}

/* A line of an epoll set: "tfd: 5 events: 19 data: 5 pos:0 ino:3a sdev:8". */
static bool is_watch(const struct wanted *w, const char *line, struct att_watch *x)
{
	unsigned long ino, sdev;
	unsigned long long data;
	unsigned int events;

	if (sscanf(line, "tfd: %d events: %x data: %llx pos:%*d ino:%lx sdev:%lx", &x->tfd, &events,
		   &data, &ino, &sdev) != 5 ||
	    ino != w->ino || sdev != w->sdev)
		return false;
	x->events = events;
	x->data = data;
	return true;
}

/* The process's entries for the socket. A set of another process that watches it can do nothing to
 * it, and is left alone. */
static int look_at_set(struct wanted *w, int epfd)
{
	struct att_watch x = {.epfd = epfd};
	FILE *in = open_info(w->pid, epfd);
	char line[256];
	int rc = 0;

	while (in && rc == 0 && fgets(line, sizeof(line), in)) {
		if (is_watch(w, line, &x) && !is_known(w, &x))
			rc = append(&w->p->watch, &w->p->n_watches, sizeof(x), &x);
	}
	if (in)
		fclose(in);
	return rc;
}

static int look_own(struct wanted *w, pid_t pid, int fd, const char *link)
{
	if (strcmp(link, w->link) == 0) {
		struct att_place place = {fd, flags_of(pid, fd)};

		return append(&w->p->place, &w->p->n_places, sizeof(place), &place);
	}
	if (strcmp(link, "anon_inode:[eventpoll]") == 0)
		return look_at_set(w, fd);
	if (strcmp(link, "anon_inode:[io_uring]") == 0)
		return err_set(w->e, -ENOTSUP,
			       "process %d uses io_uring, whose requests hold its sockets; it "
			       "cannot be attached to",
			       pid);
	return 0;
}

static int look_other(struct wanted *w, pid_t pid, int fd, const char *link)
{
	if (strcmp(link, w->link) == 0)
		return err_set(w->e, -EMLINK,
			       "process %d has the socket too, as descriptor %d; only what is one "
			       "process's own can be attached to",
			       pid, fd);
	return 0;
}

/* All processes but this one and the caller, as far as the caller may look into them. */
static int look_around(struct wanted *w)
{
	struct dirent *d;
	int rc = 0;
	DIR *dir = opendir("/proc");

	if (!dir)
		return -errno;
	while (rc == 0 && (d = readdir(dir))) {
		pid_t pid = (pid_t)atoi(d->d_name);

		if (pid <= 0 || pid == w->pid || pid == getpid())
			continue;
		rc = each_fd(pid, look_other, w);
		if (rc == -EACCES || rc == -ENOENT || rc == -ESRCH || rc == -EPERM)
			rc = 0;
	}
	closedir(dir);
	return rc;
}

/* Its entry can be taken out only by the number it was put in with. */
static int check_watches(const struct wanted *w)
{
	for (size_t i = 0; i < w->p->n_watches; i++) {
		const struct att_watch *x = &w->p->watch[i];
		size_t k = 0;

		while (k < w->p->n_places && w->p->place[k].fd != x->tfd)
			k++;
		if (k == w->p->n_places)
			return err_set(
				w->e, -ENOTSUP,
				"the epoll set %d of process %d knows the socket as "
				"descriptor %d, which it has closed; it cannot be attached to",
				x->epfd, w->pid, x->tfd);
	}
	return 0;
}

/* A thread with descriptors of its own would keep the socket. */
static int check_threads(const struct wanted *w)
{
	char path[64];
	struct dirent *d;
	int rc = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", w->pid);
	dir = opendir(path);
	if (!dir)
		return -errno;
	while (rc == 0 && (d = readdir(dir))) {
		pid_t tid = (pid_t)atoi(d->d_name);

		if (tid > 0 && tid != w->pid &&
		    syscall(SYS_kcmp, w->pid, tid, KCMP_FILES, 0, 0) > 0)
			rc = err_set(w->e, -ENOTSUP,
				     "thread %d of process %d has descriptors of its own; it "
				     "cannot be attached to",
				     tid, w->pid);
	}
	closedir(dir);
	return rc;
}

int att_places_find(pid_t pid, const struct stat *sock, struct att_places *p, struct err *e)
{
	struct wanted w = {.pid = pid, .p = p, .e = e};
	int rc;

	*p = (struct att_places){0};
	w.ino = sock->st_ino;
	w.sdev = (unsigned long)major(sock->st_dev) << 20 | minor(sock->st_dev);
	snprintf(w.link, sizeof(w.link), "socket:[%lu]", w.ino);
	rc = each_fd(pid, look_own, &w);
	if (rc == -ENOENT || rc == -EACCES)
		rc = err_set(e, rc == -ENOENT ? -ESRCH : rc,
			     "cannot see the descriptors of process %d: %s", pid, strerror(-rc));
	if (rc == 0 && p->n_places == 0)
		rc = err_set(e, -ENOENT, "process %d has closed the socket", pid);
	if (rc == 0)
		rc = check_watches(&w);
	if (rc == 0)
		rc = check_threads(&w);
	if (rc == 0)
		rc = look_around(&w);
	if (rc)
		att_places_free(p);
	return rc;
}

void att_places_free(struct att_places *p)
{
	free(p->place);
	free(p->watch);
	*p = (struct att_places){0};
}

static long tracer_of(pid_t pid)
{
	char path[64], line[128];
	long tracer = 0;
	FILE *in;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	in = fopen(path, "re");
	if (!in)
		return -ESRCH;
	while (fgets(line, sizeof(line), in)) {
		if (strncmp(line, "TracerPid:", 10) == 0)
			tracer = strtol(line + 10, NULL, 10);
	}
	fclose(in);
	return tracer;
}

int att_process_ok(pid_t pid, struct err *e)
{
	Elf64_Ehdr head = {0};
	char path[64];
	long tracer = tracer_of(pid);
	ssize_t n;
	int fd;

	if (tracer < 0)
		return err_set(e, -ESRCH, "there is no process %d", pid);
	if (pid == getpid())
		return err_set(e, -EINVAL, "process %d is this command itself", pid);
	if (tracer > 0)
		return err_set(e, -EPERM,
			       "process %d is being traced by process %ld; end that first", pid,
			       tracer);
	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT
			       ? err_set(e, -ESRCH, "process %d has ended, or is the kernel's", pid)
			       : err_set(e, -errno,
					 "cannot see the program of process %d: %s; run this as "
					 "root "
					 "or as its user",
					 pid, strerror(errno));
	n = read(fd, &head, sizeof(head));
	close(fd);
	if (n != sizeof(head) || head.e_ident[EI_CLASS] != ELFCLASS64 ||
	    head.e_machine != EM_X86_64)
		return err_set(e, -ENOTSUP,
			       "process %d runs no 64-bit x86 program; only those can be attached "
			       "to",
			       pid);
	return 0;
}
