/* SPDX-License-Identifier: BSD-3-Clause */
#include "api/serve/http_text.h"

#include "base/log.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <event2/buffer.h>
#include <event2/http.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A scraper sends a few hundred bytes at once; who does not is hung up on. */
#define HEADERS_MAX 8192
#define BODY_MAX    1024
#define PATIENCE_S  10

_Static_assert(offsetof(struct sockaddr_in, sin_port) == offsetof(struct sockaddr_in6, sin6_port),
	       "the port stands at the same place in both");

struct http_text {
	struct evhttp *http;
	http_text_fn fn;
	void *ctx;
	int port;
};

static void put_header(struct evhttp_request *req, const char *name, const char *value)
{
	evhttp_add_header(evhttp_request_get_output_headers(req), name, value);
}

static void reply(struct evhttp_request *req, int status, const char *reason, const char *type,
		  const char *body, size_t len)
{
	struct evbuffer *out = evbuffer_new();

	put_header(req, "Content-Type", type);
	if (out)
		evbuffer_add(out, body, len);
	evhttp_send_reply(req, status, reason, out);
	if (out)
		evbuffer_free(out);
}

static void reply_text(struct evhttp_request *req, int status, const char *reason, const char *text)
{
	reply(req, status, reason, "text/plain; charset=utf-8", text, strlen(text));
}

static void on_request(struct evhttp_request *req, void *arg)
{
	struct http_text *s = arg;
	const char *path = evhttp_uri_get_path(evhttp_request_get_evhttp_uri(req));
	struct err e = {0};
	size_t len = 0;
	char *text;

	if (!path || strcmp(path, "/metrics") != 0) {
		reply_text(req, 404, "Not Found", "the metrics are at /metrics\n");
		return;
	}
	if (evhttp_request_get_command(req) != EVHTTP_REQ_GET) {
		put_header(req, "Allow", "GET");
		reply_text(req, 405, "Method Not Allowed", "");
		return;
	}
	text = s->fn(s->ctx, &len, &e);
	if (text) {
		reply(req, 200, "OK", "text/plain; version=0.0.4; charset=utf-8", text, len);
	} else {
		log_warn("metrics: %s", e.text);
		reply_text(req, 503, "Service Unavailable", e.text);
	}
	free(text);
}

/* Not evutil_parse_sockaddr_port(), which takes a missing port for one of 0 and refuses a 0. */
static int parse_addr(const char *addr, struct sockaddr_storage *ss, socklen_t *len, struct err *e)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)ss;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)ss;
	const char *colon = strrchr(addr, ':');
	bool brackets = addr[0] == '[' && colon && colon[-1] == ']';
	char host[INET6_ADDRSTRLEN] = "", *end;
	long port = -1;

	*len = brackets ? sizeof(*v6) : sizeof(*v4);
	if (colon) {
		snprintf(host, sizeof(host), "%.*s", (int)(colon - addr) - 2 * brackets,
			 addr + brackets);
		if (isdigit((unsigned char)colon[1]))
			port = strtol(colon + 1, &end, 10);
	}
	if (port >= 0 && port <= UINT16_MAX && *end == '\0') {
		ss->ss_family = brackets ? AF_INET6 : AF_INET;
		v4->sin_port = htons((uint16_t)port);
		if (inet_pton(ss->ss_family, host,
			      brackets ? (void *)&v6->sin6_addr : (void *)&v4->sin_addr) == 1)
			return 0;
	}
	return err_set(e, -EINVAL,
		       "metrics: '%.60s' is not ADDRESS:PORT, as 127.0.0.1:9188 or [::1]:9188",
		       addr);
}

static int listen_tcp(const char *addr, int *port, struct err *e)
{
	struct sockaddr_storage ss = {0};
	socklen_t size = sizeof(ss), len;
	int fd, ret = parse_addr(addr, &ss, &len, e);

	if (ret != 0)
		return ret;
	fd = socket(ss.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_set(e, -errno, "metrics: cannot make a socket: %s", strerror(errno));
	/* Connections of the last run may still be in TIME_WAIT. */
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
	if (bind(fd, (struct sockaddr *)&ss, len) != 0 || listen(fd, 16) != 0 ||
	    getsockname(fd, (struct sockaddr *)&ss, &size) != 0) {
		ret = err_set(e, -errno, "metrics: cannot listen on %s: %s%s", addr,
			      strerror(errno),
			      errno == EADDRINUSE      ? "; stop who does or choose another port"
			      : errno == EADDRNOTAVAIL ? "; give an address of this host"
						       : "");
		close(fd);
		return ret;
	}
	*port = ntohs(((struct sockaddr_in *)&ss)->sin_port);
	return fd;
}

struct http_text *http_text_new(struct event_base *base, const char *addr, http_text_fn fn,
				void *ctx, struct err *e)
{
	struct http_text *s = calloc(1, sizeof(*s));
	int fd;

	if (!s) {
		err_set(e, -ENOMEM, "metrics: no memory");
		return NULL;
	}
	s->fn = fn;
	s->ctx = ctx;
	fd = listen_tcp(addr, &s->port, e);
	if (fd < 0)
		goto free_server;
	s->http = evhttp_new(base);
	if (!s->http || evhttp_accept_socket(s->http, fd) != 0) {
		err_set(e, -ENOMEM, "metrics: no memory");
		goto close_fd;
	}
	/* All of them, so that the callback answers; the library would say 501 of its own. */
	evhttp_set_allowed_methods(s->http, EVHTTP_REQ_GET | EVHTTP_REQ_POST | EVHTTP_REQ_HEAD |
						    EVHTTP_REQ_PUT | EVHTTP_REQ_DELETE |
						    EVHTTP_REQ_OPTIONS | EVHTTP_REQ_TRACE |
						    EVHTTP_REQ_CONNECT | EVHTTP_REQ_PATCH);
	evhttp_set_max_headers_size(s->http, HEADERS_MAX);
	evhttp_set_max_body_size(s->http, BODY_MAX);
	evhttp_set_timeout(s->http, PATIENCE_S);
	evhttp_set_gencb(s->http, on_request, s);
	return s;

close_fd:
	if (s->http)
		evhttp_free(s->http);
	close(fd);
free_server:
	free(s);
	return NULL;
}

int http_text_port(const struct http_text *s)
{
	return s->port;
}

void http_text_free(struct http_text *s)
{
	if (!s)
		return;
	evhttp_free(s->http);
	free(s);
}
