/* SPDX-License-Identifier: BSD-3-Clause */
/* A line as anybody in the control socket's group may send it, up to the handler's door. */
#include "api/schema.h"
#include "api/serve/rpc_msg.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Each answer, to whatever was sent, is one line of JSON. */
static void must_be_a_line(json_t *answer)
{
	size_t len;
	char *line = rpc_msg_line(answer, &len);
	json_t *back = line ? json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL) : NULL;

	if (!back || line[len - 1] != '\n' || line[len] != '\0')
		abort();
	for (size_t i = 0; i < len - 1; i++)
		if (line[i] == '\n')
			abort();
	json_decref(back);
	json_decref(answer);
	free(line);
}

static void request(const json_t *msg)
{
	const struct api_method *m;
	struct rpc_request req;
	struct err e = {0};

	if (rpc_msg_request(msg, &req, &e) != 0) {
		must_be_a_line(rpc_msg_error(req.id, RPC_NOT_REQUEST, &e));
		return;
	}
	m = api_method_find(req.method);
	if (!m)
		err_set(&e, -ENOSYS, "there is no method '%.60s'", req.method);
	if (!m || api_check_params(m, req.params, &e) != 0)
		must_be_a_line(rpc_msg_error(req.id, RPC_BAD_PARAMS, &e));
	else
		must_be_a_line(rpc_msg_result(req.id, json_object()));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum rpc_code code;
	struct err e = {0};
	json_t *msg = rpc_msg_parse((const char *)data, size, &code, &e), *item;
	size_t i;

	if (!msg) {
		must_be_a_line(rpc_msg_error(NULL, code, &e));
		return 0;
	}
	if (json_is_array(msg)) {
		json_array_foreach (msg, i, item)
			request(item);
	} else {
		request(msg);
	}
	json_decref(msg);
	return 0;
}
