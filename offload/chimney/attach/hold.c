/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/attach/hold.h"

#include "offload/chimney/attach/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

/* Beyond what a relay itself waits for: the switch's answer, and twice the program. */
enum { ANSWER_S = 30 };

struct answer {
	int32_t rc;
	char text[sizeof(((struct err *)0)->text)];
};

static int name(struct sockaddr_un *at, pid_t pid, int fd, struct err *e)
{
	const char *dir = getenv("FLUE_ATTACHED_DIR");
	int n;

	*at = (struct sockaddr_un){.sun_family = AF_UNIX};
	n = snprintf(at->sun_path, sizeof(at->sun_path), "%s/%d.%d", dir && *dir ? dir : ATT_DIR,
		     pid, fd);
	if (n < (int)sizeof(at->sun_path))
		return 0;
	return err_set(e, -ENAMETOOLONG, "FLUE_ATTACHED_DIR is too long for a socket's name");
}

static void make_folders(const struct sockaddr_un *at)
{
	char path[sizeof(at->sun_path)];

	strcpy(path, at->sun_path);
	for (char *s = path + 1; *s; s++) {
		if (*s != '/')
			continue;
		*s = '\0';
		mkdir(path, 0755);
		*s = '/';
	}
}

static int dial(const struct sockaddr_un *at)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), rc;

	if (fd < 0 || connect(fd, (const struct sockaddr *)at, sizeof(*at)) == 0)
		return fd < 0 ? -errno : fd;
	rc = -errno;
	close(fd);
	return rc;
}

/* What a relay that was killed left behind is in nobody's use. */
static int bind_to(int fd, const struct sockaddr_un *at)
{
	int old;

	if (bind(fd, (const struct sockaddr *)at, sizeof(*at)) == 0)
		return 0;
	if (errno != EADDRINUSE)
		return -errno;
	old = dial(at);
	if (old >= 0)
		close(old);
	if (old != -ECONNREFUSED)
		return -EEXIST;
	unlink(at->sun_path);
	return bind(fd, (const struct sockaddr *)at, sizeof(*at)) == 0 ? 0 : -errno;
}

int att_hold_open(struct att_hold *h, pid_t pid, int fd, struct err *e)
{
	mode_t mask;
	int rc;

	h->listener = -1;
	rc = name(&h->at, pid, fd, e);
	if (rc)
		return rc;
	make_folders(&h->at);
	h->listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (h->listener < 0)
		return err_set(e, -errno, "cannot make a socket: %s", strerror(errno));
	mask = umask(0177);
	rc = bind_to(h->listener, &h->at);
	umask(mask);
	if (rc == 0 && listen(h->listener, 4) != 0) {
		rc = -errno;
		unlink(h->at.sun_path);
	}
	if (rc == 0)
		return 0;
	close(h->listener);
	h->listener = -1;
	if (rc == -EEXIST)
		return err_set(e, rc,
			       "descriptor %d of process %d is attached already; 'flue chimney "
			       "detach %d %d' gives it back",
			       fd, pid, pid, fd);
	return err_set(e, rc, "cannot make %.100s: %s; set FLUE_ATTACHED_DIR", h->at.sun_path,
		       strerror(-rc));
}

void att_hold_close(struct att_hold *h)
{
	if (h->listener < 0)
		return;
	unlink(h->at.sun_path);
	close(h->listener);
	h->listener = -1;
}

int att_hold_asked(struct att_hold *h)
{
	struct ucred who = {.uid = (uid_t)-1};
	socklen_t len = sizeof(who);
	int fd = accept4(h->listener, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0)
		return -EAGAIN;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) == 0 &&
	    (who.uid == 0 || who.uid == geteuid()))
		return fd;
	close(fd);
	return -EAGAIN;
}

void att_hold_answer(int who, int rc, const struct err *e)
{
	struct answer a = {.rc = rc};

	if (rc)
		snprintf(a.text, sizeof(a.text), "%s", e->text);
	send(who, &a, sizeof(a), MSG_NOSIGNAL | MSG_DONTWAIT);
	close(who);
}

int att_hold_detach(pid_t pid, int fd, struct err *e)
{
	struct timeval limit = {.tv_sec = ANSWER_S};
	struct sockaddr_un at;
	struct answer a;
	ssize_t n;
	int sock, rc = name(&at, pid, fd, e);

	if (rc)
		return rc;
	sock = dial(&at);
	if (sock == -ENOENT || sock == -ECONNREFUSED)
		return err_set(e, -ENOENT, "descriptor %d of process %d is not attached", fd, pid);
	if (sock < 0)
		return err_set(e, sock, "%.100s: %s", at.sun_path, strerror(-sock));
	setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	n = recv(sock, &a, sizeof(a), 0);
	close(sock);
	if (n != sizeof(a))
		return err_set(e, -ECONNRESET,
			       "the relay of descriptor %d of process %d does not answer", fd, pid);
	a.text[sizeof(a.text) - 1] = '\0';
	return a.rc ? err_set(e, a.rc, "%s", a.text) : 0;
}
