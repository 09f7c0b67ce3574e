/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/options.h"

#include "api/schema.h"
#include "base/log.h"
#include "hv-core/sandbox/sandbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_MAX (1u << 20)

const char hv_options_help[] =
	"flue-vm: runs one guest\n"
	"\n"
	"usage: flue-vm [OPTION]...\n"
	"The guest (each option is a key of flue-config(5)):\n"
	"  --kernel FILE --initrd FILE --append WORDS   what it boots, or\n"
	"  --native FILE                                a micro-guest\n"
	"  --cpus N --memory MIB --page-size 4k|2M|1G --cpu host|baseline\n"
	"  --disk path=FILE[,readonly][,direct][,name=NAME]\n"
	"  --nic synthetic|emulated,socket=PATH[,mode=connect|serve][,KEY=VALUE]...\n"
	"  --nic direct,address=0000:01:00.0 or direct,vf=PF/INDEX\n"
	"  --console stdio|socket[=PATH]|pty[=LINK]|off --log FILE --log-max MIB\n"
	"  --restart never|on-failure|always --stop-timeout S --name NAME\n"
	"or all of that from a file:\n"
	"  --config FILE    JSON as 'flue vm' keeps it; -: standard input\n"
	"flue-vm itself:\n"
	"  --control SOCK   control socket; without one, the console is stdio\n"
	"  --group NAME     group that may use the control socket\n"
	"  --restore FILE   begin from a snapshot instead of booting\n"
	"  --uid UID[:GID]  who the guest's process is, when started as root (65534; 0: "
	"stays root,\n"
	"                   without capabilities)\n"
	"  --ready-fd N     write 'ready' there once the guest runs, or why it does not\n"
	"  --log-level L    err, warn, info (default) or debug\n"
	"  --version, --help\n"
	"exit status: 0 the guest switched itself off; 1 it could not begin; 2 the options are "
	"wrong;\n"
	"  3 it crashed; 4 it was ended by force; 5 its process died;\n"
	"  6 its process made a system call that its sandbox does not allow\n";

struct reading {
	json_t *guest, *disks, *nics;
	const char *config; /* --config */
	bool any;	    /* an option that describes the guest was given */
};

static int set_text(json_t *obj, const struct api_key *keys, const char *name, const char *text,
		    struct err *e)
{
	const struct api_key *k = keys;
	json_t *v;

	while (k->name && strcmp(k->name, name) != 0)
		k++;
	if (!k->name)
		return err_set(e, -EINVAL, "'%.60s': no such key; see flue-vm --help", name);
	v = api_value_from_text(k, text, e);
	return v && json_object_set_new(obj, name, v) == 0 ? 0 : -EINVAL;
}

/* "synthetic,socket=/s,packed": KEY=VALUE, or KEY for KEY=on. The first word may be a bare value of
 * the key `first`. */
static int read_part(json_t *list, const struct api_key *keys, const char *first,
		     const char *prefix, const char *text, struct err *e)
{
	char *copy = strdup(text), *rest = copy, *word, name[24];
	json_t *part = json_object();
	int ret = 0;

	snprintf(name, sizeof(name), "%s%zu", prefix, json_array_size(list));
	json_object_set_new(part, "name", json_string(name));
	for (bool begin = true; ret == 0 && (word = strsep(&rest, ",")); begin = false) {
		char *value = strchr(word, '=');
		const struct api_key *k = keys;

		if (value)
			*value++ = '\0';
		while (k->name && strcmp(k->name, word) != 0)
			k++;
		if (!value && begin && !k->name)
			ret = set_text(part, keys, first, word, e);
		else
			ret = set_text(part, keys, word, value ? value : "on", e);
	}
	free(copy);
	if (ret == 0)
		ret = json_array_append(list, part);
	json_decref(part);
	return ret;
}

/* "socket=/run/g.console": the kind, and its path. */
static int read_console(json_t *guest, const char *text, struct err *e)
{
	char kind[16];
	const char *path = strchr(text, '=');
	int ret;

	snprintf(kind, sizeof(kind), "%.*s", path ? (int)(path - text) : 15, text);
	ret = set_text(guest, api_vm_keys, "console", kind, e);
	if (ret == 0 && path)
		ret = set_text(guest, api_vm_keys, "console-path", path + 1, e);
	return ret;
}

static int read_level(const char *text, struct err *e)
{
	static const char *const names[] = {"err", "warn", "info", "debug"};

	for (unsigned int i = 0; i < 4; i++) {
		if (strcmp(names[i], text) == 0) {
			log_set_level((enum log_level)i);
			return 0;
		}
	}
	return err_set(e, -EINVAL, "--log-level: '%.40s' is not err, warn, info or debug", text);
}

static int read_fd(int *fd, const char *text, struct err *e)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (end == text || *end || n < 0 || n > 65535)
		return err_set(e, -EINVAL, "--ready-fd: '%.40s' is not a descriptor's number",
			       text);
	*fd = (int)n;
	return 0;
}

static bool read_id(const char *text, char end, uid_t *id, const char **rest)
{
	char *at;
	unsigned long n = strtoul(text, &at, 10);

	*rest = *at ? at + 1 : at;
	*id = (uid_t)n;
	return text[0] >= '0' && text[0] <= '9' && n < UINT32_MAX && (!*at || *at == end);
}

static int read_uid(struct hv_options *o, const char *text, struct err *e)
{
	const char *rest;
	bool ok = read_id(text, ':', &o->uid, &rest);

	o->gid = o->uid;
	if (ok && *rest)
		ok = read_id(rest, '\0', &o->gid, &rest);
	if (!ok)
		return err_set(e, -EINVAL, "--uid: '%.40s' is not UID or UID:GID, in numbers",
			       text);
	if (o->uid && geteuid() != 0)
		return err_set(e, -EPERM, "--uid: only root can give a guest another user");
	if (!o->uid)
		o->uid = o->gid = (uid_t)-1;
	return 0;
}

static int read_guest(struct reading *r, const char *name, const char *value, struct err *e)
{
	r->any = true;
	if (strcmp(name, "disk") == 0)
		return read_part(r->disks, api_disk_keys, "path", "disk", value, e);
	if (strcmp(name, "nic") == 0)
		return read_part(r->nics, api_nic_keys, "model", "net", value, e);
	if (strcmp(name, "console") == 0)
		return read_console(r->guest, value, e);
	return set_text(r->guest, api_vm_keys, strcmp(name, "append") == 0 ? "cmdline" : name,
			value, e);
}

static int read_option(struct hv_options *o, struct reading *r, const char *name, const char *value,
		       struct err *e)
{
	if (strcmp(name, "config") == 0)
		r->config = value;
	else if (strcmp(name, "control") == 0)
		o->control = value;
	else if (strcmp(name, "group") == 0)
		o->group = value;
	else if (strcmp(name, "restore") == 0)
		o->restore = value;
	else if (strcmp(name, "ready-fd") == 0)
		return read_fd(&o->ready_fd, value, e);
	else if (strcmp(name, "uid") == 0)
		return read_uid(o, value, e);
	else if (strcmp(name, "log-level") == 0)
		return read_level(value, e);
	else
		return read_guest(r, name, value, e);
	return 0;
}

static json_t *load(const char *path, struct err *e)
{
	FILE *in = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	char *buf = malloc(FILE_MAX);
	json_t *config = NULL;
	json_error_t at;
	size_t len = 0;

	if (in && buf)
		len = fread(buf, 1, FILE_MAX, in);
	if (!in || !buf || ferror(in))
		err_set(e, -errno, "--config: cannot read %.200s: %s", path, strerror(errno));
	else if (len == FILE_MAX)
		err_set(e, -E2BIG, "--config: %.200s has more than 1 MiB", path);
	else
		config = json_loadb(buf, len, JSON_REJECT_DUPLICATES, &at);
	if (in && buf && len < FILE_MAX && !ferror(in) && !config)
		err_set(e, -EINVAL,
			"--config: %.160s:%d: not JSON: %.120s; 'flue apply' reads YAML", path,
			at.line, at.text);
	if (in && in != stdin)
		fclose(in);
	free(buf);
	return config;
}

/* Parts name their guest; the name may have come after them. */
static void name_guest(json_t *list, const json_t *name)
{
	json_t *item;
	size_t i;

	json_array_foreach (list, i, item)
		json_object_set(item, "guest", (json_t *)name);
}

static int finish(struct hv_options *o, struct reading *r, struct err *e)
{
	if (r->config && r->any)
		return err_set(e, -EINVAL,
			       "--config says all of the guest; give no other option "
			       "that describes it");
	if (r->config) {
		o->config = load(r->config, e);
		return o->config ? 0 : e->code;
	}
	if (!json_object_get(r->guest, "name"))
		json_object_set_new(r->guest, "name", json_string("guest"));
	if (!json_object_get(r->guest, "console") && !o->control)
		json_object_set_new(r->guest, "console", json_string("stdio"));
	name_guest(r->disks, json_object_get(r->guest, "name"));
	name_guest(r->nics, json_object_get(r->guest, "name"));
	o->config = json_pack("{s:[O],s:O,s:O}", "guests", r->guest, "disks", r->disks, "nics",
			      r->nics);
	return o->config ? 0 : err_set(e, -ENOMEM, "out of memory");
}

int hv_options_parse(struct hv_options *o, int argc, char **argv, struct err *e)
{
	struct reading r = {json_object(), json_array(), json_array(), NULL, false};
	int ret = 0;

	*o = (struct hv_options){.ready_fd = -1, .uid = (uid_t)-1, .gid = (gid_t)-1};
	if (geteuid() == 0)
		o->uid = o->gid = HV_SANDBOX_NOBODY;
	for (int i = 1; ret == 0 && i < argc && o->what == HV_OPTIONS_RUN; i++) {
		const char *name = argv[i] + 2, *value;
		char key[32];

		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
			o->what = HV_OPTIONS_HELP;
		} else if (strcmp(argv[i], "--version") == 0) {
			o->what = HV_OPTIONS_VERSION;
		} else if (strncmp(argv[i], "--", 2) != 0 || !*name) {
			ret = err_set(e, -EINVAL, "'%.60s' is not understood; see flue-vm --help",
				      argv[i]);
		} else {
			value = strchr(name, '=');
			snprintf(key, sizeof(key), "%.*s", value ? (int)(value - name) : 31, name);
			if (!value && i + 1 == argc)
				ret = err_set(e, -EINVAL, "--%.40s: a value is missing", key);
			else
				ret = read_option(o, &r, key, value ? value + 1 : argv[++i], e);
		}
	}
	if (ret == 0 && o->what == HV_OPTIONS_RUN)
		ret = finish(o, &r, e);
	json_decref(r.guest);
	json_decref(r.disks);
	json_decref(r.nics);
	return ret;
}

void hv_options_free(struct hv_options *o)
{
	json_decref(o->config);
	o->config = NULL;
}
