/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A virtual function to a guest, and back. flue-pf reserves it; the guest's flue-vm takes it from
 * there when the card is plugged in, or when the guest starts. The card in the guest's definition
 * is called PF-INDEX.
 */
#include "cli/pf_call.h"
#include "cli/vm_dir.h"

#include <stdlib.h>
#include <string.h>

#define PLUG_TIMEOUT_MS	  60000
#define ANSWER_TIMEOUT_MS 30000
/* Making it neutral again takes flue-pf as long: a reset alone is a tenth of a second. */
#define QUARANTINE_S 30

static int number_of(const json_t *params)
{
	return (int)json_get_int(params, "index", 0);
}

/* The card flue-vm is to plug. */
static json_t *card_of(const json_t *params, const char *guest)
{
	const char *pf = json_get_str(params, "pf", "");
	char name[48], vf[48];

	/* A card's name has 31 letters at most: of a long PF's name the end is left out. */
	snprintf(name, sizeof(name), "%.26s-%d", pf, number_of(params));
	snprintf(vf, sizeof(vf), "%.31s/%d", pf, number_of(params));
	return json_pack("{s:s,s:s,s:s,s:s}", "guest", guest, "name", name, "model", "direct", "vf",
			 vf);
}

/* Where a card with that function stands in the list; its length: nowhere. */
static size_t find(const json_t *nics, const char *vf)
{
	json_t *item;
	size_t i;

	json_array_foreach (nics, i, item)
		if (strcmp(json_get_str(item, "vf", ""), vf) == 0)
			break;
	return i;
}

/* Into the guest, and into its definition, unless that has it since an earlier time. */
static int plug(struct cli *c, const char *guest, const json_t *card, struct err *e)
{
	json_t *config = NULL, *result = NULL, *nics;
	int ret = vm_load(c, guest, &config, e);

	if (ret == 0 && !json_object_get(config, "nics"))
		json_object_set_new(config, "nics", json_array());
	nics = json_object_get(config, "nics");
	if (ret == 0 && find(nics, json_get_str(card, "vf", "")) == json_array_size(nics))
		json_array_append(nics, (json_t *)card);
	if (ret == 0)
		ret = api_check_config(config, e);
	if (ret == 0)
		ret = vm_call(c, guest, "nic.add", card, PLUG_TIMEOUT_MS, &result, e);
	if (ret == 0 || ret == -ESRCH)
		ret = vm_store(c, config, e);
	json_decref(result);
	json_decref(config);
	return ret;
}

/* Takes the reservation back, unless somebody else has it by now. */
static void unreserve(const json_t *params, json_int_t epoch)
{
	json_t *result,
		*request = json_pack("{s:O,s:O,s:I}", "pf", json_object_get(params, "pf"), "index",
				     json_object_get(params, "index"), "epoch", epoch);
	struct err e;

	pf_call("vf.release", request, ANSWER_TIMEOUT_MS, &result, &e);
	json_decref(result);
	json_decref(request);
}

int vf_assign(struct cli *c, const struct cli_verb *verb, json_t *params)
{
	const char *guest = json_get_str(params, "guest", NULL);
	const char *to = json_get_str(params, "to", NULL);
	json_t *result = NULL, *card;
	struct err e = {0};
	int ret;

	if (!guest == !to)
		return cli_fail(
			c, CLI_USAGE,
			"give it to a guest, or `to` another monitor; see 'flue vf assign help'");
	if (guest && !vm_exists(c, guest))
		return cli_fail(c, CLI_REFUSED, "there is no guest '%s'; 'flue vm' lists them",
				guest);
	ret = pf_call(verb->method, params, ANSWER_TIMEOUT_MS, &result, &e);
	if (ret == CLI_OK && guest) {
		card = card_of(params, guest);
		if (plug(c, guest, card, &e) != 0) {
			unreserve(params, json_get_int(result, "epoch", 0));
			ret = CLI_REFUSED;
		}
		json_decref(card);
	}
	if (ret == CLI_OK)
		cli_print(c, verb, params, result);
	else
		cli_fail(c, ret, "%s", e.text);
	json_decref(result);
	return ret;
}

/* Whose it is, as flue-pf has it: a guest's name, or NULL. The caller frees it. */
static char *guest_of(const json_t *params)
{
	json_t *list, *request = json_pack("{s:O,s:O}", "pf", json_object_get(params, "pf"),
					   "index", json_object_get(params, "index"));
	const char *guest;
	struct err e;
	char *copy = NULL;

	if (pf_call("vf.show", request, ANSWER_TIMEOUT_MS, &list, &e) == CLI_OK) {
		guest = json_get_str(json_array_get(list, 0), "guest", NULL);
		copy = guest ? strdup(guest) : NULL;
	}
	json_decref(list);
	json_decref(request);
	return copy;
}

/* Out of the guest's definition: it must not ask for it at its next start. */
static int forget(struct cli *c, const char *guest, const json_t *params, struct err *e)
{
	json_t *card = card_of(params, guest), *config = NULL, *nics;
	int ret = vm_load(c, guest, &config, e);
	size_t at;

	nics = json_object_get(config, "nics");
	at = find(nics, json_get_str(card, "vf", ""));
	if (ret == 0 && at < json_array_size(nics)) {
		json_array_remove(nics, at);
		ret = vm_store(c, config, e);
	}
	json_decref(card);
	json_decref(config);
	return ret;
}

int vf_release(struct cli *c, const struct cli_verb *verb, json_t *params)
{
	unsigned int wait_s = (unsigned int)json_get_int(params, "timeout", 10) + QUARANTINE_S;
	char *guest = guest_of(params);
	json_t *result;
	struct err e = {0};
	int ret = pf_call(verb->method, params, wait_s * 1000, &result, &e);

	if (ret == CLI_OK && guest && vm_exists(c, guest) && forget(c, guest, params, &e) != 0)
		ret = CLI_REFUSED;
	if (ret == CLI_OK)
		cli_print(c, verb, params, result);
	else
		cli_fail(c, ret, "%s", e.text);
	json_decref(result);
	free(guest);
	return ret;
}
