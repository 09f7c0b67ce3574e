/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/load/tcp_socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static int parse(const char *text, uint16_t port, union address *a, socklen_t *size, struct err *e)
{
	*a = (union address){0};
	if (inet_pton(AF_INET, text, &a->v4.sin_addr) == 1) {
		a->v4.sin_family = AF_INET;
		a->v4.sin_port = htons(port);
		*size = sizeof(a->v4);
		return 0;
	}
	if (inet_pton(AF_INET6, text, &a->v6.sin6_addr) == 1) {
		a->v6.sin6_family = AF_INET6;
		a->v6.sin6_port = htons(port);
		*size = sizeof(a->v6);
		return 0;
	}
	return err_set(e, -EINVAL, "'%s' is no IP address", text);
}

static int make(const union address *a, const char *cc, struct err *e)
{
	int fd = socket(a->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0), ret;

	if (fd < 0)
		return err_set(e, -errno, "no socket: %s", strerror(errno));
	if (!cc || !setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, cc, (socklen_t)strlen(cc)))
		return fd;
	ret = err_set(
		e, -errno,
		"no congestion control '%s': %s; sysctl net.ipv4.tcp_available_congestion_control"
		" lists what this kernel has",
		cc, strerror(errno));
	close(fd);
	return ret;
}

int tcp_socket_listen(const char *text, const char *cc, uint16_t *port, struct err *e)
{
	union address a;
	socklen_t size = 0;
	int ret = parse(text, 0, &a, &size, e), fd;

	if (ret)
		return ret;
	fd = make(&a, cc, e);
	if (fd < 0)
		return fd;
	if (!bind(fd, &a.any, size) && !listen(fd, 128) && !getsockname(fd, &a.any, &size)) {
		/* The port stands in the same place for both families. */
		*port = ntohs(a.v4.sin_port);
		return fd;
	}
	ret = err_set(e, -errno, "cannot listen on %s: %s", text, strerror(errno));
	close(fd);
	return ret;
}

int tcp_socket_accept(int listener, unsigned int timeout_ms, struct err *e)
{
	struct pollfd p = {.fd = listener, .events = POLLIN};
	int fd;

	if (poll(&p, 1, (int)timeout_ms) <= 0)
		return err_set(e, -ETIMEDOUT, "no connection came within %u ms", timeout_ms);
	fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	return fd >= 0 ? fd : err_set(e, -errno, "accept: %s", strerror(errno));
}

int tcp_socket_connect(const char *text, uint16_t port, const char *cc, unsigned int timeout_ms,
		       struct err *e)
{
	struct timeval patience = {.tv_sec = timeout_ms / 1000,
				   .tv_usec = (suseconds_t)(timeout_ms % 1000) * 1000};
	union address a;
	socklen_t size = 0;
	int ret = parse(text, port, &a, &size, e), fd;

	if (ret)
		return ret;
	fd = make(&a, cc, e);
	if (fd < 0)
		return fd;
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (!connect(fd, &a.any, size))
		return fd;
	ret = errno == EINPROGRESS ? -ETIMEDOUT : -errno;
	err_set(e, ret, "no connection to %s port %u%s: %s", text, port,
		ret == -ETIMEDOUT ? " in time" : "", strerror(-ret));
	close(fd);
	return ret;
}
