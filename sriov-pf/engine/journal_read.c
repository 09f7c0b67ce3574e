/* SPDX-License-Identifier: BSD-3-Clause */
#include "sriov-pf/engine/crc32c.h"
#include "sriov-pf/engine/journal.h"
#include "sriov-pf/engine/journal_file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CRC_LEN 9		    /* eight digits and a blank */
#define LIMIT	(64 * 1024 * 1024L) /* 4096 VFs with all they can have are a tenth of it */

int pf_journal_boot(char boot[PF_BOOT], struct err *e)
{
	static const char path[] = "/proc/sys/kernel/random/boot_id";
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, boot, PF_BOOT - 1);
	int rc = n < 0 ? -errno : n == 0 ? -EIO : 0;

	if (fd >= 0)
		close(fd);
	if (rc != 0)
		return err_set(e, rc, "cannot read %s: %s; is /proc mounted?", path, strerror(-rc));
	boot[n] = '\0';
	boot[strcspn(boot, "\n")] = '\0';
	return 0;
}

int pf_journal_dir(const char *dir, const char *address, char name[PF_JOURNAL_NAME], struct err *e)
{
	int fd;

	if (address[0] == '\0' || address[0] == '.' || strchr(address, '/') ||
	    strlen(address) + sizeof(".journal") > PF_JOURNAL_NAME)
		return err_set(e, -EINVAL, "\"%.80s\" is no address of a physical function",
			       address);
	stpcpy(stpcpy(name, address), ".journal");
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_set(e, -errno,
			       "cannot open the directory %s of the journals: %s; it must be there "
			       "and be root's",
			       dir, strerror(errno));
	return fd;
}

static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One line without its newline. NULL: damaged. */
static json_t *parse_line(const char *line, size_t len)
{
	uint32_t crc = 0;
	json_t *object;

	if (len < CRC_LEN || line[CRC_LEN - 1] != ' ')
		return NULL;
	for (int i = 0; i < CRC_LEN - 1; i++) {
		int d = digit(line[i]);

		if (d < 0)
			return NULL;
		crc = crc << 4 | (uint32_t)d;
	}
	if (pf_crc32c(line + CRC_LEN, len - CRC_LEN) != crc)
		return NULL;
	object = json_loadb(line + CRC_LEN, len - CRC_LEN, JSON_REJECT_DUPLICATES, NULL);
	if (object && !json_is_object(object)) {
		json_decref(object);
		return NULL;
	}
	return object;
}

json_t *pf_journal_parse(const char *buf, size_t len, size_t *whole)
{
	json_t *lines = json_array(), *line;
	const char *end;
	size_t at = 0;

	while (lines && at < len && (end = memchr(buf + at, '\n', len - at))) {
		line = parse_line(buf + at, (size_t)(end - buf) - at);
		if (!line)
			break;
		if (json_array_append_new(lines, line) != 0) {
			json_decref(lines);
			return NULL;
		}
		at = (size_t)(end - buf) + 1;
	}
	if (whole)
		*whole = at;
	return lines;
}

static int read_all(int fd, size_t size, char **buf, size_t *len)
{
	ssize_t n = 1;

	*len = 0;
	*buf = malloc(size + 1);
	if (!*buf)
		return -ENOMEM;
	while (*len < size && n > 0) {
		n = read(fd, *buf + *len, size - *len);
		if (n < 0) {
			free(*buf);
			return -errno;
		}
		*len += (size_t)n;
	}
	return 0;
}

int pf_journal_slurp(int dir, const char *name, char **buf, size_t *len, struct err *e)
{
	/* Not to wait for a writer, should it be a pipe that somebody put there. */
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC), rc;
	struct stat st;

	if (fd < 0 && errno == ENOENT)
		return err_set(e, -ENOENT, "there is no journal %s", name);
	if (fd < 0)
		return err_set(e, -errno, "cannot open the journal %s: %s", name, strerror(errno));
	if (fstat(fd, &st) != 0)
		rc = -errno;
	else if (!S_ISREG(st.st_mode) || st.st_size > LIMIT)
		rc = -EINVAL;
	else
		rc = read_all(fd, (size_t)st.st_size, buf, len);
	close(fd);
	if (rc == -EINVAL)
		return err_set(e, rc,
			       "%s is no journal of flue-pf; look who made it, and remove it",
			       name);
	return rc ? err_set(e, rc, "cannot read the journal %s: %s", name, strerror(-rc)) : 0;
}

static bool has_line(const json_t *lines, const char *key)
{
	const json_t *line;
	size_t i;

	json_array_foreach (lines, i, line)
		if (json_get_bool(line, key, false))
			return true;
	return false;
}

/* 0: it is unfinished and of this start; -ENOENT: it has no more to say. */
static int judge(const json_t *lines, const char *address, const char *boot, const char *where,
		 struct err *e)
{
	const json_t *first = json_array_get(lines, 0);

	if (!first)
		return err_set(e, -EBADMSG,
			       "the journal %s is damaged in its first line, so what %s was before "
			       "its last plan is lost: compare it with the configuration, then "
			       "remove that file",
			       where, address);
	if (strcmp(json_get_str(first, "boot", ""), boot) != 0)
		return err_set(e, -ENOENT, "the journal of %s is of another start", address);
	if (has_line(lines, "end"))
		return err_set(e, -ENOENT, "the journal of %s is finished", address);
	if (json_get_int(first, "version", 0) != PF_JOURNAL_VERSION ||
	    strcmp(json_get_str(first, "address", ""), address) != 0)
		return err_set(e, -EINVAL,
			       "the journal %s is of another version of flue-pf or of another "
			       "function: start the version that wrote it, or remove that file",
			       where);
	return 0;
}

int pf_journal_load(const char *dir, const char *address, const char *boot, json_t **begin,
		    bool *back, struct err *e)
{
	char name[PF_JOURNAL_NAME], where[160], *buf;
	int fd = pf_journal_dir(dir, address, name, e), rc;
	json_t *lines;
	size_t len;

	if (fd < 0)
		return fd;
	rc = pf_journal_slurp(fd, name, &buf, &len, e);
	if (rc != 0)
		goto close_dir;
	lines = pf_journal_parse(buf, len, NULL);
	free(buf);
	snprintf(where, sizeof(where), "%.90s/%s", dir, name);
	rc = lines ? judge(lines, address, boot, where, e)
		   : err_set(e, -ENOMEM, "no memory for the journal %s", where);
	if (rc == 0) {
		*begin = json_incref(json_array_get(lines, 0));
		*back = has_line(lines, "back");
	} else if (rc == -ENOENT) {
		/* Were it to stay, it would only be found once more, and the next one replaces it.
		 */
		unlinkat(fd, name, 0);
	}
	json_decref(lines);
close_dir:
	close(fd);
	return rc;
}
