/* SPDX-License-Identifier: BSD-3-Clause */
#include "api/fake_flued.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct fake_flued {
	const struct fake_answer *answers;
	unsigned int used[64];
	char dir[32];
	struct sockaddr_un addr;
	int listener;
	pthread_t thread;
	json_t *requests; /* the thread's until it is joined */
};

static const char *pick(struct fake_flued *f, const char *method)
{
	const struct fake_answer *last = NULL;

	for (int i = 0; f->answers[i].method; i++) {
		if (strcmp(f->answers[i].method, method) != 0)
			continue;
		last = &f->answers[i];
		if (!f->used[i]++)
			break;
	}
	return last ? last->say : "\"error\":{\"code\":-32601,\"message\":\"no such method\"}";
}

/* false: close the connection */
static bool answer(struct fake_flued *f, FILE *peer, const char *line)
{
	json_t *request = json_loads(line, 0, NULL);
	const char *say = pick(f, json_get_str(request, "method", ""));
	long long id = json_get_int(request, "id", -1);

	assert(request);
	json_array_append_new(f->requests, request);
	if (!say)
		return false;
	if (strncmp(say, "\"result\"", 8) == 0 || strncmp(say, "\"error\"", 7) == 0)
		fprintf(peer, "{\"jsonrpc\":\"2.0\",\"id\":%lld,%s}\n", id, say);
	else
		fputs(say, peer);
	fflush(peer);
	return true;
}

static void *serve(void *arg)
{
	struct fake_flued *f = arg;
	char *line = NULL;
	size_t size = 0;
	int fd;

	while ((fd = accept(f->listener, NULL, NULL)) >= 0) {
		FILE *in = fdopen(fd, "r"), *out = fdopen(dup(fd), "w");

		while (getline(&line, &size, in) > 0 && answer(f, out, line))
			;
		fclose(in);
		fclose(out);
	}
	free(line);
	return NULL;
}

struct fake_flued *fake_start(const struct fake_answer *answers)
{
	struct fake_flued *f = calloc(1, sizeof(*f));

	assert(f);
	f->answers = answers;
	f->requests = json_array();
	strcpy(f->dir, "/tmp/flue-test-XXXXXX");
	if (!mkdtemp(f->dir))
		abort();
	f->addr.sun_family = AF_UNIX;
	snprintf(f->addr.sun_path, sizeof(f->addr.sun_path), "%s/s", f->dir);
	f->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(f->listener, (struct sockaddr *)&f->addr, sizeof(f->addr)) != 0 ||
	    listen(f->listener, 4) != 0 || pthread_create(&f->thread, NULL, serve, f) != 0)
		abort();
	setenv("FLUE_SOCKET", f->addr.sun_path, 1);
	return f;
}

const char *fake_path(const struct fake_flued *f)
{
	return f->addr.sun_path;
}

json_t *fake_stop(struct fake_flued *f)
{
	json_t *requests = f->requests;

	shutdown(f->listener, SHUT_RDWR); /* wakes accept() */
	pthread_join(f->thread, NULL);
	close(f->listener);
	unlink(f->addr.sun_path);
	rmdir(f->dir);
	free(f);
	return requests;
}
