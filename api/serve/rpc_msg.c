/* SPDX-License-Identifier: BSD-3-Clause */
#include "api/serve/rpc_msg.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

json_t *rpc_msg_parse(const char *text, size_t len, enum rpc_code *code, struct err *e)
{
	/* jansson refuses deep nesting (2048), invalid UTF-8 and NUL by itself. */
	json_error_t at;
	json_t *msg = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &at);

	if (!msg) {
		*code = RPC_NOT_JSON;
		err_set(e, -EINVAL, "not JSON: %s (byte %d); a request is one line of JSON",
			at.text, at.position);
		return NULL;
	}
	*code = RPC_NOT_REQUEST;
	if (json_is_object(msg))
		return msg;
	if (!json_is_array(msg))
		err_set(e, -EINVAL, "a request must be a JSON object");
	else if (json_array_size(msg) == 0)
		err_set(e, -EINVAL, "a batch must have at least one request");
	else if (json_array_size(msg) > RPC_BATCH_MAX)
		err_set(e, -E2BIG,
			"a batch may have %d requests and this one has %zu; send several",
			RPC_BATCH_MAX, json_array_size(msg));
	else
		return msg;
	json_decref(msg);
	return NULL;
}

int rpc_msg_request(const json_t *msg, struct rpc_request *req, struct err *e)
{
	const json_t *id = json_object_get(msg, "id");
	const json_t *params = json_object_get(msg, "params");

	*req = (struct rpc_request){.id = json_null()};
	if (!json_is_object(msg))
		return err_set(e, -EINVAL, "a request must be a JSON object");
	if (id && !json_is_string(id) && !json_is_number(id) && !json_is_null(id))
		return err_at(e, -EINVAL, "/id", "id: must be a string, a number or null");
	if (id)
		req->id = id;
	if (strcmp(json_get_str(msg, "jsonrpc", ""), "2.0") != 0)
		return err_at(e, -EINVAL, "/jsonrpc", "jsonrpc: must be \"2.0\"");
	req->method = json_get_str(msg, "method", NULL);
	if (!req->method)
		return err_at(e, -EINVAL, "/method", "method: must be a string");
	if (params && !json_is_object(params) && !json_is_array(params))
		return err_at(e, -EINVAL, "/params", "params: must be an object");
	req->id = id;
	req->params = params;
	return 0;
}

static json_t *answer(const json_t *id, const char *member, json_t *value)
{
	json_t *a = json_object();

	/* The id is copied, since an answer may outlive its request. */
	if (json_object_set_new(a, "jsonrpc", json_string("2.0")) == 0 &&
	    json_object_set_new(a, "id", id ? json_copy((json_t *)id) : json_null()) == 0 &&
	    json_object_set(a, member, value) == 0) {
		json_decref(value);
		return a;
	}
	json_decref(value);
	json_decref(a);
	return NULL;
}

json_t *rpc_msg_result(const json_t *id, json_t *result)
{
	return answer(id, "result", result);
}

/* The length of the valid UTF-8 sequence at s, or 0. */
static size_t utf8_len(const unsigned char *s)
{
	size_t n = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;

	if (n == 0 || s[0] > 0xf4)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return n;
}

/* Error texts quote what the peer sent, cut to fit, so they may end amid a character, which
 * json_string() would refuse: each byte that is not UTF-8 becomes a question mark. */
static json_t *text_json(const char *text, size_t size)
{
	char clean[512];
	size_t len = 0;

	for (; len < size && len < sizeof(clean) - 1 && text[len]; len++)
		clean[len] = text[len];
	clean[len] = '\0';
	for (size_t i = 0; i < len;) {
		size_t n = utf8_len((const unsigned char *)clean + i);

		if (n == 0)
			clean[i] = '?';
		i += n ? n : 1;
	}
	return json_string(clean);
}

json_t *rpc_msg_error(const json_t *id, enum rpc_code code, const struct err *e)
{
	const char *name = strerrorname_np(e->code < 0 ? -e->code : EIO);
	json_t *data = json_object(), *error = json_object();
	int ret;

	ret = json_object_set_new(data, "errno", json_string(name ? name : "EIO"));
	if (e->path[0])
		ret |= json_object_set_new(data, "path", text_json(e->path, sizeof(e->path)));
	ret |= json_object_set_new(error, "code", json_integer(code));
	ret |= json_object_set_new(error, "message", text_json(e->text, sizeof(e->text)));
	ret |= json_object_set_new(error, "data", data);
	if (ret == 0)
		return answer(id, "error", error);
	json_decref(error);
	return NULL;
}

char *rpc_msg_line(const json_t *msg, size_t *len)
{
	size_t size = json_dumpb(msg, NULL, 0, JSON_COMPACT);
	char *line = size ? malloc(size + 2) : NULL;

	if (!line)
		return NULL;
	json_dumpb(msg, line, size, JSON_COMPACT);
	line[size] = '\n';
	line[size + 1] = '\0';
	*len = size + 1;
	return line;
}
