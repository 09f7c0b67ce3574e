/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/engine/wire.h"

#include "base/json.h"
#include "bench/engine/engine.h"

#include <math.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

static const char *const kinds[] = {"split", "merge"};

json_t *engine_case_to_json(const struct engine_case *c)
{
	return json_pack("{s:s,s:s,s:i,s:i,s:i,s:i,s:f,s:i,s:b}", "engine", kinds[c->kind],
			 "system", c->system, "unit", (int)c->unit_bytes, "mss", (int)c->mss,
			 "family", (int)c->family, "burst", (int)c->burst, "seconds", c->seconds,
			 "flows", (int)c->flows, "rx_csum", c->rx_csum);
}

static int take(const json_t *json, const char *key, unsigned int least, unsigned int most,
		unsigned int *value, struct err *e)
{
	int64_t v = json_get_int(json, key, -1);

	if (v < least || v > most)
		return err_set(e, -EINVAL, "%s must be between %u and %u", key, least, most);
	*value = (unsigned int)v;
	return 0;
}

int engine_case_from_json(const json_t *json, struct engine_case *c, struct err *e)
{
	const char *kind = json_get_str(json, "engine", "");
	const char *system = json_get_str(json, "system", "");
	int ret;

	if (strcmp(kind, kinds[0]) != 0 && strcmp(kind, kinds[1]) != 0)
		return err_set(e, -EINVAL, "engine must be split or merge");
	c->kind = strcmp(kind, kinds[0]) == 0 ? ENGINE_SPLIT : ENGINE_MERGE;
	if (!*system || strlen(system) >= sizeof(c->system))
		return err_set(e, -EINVAL, "system must be flue, librte or librte+sum");
	strcpy(c->system, system);
	ret = take(json, "mss", ENGINE_MSS_MIN, ENGINE_MSS_MAX, &c->mss, e);
	/* A unit of one segment is nothing to split. */
	if (ret == 0)
		ret = take(json, "unit", c->mss + 128, ENGINE_UNIT_MAX, &c->unit_bytes, e);
	if (ret == 0)
		ret = take(json, "family", 4, 6, &c->family, e);
	if (ret == 0 && c->family == 5)
		ret = err_set(e, -EINVAL, "family must be 4 or 6");
	if (ret == 0)
		ret = take(json, "burst", 1, ENGINE_BURST_MAX, &c->burst, e);
	if (ret == 0)
		ret = take(json, "flows", 1, ENGINE_FLOWS_MAX, &c->flows, e);
	if (ret == 0 && c->kind == ENGINE_SPLIT && c->flows > 1)
		ret = err_set(e, -EINVAL, "flows are for engine merge");
	c->rx_csum = json_get_bool(json, "rx_csum", false);
	c->seconds = json_number_value(json_object_get(json, "seconds"));
	if (ret == 0 && !(c->seconds > 0 && c->seconds <= ENGINE_SECONDS_MAX))
		ret = err_set(e, -EINVAL, "seconds must be above 0 and at most %d",
			      ENGINE_SECONDS_MAX);
	return ret;
}

json_t *engine_result_to_json(const struct engine_result *r)
{
	return json_pack("{s:f,s:f,s:I,s:I,s:b}", "ns_per_segment", r->ns_per_segment,
			 "cycles_per_segment", r->cycles_per_segment, "segments",
			 (json_int_t)r->segments, "chunks", (json_int_t)r->chunks, "checksums",
			 r->checksums);
}

int engine_result_from_json(const json_t *json, struct engine_result *r, struct err *e)
{
	const char *error = json_get_str(json, "error", NULL);
	int64_t code = json_get_int(json, "code", 0), segments, chunks;

	if (error)
		return err_set(e, code < 0 && code > -4096 ? (int)code : -EIO, "%s", error);
	r->ns_per_segment = json_number_value(json_object_get(json, "ns_per_segment"));
	r->cycles_per_segment = json_number_value(json_object_get(json, "cycles_per_segment"));
	segments = json_get_int(json, "segments", 0);
	chunks = json_get_int(json, "chunks", 0);
	if (!(r->ns_per_segment > 0 && r->cycles_per_segment > 0) || segments < 1 || chunks < 1)
		return err_set(e, -EPROTO, "the engine process answered without figures");
	r->segments = (uint64_t)segments;
	r->chunks = (uint64_t)chunks;
	r->checksums = json_get_bool(json, "checksums", false);
	return 0;
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int wire_read(int fd, char *line, size_t size, int timeout_ms)
{
	int64_t end = now_ms() + timeout_ms;
	size_t len = 0;

	for (;;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		int64_t left = timeout_ms < 0 ? -1 : end - now_ms();
		ssize_t n;
		int ready;

		if (timeout_ms >= 0 && left < 0)
			return -ETIMEDOUT;
		ready = poll(&p, 1, (int)left);
		if (ready < 0 && errno != EINTR)
			return -errno;
		if (ready <= 0)
			continue;
		n = recv(fd, line + len, 1, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n == 0 ? -ECONNRESET : -errno;
		if (line[len] == '\n')
			break;
		if (++len == size)
			return -EMSGSIZE;
	}
	line[len] = '\0';
	return 0;
}

int wire_write(int fd, json_t *json)
{
	char *text = json ? json_dumps(json, JSON_COMPACT) : NULL, *at = text;
	size_t left = text ? strlen(text) + 1 : 0;
	int ret = text ? 0 : -ENOMEM;

	if (text)
		text[left - 1] = '\n';
	while (ret == 0 && left > 0) {
		ssize_t n = send(fd, at, left, MSG_NOSIGNAL);

		if (n < 0 && errno != EINTR)
			ret = -errno;
		if (n > 0) {
			at += n;
			left -= (size_t)n;
		}
	}
	free(text);
	json_decref(json);
	return ret;
}

int engine_ask(int fd, const struct engine_case *c, struct engine_result *r, struct err *e)
{
	/* The process may have to wait for its turn on a busy machine. */
	int timeout_ms = (int)(c->seconds * 10000) + 30000;
	char line[WIRE_LINE];
	json_t *json;
	int ret = wire_write(fd, engine_case_to_json(c));

	if (ret == 0)
		ret = wire_read(fd, line, sizeof(line), timeout_ms);
	if (ret != 0)
		return err_set(e, ret, "the engine process does not answer: %s", strerror(-ret));
	json = json_loads(line, 0, NULL);
	ret = engine_result_from_json(json, r, e);
	json_decref(json);
	return ret;
}
