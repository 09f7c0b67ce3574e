/* SPDX-License-Identifier: BSD-3-Clause */
#include "api/client.h"

#include "base/clock.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

const struct client_peer client_flued = {"flued", CLIENT_DEFAULT_SOCKET, "FLUE_SOCKET", "--socket"};
const struct client_peer client_pf = {"flue-pf", "/run/flue/flue-pf.sock", "FLUE_PF_SOCKET", NULL};

struct client {
	const struct client_peer *peer;
	int fd; /* -1: lost */
	unsigned int timeout_ms;
	json_int_t id; /* of the last request */
	char *in;      /* bytes received, the answer's line first */
	size_t len, size;
};

const char *client_peer_path(const struct client_peer *peer)
{
	const char *path = getenv(peer->env);

	return path && *path ? path : peer->socket;
}

const char *client_default_path(void)
{
	return client_peer_path(&client_flued);
}

static int explain_connect(const struct client_peer *peer, const char *path, int code,
			   struct err *e)
{
	const char *name = peer->program;

	switch (-code) {
	case ENOENT:
		return err_set(e, code,
			       "%s: there is no such socket; start %s (systemctl start %s), or "
			       "name its socket with %s%s%s",
			       path, name, name, peer->option ? peer->option : "",
			       peer->option ? " or " : "", peer->env);
	case ECONNREFUSED:
		return err_set(e, code, "%s: nobody listens there; start %s (systemctl start %s)",
			       path, name, name);
	case EACCES:
	case EPERM:
		return err_set(
			e, code,
			"%s: permission denied; use sudo, or become a member of the group that "
			"%s --group names",
			path, name);
	case EAGAIN:
		return err_set(e, -ETIMEDOUT,
			       "%s: %s does not answer; is it stopped or overloaded?", path, name);
	default:
		return err_set(e, code, "%s: cannot connect: %s", path, strerror(-code));
	}
}

int client_open(const char *path, unsigned int timeout_ms, struct client **client, struct err *e)
{
	return client_open_peer(&client_flued, path, timeout_ms, client, e);
}

int client_open_peer(const struct client_peer *peer, const char *path, unsigned int timeout_ms,
		     struct client **client, struct err *e)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	struct timeval tv = {timeout_ms / 1000, timeout_ms % 1000 * 1000};
	struct client *c;
	int ret;

	*client = NULL;
	path = path ? path : client_peer_path(peer);
	if (strlen(path) >= sizeof(addr.sun_path))
		return err_set(e, -ENAMETOOLONG, "%.120s: longer than a socket's path can be (%zu)",
			       path, sizeof(addr.sun_path) - 1);
	strcpy(addr.sun_path, path);
	c = calloc(1, sizeof(*c));
	if (!c)
		return err_set(e, -ENOMEM, "out of memory");
	c->peer = peer;
	c->timeout_ms = timeout_ms;
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0) {
		ret = err_set(e, -errno, "cannot make a socket: %s", strerror(errno));
		goto free_client;
	}
	/* unix(7): the send timeout bounds connect() too. */
	setsockopt(c->fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
	if (connect(c->fd, (struct sockaddr *)&addr, sizeof(addr)) != 0) {
		ret = explain_connect(peer, path, -errno, e);
		goto close_socket;
	}
	*client = c;
	return 0;
close_socket:
	close(c->fd);
free_client:
	free(c);
	return ret;
}

void client_close(struct client *c)
{
	if (!c)
		return;
	if (c->fd >= 0)
		close(c->fd);
	free(c->in);
	free(c);
}

bool client_is_lost(const struct client *c)
{
	return c->fd < 0;
}

/* Ends the connection, and returns code. */
static int lose(struct client *c, int code)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	return code;
}

static int lose_errno(struct client *c, int code, struct err *e)
{
	const char *name = c->peer->program;

	if (code == -EAGAIN || code == -ETIMEDOUT)
		code = err_at(e, -ETIMEDOUT, "", "%s does not answer; is it stopped or overloaded?",
			      name);
	else if (code == -EPIPE || code == -ECONNRESET)
		code = err_at(e, -ECONNRESET, "", "%s closed the connection; see its log", name);
	else
		err_at(e, code, "", "the connection to %s: %s", name, strerror(-code));
	return lose(c, code);
}

static int send_line(struct client *c, const char *line, size_t len, struct err *e)
{
	while (len > 0) {
		ssize_t n = send(c->fd, line, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return lose_errno(c, -errno, e);
		line += n;
		len -= (size_t)n;
	}
	return 0;
}

/* Waits until there is something to read. A signal does not end the wait: an answer that is not
 * read would be taken for the next call's. 0, -ETIMEDOUT or another negative errno. */
static int wait_readable(struct client *c, uint64_t end_ns)
{
	struct pollfd pfd = {c->fd, POLLIN, 0};

	for (;;) {
		int64_t left = (int64_t)(end_ns - clock_now_ns()), ms = -1;
		int n;

		if (c->timeout_ms)
			ms = left > 0 ? left / 1000000 + 1 : 0;
		n = poll(&pfd, 1, (int)ms);
		if (n > 0)
			return 0;
		if (n == 0)
			return -ETIMEDOUT;
		if (errno != EINTR)
			return -errno;
	}
}

static int grow(struct client *c)
{
	size_t size = c->size ? c->size * 2 : 65536;
	char *in;

	if (c->len < c->size)
		return 0;
	if (c->size >= CLIENT_MAX_REPLY)
		return -EMSGSIZE;
	in = realloc(c->in, size);
	if (!in)
		return -ENOMEM;
	c->in = in;
	c->size = size;
	return 0;
}

/* Reads until a whole line is there; *line_len is its length without the line feed. */
static int receive_line(struct client *c, size_t *line_len, struct err *e)
{
	uint64_t end_ns = clock_now_ns() + (uint64_t)c->timeout_ms * 1000000;
	size_t seen = 0;

	for (;;) {
		char *lf = c->len > seen ? memchr(c->in + seen, '\n', c->len - seen) : NULL;
		ssize_t n;
		int ret;

		if (lf) {
			*line_len = (size_t)(lf - c->in);
			return 0;
		}
		seen = c->len;
		ret = grow(c);
		if (ret == 0)
			ret = wait_readable(c, end_ns);
		if (ret != 0)
			return lose_errno(c, ret, e);
		n = recv(c->fd, c->in + c->len, c->size - c->len, 0);
		if (n == 0)
			return lose_errno(c, -ECONNRESET, e);
		if (n < 0 && errno != EINTR)
			return lose_errno(c, -errno, e);
		c->len += n > 0 ? (size_t)n : 0;
	}
}

/* Takes the answer apart. Steals what it hands on. */
static int take_answer(struct client *c, json_t *answer, json_t **result, struct err *e)
{
	const json_t *error = json_object_get(answer, "error");
	const json_t *data = json_object_get(error, "data");
	json_t *r = json_object_get(answer, "result");

	/* An answer to what could not be parsed has id null: an error all the same. */
	if (error)
		return err_at(e, err_code_of_name(json_get_str(data, "errno", ""), -EPROTO),
			      json_get_str(data, "path", ""), "%s",
			      json_get_str(error, "message", "it gives no reason"));
	if (!r || json_get_int(answer, "id", -1) != c->id) {
		err_at(e, -EBADMSG, "",
		       "the answer is not JSON-RPC 2.0; is it %s that listens there?",
		       c->peer->program);
		return lose(c, -EBADMSG);
	}
	*result = json_incref(r);
	return 0;
}

int client_call(struct client *c, const char *method, const json_t *params, json_t **result,
		struct err *e)
{
	json_t *request, *answer;
	size_t len = 0;
	char *line;
	int ret;

	*result = NULL;
	if (c->fd < 0)
		return err_at(e, -ENOTCONN, "", "the connection to %s is lost", c->peer->program);
	request = json_pack("{s:s,s:I,s:s}", "jsonrpc", "2.0", "id", ++c->id, "method", method);
	if (params)
		json_object_set(request, "params", (json_t *)params);
	line = json_dumps(request, JSON_COMPACT);
	json_decref(request);
	if (!line)
		return err_at(e, -ENOMEM, "", "out of memory");
	len = strlen(line);
	line[len++] = '\n'; /* in place of the NUL */
	if (len > CLIENT_MAX_REQUEST)
		ret = err_at(e, -E2BIG, "", "the request has %zu bytes; %s takes at most %u", len,
			     c->peer->program, CLIENT_MAX_REQUEST);
	else
		ret = send_line(c, line, len, e);
	free(line);
	if (ret == 0)
		ret = receive_line(c, &len, e);
	if (ret != 0)
		return ret;
	answer = json_loadb(c->in, len, 0, NULL);
	memmove(c->in, c->in + len + 1, c->len - len - 1);
	c->len -= len + 1;
	if (!answer) {
		err_at(e, -EBADMSG, "", "the answer is not JSON; is it %s that listens there?",
		       c->peer->program);
		return lose(c, -EBADMSG);
	}
	ret = take_answer(c, answer, result, e);
	json_decref(answer);
	return ret;
}
