/* SPDX-License-Identifier: BSD-3-Clause */
/* How a link begins, and where its descriptors lie. */
#include "offload/chimney/shim/link.h"
#include "offload/chimney/shim/msg.h"
#include "offload/chimney/shim/sys.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/un.h>

enum { WELCOME_MS = 2000 };

void (*chim_fd_claim)(int fd, bool mine);

int chim_fd_high(int fd)
{
	struct rlimit lim = {.rlim_cur = 1024};
	long high;

	getrlimit(RLIMIT_NOFILE, &lim);
	if (lim.rlim_cur > 1 << 20)
		lim.rlim_cur = 1 << 20;
	high = sys_fcntl(fd, F_DUPFD_CLOEXEC, (long)(lim.rlim_cur / 4 * 3));
	if (high >= 0 && chim_fd_claim)
		chim_fd_claim((int)high, true);
	sys_close(fd);
	return (int)high;
}

void chim_fd_close(int fd)
{
	if (fd < 0)
		return;
	if (chim_fd_claim)
		chim_fd_claim(fd, false);
	sys_close(fd);
}

static int connect_to(const char *path)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	long fd, rc;

	if (!path)
		path = secure_getenv("FLUE_CHIMNEY_SOCKET");
	if (!path || !*path)
		path = CHIM_SOCKET_PATH;
	if (strlen(path) >= sizeof(to.sun_path))
		return -ENAMETOOLONG;
	strcpy(to.sun_path, path);
	fd = sys_result(syscall(SYS_socket, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
	if (fd < 0)
		return (int)fd;
	fd = chim_fd_high((int)fd);
	if (fd < 0)
		return (int)fd;
	rc = sys_result(syscall(SYS_connect, fd, &to, sizeof(to)));
	if (rc) {
		chim_fd_close((int)fd);
		return (int)rc;
	}
	return (int)fd;
}

static int greet(struct chim_link *link)
{
	struct chim_msg hello = {.type = CHIM_MSG_HELLO, .conn = CHIM_MSG_VERSION};
	uint64_t until = sys_now_ns() + WELCOME_MS * 1000000ull;
	struct chim_heard h;
	int rc = chim_msg_say(link->fd, &hello, -1);

	if (rc)
		return rc;
	while ((rc = chim_msg_hear(link->fd, &h)) == -EAGAIN) {
		if (sys_now_ns() > until)
			return -ETIMEDOUT;
		sys_poll(&(struct pollfd){.fd = link->fd, .events = POLLIN}, 1,
			 &(struct timespec){.tv_nsec = 100000000});
	}
	if (rc)
		return rc;
	rc = chim_welcome(link, &h);
	chim_heard_drop(&h);
	return rc;
}

int chim_link_open(const char *path, struct chim_link **out)
{
	struct chim_link *link = calloc(1, sizeof(*link));
	int rc;

	if (!link)
		return -ENOMEM;
	atomic_init(&link->refs, 1);
	pthread_mutex_init(&link->lock, NULL);
	pthread_cond_init(&link->answered, NULL);
	link->fd = connect_to(path);
	rc = link->fd < 0 ? link->fd : greet(link);
	if (rc) {
		chim_link_forget(link);
		return rc;
	}
	*out = link;
	return 0;
}
