/* SPDX-License-Identifier: BSD-3-Clause */
#include "sriov-pf/engine/journal.h"

#include "sriov-pf/engine/crc32c.h"
#include "sriov-pf/engine/journal_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NEW ".new"

struct pf_journal {
	int dir, fd;
	char name[PF_JOURNAL_NAME];
	off_t whole; /* bytes of its whole lines */
	bool broken; /* nobody knows what the end of the file is */
	void (*point)(void *arg, const char *name);
	void *arg;
};

static void point(struct pf_journal *j, const char *name)
{
	if (j->point)
		j->point(j->arg, name);
}

static int failed(struct pf_journal *j, int code, const char *what, struct err *e)
{
	return err_set(e, code, "cannot %s the journal %s: %s%s", what, j->name, strerror(-code),
		       code == -ENOSPC ? "; make room there" : "");
}

/* All of a line, in one write(2) unless the disk is full, when the second one says so. */
static int write_whole(int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		text += n;
		len -= (size_t)n;
	}
	return 0;
}

/* The line as it is in the file, and free() for it. Its length, or negative errno. */
static int line_text(const json_t *line, char **text)
{
	char *json = json_dumps(line, JSON_COMPACT);
	int len;

	if (!json)
		return -ENOMEM;
	len = asprintf(text, "%08x %s\n", pf_crc32c(json, strlen(json)), json);
	free(json);
	return len < 0 ? -ENOMEM : len;
}

int pf_journal_add(struct pf_journal *j, const json_t *line, struct err *e)
{
	char *text;
	int len, rc;

	if (j->broken)
		return err_set(e, -EIO, "the journal %s is of no use after its disk failed",
			       j->name);
	len = line_text(line, &text);
	if (len < 0)
		return failed(j, len, "write", e);
	point(j, "journal write");
	rc = write_whole(j->fd, text, (size_t)len);
	free(text);
	if (rc != 0) {
		/* Half a line would hide those after it. */
		j->broken = ftruncate(j->fd, j->whole) != 0;
		return failed(j, rc, "write", e);
	}
	j->whole += len;
	return 0;
}

static int append_synced(struct pf_journal *j, const json_t *line, struct err *e)
{
	int rc = pf_journal_add(j, line, e);

	if (rc != 0)
		return rc;
	point(j, "journal sync");
	if (fdatasync(j->fd) == 0)
		return 0;
	j->broken = true;
	return failed(j, -errno, "sync", e);
}

static int sync_dir(struct pf_journal *j, struct err *e)
{
	point(j, "directory sync");
	return fsync(j->dir) == 0 ? 0 : failed(j, -errno, "sync the directory of", e);
}

static struct pf_journal *start(const char *dir, const char *address,
				void (*at)(void *arg, const char *name), void *arg, struct err *e)
{
	struct pf_journal *j = calloc(1, sizeof(*j));

	if (!j) {
		err_set(e, -ENOMEM, "no memory for the journal of %s", address);
		return NULL;
	}
	j->fd = -1;
	j->point = at;
	j->arg = arg;
	j->dir = pf_journal_dir(dir, address, j->name, e);
	if (j->dir >= 0)
		return j;
	free(j);
	return NULL;
}

/* Under a name of its own until the first line is on the disk. */
static int create(struct pf_journal *j, const json_t *begin, struct err *e)
{
	char name[PF_JOURNAL_NAME + sizeof(NEW)];
	int rc;

	stpcpy(stpcpy(name, j->name), NEW);
	unlinkat(j->dir, name, 0); /* of a process that was killed here */
	point(j, "journal create");
	j->fd = openat(j->dir, name,
		       O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (j->fd < 0)
		return failed(j, -errno, "make", e);
	rc = append_synced(j, begin, e);
	if (rc != 0)
		goto remove_new;
	point(j, "journal rename");
	if (renameat(j->dir, name, j->dir, j->name) != 0) {
		rc = failed(j, -errno, "rename", e);
		goto remove_new;
	}
	rc = sync_dir(j, e);
	if (rc != 0)
		unlinkat(j->dir, j->name, 0);
	return rc;
remove_new:
	unlinkat(j->dir, name, 0);
	return rc;
}

struct pf_journal *pf_journal_begin(const char *dir, const char *address, const json_t *begin,
				    void (*at)(void *arg, const char *name), void *arg,
				    struct err *e)
{
	struct pf_journal *j = start(dir, address, at, arg, e);

	if (j && create(j, begin, e) != 0) {
		pf_journal_close(j);
		return NULL;
	}
	return j;
}

static int reopen(struct pf_journal *j, struct err *e)
{
	size_t len, whole = 0;
	char *buf;
	int rc = pf_journal_slurp(j->dir, j->name, &buf, &len, e);

	if (rc != 0)
		return rc;
	json_decref(pf_journal_parse(buf, len, &whole));
	free(buf);
	if (whole == 0)
		return failed(j, -EBADMSG, "go on with", e);
	j->whole = (off_t)whole;
	j->fd = openat(j->dir, j->name, O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC);
	if (j->fd < 0)
		return failed(j, -errno, "open", e);
	point(j, "journal cut");
	return ftruncate(j->fd, j->whole) == 0 ? 0 : failed(j, -errno, "cut", e);
}

struct pf_journal *pf_journal_resume(const char *dir, const char *address,
				     void (*at)(void *arg, const char *name), void *arg,
				     struct err *e)
{
	struct pf_journal *j = start(dir, address, at, arg, e);

	if (j && reopen(j, e) != 0) {
		pf_journal_close(j);
		return NULL;
	}
	return j;
}

/* Either is enough: the line, or the file's being gone for good. */
int pf_journal_end(struct pf_journal *j, struct err *e)
{
	json_t *line = json_pack("{s:b}", "end", 1);
	int ended = line ? append_synced(j, line, e) : failed(j, -ENOMEM, "end", e);
	int rc = 0;

	json_decref(line);
	point(j, "journal remove");
	if (unlinkat(j->dir, j->name, 0) != 0)
		rc = failed(j, -errno, "remove", ended ? e : NULL);
	else
		rc = sync_dir(j, ended ? e : NULL);
	pf_journal_close(j);
	return ended ? rc : 0;
}

void pf_journal_close(struct pf_journal *j)
{
	if (!j)
		return;
	if (j->fd >= 0)
		close(j->fd);
	close(j->dir);
	free(j);
}
