/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/vm_dir.h"

#include "api/client.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SHOW_TIMEOUT_MS 15000

static const char *own_dir(const struct cli *c)
{
	const char *dir = c->vm_dir ? c->vm_dir : getenv("FLUE_VM_DIR");

	return dir && *dir ? dir : NULL;
}

void vm_path(const struct cli *c, const char *name, const char *kind, char *path)
{
	const char *own = own_dir(c);
	bool defined = strcmp(kind, "json") == 0;

	if (own)
		snprintf(path, PATH_MAX, "%s%s/%s.%s", own, defined ? "" : "/run", name, kind);
	else
		snprintf(path, PATH_MAX, "%s/%s.%s", defined ? "/var/lib/flue/vm" : "/run/flue/vm",
			 name, kind);
}

bool vm_exists(const struct cli *c, const char *name)
{
	char path[PATH_MAX];

	vm_path(c, name, "json", path);
	return access(path, F_OK) == 0;
}

int vm_load(const struct cli *c, const char *name, json_t **config, struct err *e)
{
	char path[PATH_MAX];
	json_error_t at;
	int ret;

	*config = NULL;
	vm_path(c, name, "json", path);
	if (access(path, R_OK) != 0 && errno == ENOENT)
		return err_set(e, -ENOENT, "there is no guest '%s'; 'flue vm' lists them", name);
	*config = json_load_file(path, JSON_REJECT_DUPLICATES, &at);
	if (!*config)
		return err_set(e, -EINVAL, "%.200s:%d: %.120s", path, at.line, at.text);
	ret = api_check_config(*config, e);
	if (ret == 0 &&
	    strcmp(json_get_str(json_array_get(json_object_get(*config, "guests"), 0), "name", ""),
		   name) != 0)
		ret = err_set(e, -EINVAL, "%.200s: defines another guest", path);
	if (ret == 0)
		return 0;
	json_decref(*config);
	*config = NULL;
	return ret;
}

/* mkdir -p of the directory the path is in. */
static int make_parents(const char *path)
{
	char dir[PATH_MAX];

	snprintf(dir, sizeof(dir), "%s", path);
	for (char *s = dir + 1; *s; s++) {
		if (*s != '/')
			continue;
		*s = '\0';
		if (mkdir(dir, 0755) != 0 && errno != EEXIST)
			return -errno;
		*s = '/';
	}
	return 0;
}

int vm_store(const struct cli *c, const json_t *config, struct err *e)
{
	const json_t *guest = json_array_get(json_object_get(config, "guests"), 0);
	const char *name = json_get_str(guest, "name", "");
	char path[PATH_MAX], part[PATH_MAX + 8];
	int ret = api_check_config(config, e), fd;

	if (ret != 0)
		return ret;
	vm_path(c, name, "json", path);
	ret = make_parents(path);
	if (ret != 0)
		return err_set(e, ret, "cannot make the directory of %.200s: %s", path,
			       strerror(-ret));
	snprintf(part, sizeof(part), "%s.part", path);
	fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
	if (fd < 0)
		return err_set(e, -errno, "cannot write %.200s: %s", part, strerror(errno));
	if (json_dumpfd(config, fd, JSON_INDENT(2)) != 0 || write(fd, "\n", 1) != 1 ||
	    fsync(fd) != 0 || rename(part, path) != 0) {
		ret = err_set(e, errno ? -errno : -EIO, "cannot write %.200s: %s", path,
			      strerror(errno));
		unlink(part);
	}
	close(fd);
	return ret;
}

int vm_remove(const struct cli *c, const char *name, struct err *e)
{
	char path[PATH_MAX];

	vm_path(c, name, "json", path);
	if (unlink(path) == 0)
		return 0;
	return err_set(e, -errno, "cannot remove %.200s: %s", path, strerror(errno));
}

static int is_definition(const struct dirent *d)
{
	const char *dot = strrchr(d->d_name, '.');

	return dot && dot != d->d_name && strcmp(dot, ".json") == 0;
}

json_t *vm_names(const struct cli *c)
{
	char path[PATH_MAX];
	struct dirent **list = NULL;
	json_t *names = json_array();
	int n;

	vm_path(c, "", "json", path);
	*strrchr(path, '/') = '\0';
	n = scandir(path, &list, is_definition, alphasort);
	for (int i = 0; i < n; i++) {
		const char *name = list[i]->d_name;

		json_array_append_new(names,
				      json_stringn(name, (size_t)(strrchr(name, '.') - name)));
		free(list[i]);
	}
	free(list);
	return names;
}

int vm_call(const struct cli *c, const char *name, const char *method, const json_t *params,
	    unsigned int timeout_ms, json_t **result, struct err *e)
{
	struct client *client;
	char path[PATH_MAX];
	int ret;

	*result = NULL;
	vm_path(c, name, "sock", path);
	ret = client_open(path, timeout_ms, &client, e);
	if (ret == -ENOENT || ret == -ECONNREFUSED)
		return err_at(e, -ESRCH, "",
			      "guest '%s' does not run; 'flue vm start %s' starts it", name, name);
	if (ret != 0)
		return ret;
	ret = client_call(client, method, params, result, e);
	client_close(client);
	return ret;
}

bool vm_runs(const struct cli *c, const char *name)
{
	json_t *result;
	int ret = vm_call(c, name, "vm.show", NULL, SHOW_TIMEOUT_MS, &result, NULL);

	json_decref(result);
	return ret != -ESRCH;
}
