/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/pf_call.h"

#include "api/client.h"

/* It answers what it knows at once; what waits for a guest says so itself (vf_assign.c). */
#define CALL_TIMEOUT_MS 30000

int pf_call(const char *method, const json_t *params, unsigned int timeout_ms, json_t **result,
	    struct err *e)
{
	struct client *client;
	int ret = CLI_UNREACHABLE;

	*result = NULL;
	if (client_open_peer(&client_pf, NULL, timeout_ms, &client, e) != 0)
		return ret;
	if (client_call(client, method, params, result, e) == 0)
		ret = CLI_OK;
	else if (!client_is_lost(client))
		ret = CLI_REFUSED;
	client_close(client);
	return ret;
}

int pf_run(struct cli *c, const struct cli_verb *verb, json_t *params)
{
	json_t *result;
	struct err e = {0};
	int ret = pf_call(verb->method, params, CALL_TIMEOUT_MS, &result, &e);

	if (ret == CLI_OK)
		cli_print(c, verb, params, result);
	else
		cli_fail(c, ret, "%s", e.text);
	json_decref(result);
	return ret;
}
