/* SPDX-License-Identifier: BSD-3-Clause */
#include "vswitch/ctrl/metrics.h"

#include "api/serve/http_text.h"

#include <stdlib.h>

struct metrics_server {
	struct http_text *http;
	metrics_fn fn;
	void *ctx;
};

static char *make_text(void *ctx, size_t *len, struct err *e)
{
	struct metrics_server *s = ctx;
	struct metrics_data d = {0};
	char *text = NULL;

	if (s->fn(s->ctx, &d, e) == 0) {
		text = metrics_format(&d, len);
		if (!text)
			err_set(e, -ENOMEM, "no memory for the answer");
	}
	json_decref(d.ports);
	json_decref(d.bridges);
	json_decref(d.sw);
	json_decref(d.pipeline);
	json_decref(d.chimney);
	return text;
}

struct metrics_server *metrics_server_new(struct event_base *base, const char *addr, metrics_fn fn,
					  void *ctx, struct err *e)
{
	struct metrics_server *s = calloc(1, sizeof(*s));

	if (!s) {
		err_set(e, -ENOMEM, "metrics: no memory");
		return NULL;
	}
	s->fn = fn;
	s->ctx = ctx;
	s->http = http_text_new(base, addr, make_text, s, e);
	if (s->http)
		return s;
	free(s);
	return NULL;
}

int metrics_server_port(const struct metrics_server *s)
{
	return http_text_port(s->http);
}

void metrics_server_free(struct metrics_server *s)
{
	if (!s)
		return;
	http_text_free(s->http);
	free(s);
}
