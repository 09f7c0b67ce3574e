/* SPDX-License-Identifier: BSD-3-Clause */
#include "sriov-pf/ctrl/hand_msg.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int hand_msg_vf(const char *text, char pf[PF_NAME], unsigned int *vf)
{
	const char *slash = strrchr(text, '/');
	unsigned long n;
	char *end;

	if (!slash || slash == text || slash - text >= PF_NAME || !isdigit((unsigned char)slash[1]))
		return -EINVAL;
	n = strtoul(slash + 1, &end, 10);
	if (*end || n >= PF_VFS_MAX)
		return -EINVAL;
	snprintf(pf, PF_NAME, "%.*s", (int)(slash - text), text);
	*vf = (unsigned int)n;
	return 0;
}

/* A name as the schema has it. */
static bool is_name(const char *text)
{
	size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				  "0123456789._-");

	return len > 0 && text[len] == '\0' && len < PF_NAME && isalnum((unsigned char)text[0]);
}

static int parse_take(const json_t *o, struct hand_msg *m, struct err *e)
{
	const char *guest = json_get_str(o, "guest", ""), *nic = json_get_str(o, "nic", NULL);

	if (!is_name(guest))
		return err_at(e, -EINVAL, "/take/guest", "guest: must be the guest's name");
	if (nic && !is_name(nic))
		return err_at(e, -EINVAL, "/take/nic", "nic: must be the name of its card");
	m->memory = json_object_get(o, "memory");
	if (m->memory && !json_is_array(m->memory))
		return err_at(e, -EINVAL, "/take/memory", "memory: must be a list of ranges");
	snprintf(m->guest, sizeof(m->guest), "%s", guest);
	snprintf(m->nic, sizeof(m->nic), "%s", nic ? nic : "");
	return 0;
}

static int parse(const json_t *root, struct hand_msg *m, struct err *e)
{
	const json_t *take = json_object_get(root, "take"), *give = json_object_get(root, "give");
	const json_t *o = take ? take : give;
	int64_t epoch = json_get_int(give, "epoch", 0);

	if ((take && give) || !json_is_object(o))
		return err_set(e, -EINVAL, "one message is one take or one give");
	m->take = take != NULL;
	if (hand_msg_vf(json_get_str(o, "vf", ""), m->pf, &m->vf) != 0)
		return err_at(e, -EINVAL, take ? "/take/vf" : "/give/vf",
			      "vf: must name a physical function and a number, as wan/3");
	if (take)
		return parse_take(o, m, e);
	if (epoch <= 0)
		return err_at(e, -EINVAL, "/give/epoch", "epoch: must be the one of the take");
	m->epoch = (uint64_t)epoch;
	return 0;
}

int hand_msg_parse(const char *text, size_t len, struct hand_msg *m, struct err *e)
{
	int ret;

	*m = (struct hand_msg){0};
	if (len > HAND_MSG_MAX)
		return err_set(e, -EINVAL, "a message has at most %d bytes", HAND_MSG_MAX);
	m->root = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	if (!m->root)
		return err_set(e, -EINVAL, "a message is one JSON object");
	ret = parse(m->root, m, e);
	if (ret != 0)
		json_decref(m->root);
	return ret;
}

json_t *hand_msg_error(const struct err *e)
{
	const char *name = strerrorname_np(-e->code);
	json_t *text = json_string(e->text); /* may be cut amid a character */

	return json_pack("{s:{s:s,s:o}}", "error", "errno", name ? name : "EIO", "text",
			 text ? text : json_string("(a text that is not UTF-8)"));
}
