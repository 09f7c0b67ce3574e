/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/runfile.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

enum { LEVEL = 9, NAMES = 1000 };

static const uint8_t zstd_magic[] = {0x28, 0xb5, 0x2f, 0xfd};

/* Unpacks into *out, the caller's. What the header says of the size is not believed. */
static int unpack(const void *data, size_t size, const char *name, char **out, size_t *out_size,
		  struct err *e)
{
	ZSTD_inBuffer in = {data, size, 0};
	ZSTD_outBuffer o = {NULL, 0, 0};
	ZSTD_DCtx *ctx = ZSTD_createDCtx();
	size_t rc = 1;
	int err = -ENOMEM;

	if (!ctx)
		return err_set(e, -ENOMEM, "%s: no memory to unpack it", name);
	for (;;) {
		if (o.pos == o.size) {
			size_t more = o.size ? 2 * o.size : 64 * 1024;
			void *grown = more <= RUNFILE_SIZE_MAX ? realloc(o.dst, more) : NULL;

			if (!grown) {
				err = more > RUNFILE_SIZE_MAX ? -EFBIG : -ENOMEM;
				err_set(e, err, "%s: larger than %d MB when unpacked", name,
					RUNFILE_SIZE_MAX >> 20);
				goto free_ctx;
			}
			o.dst = grown;
			o.size = more;
		}
		rc = ZSTD_decompressStream(ctx, &o, &in);
		if (ZSTD_isError(rc)) {
			err = err_set(e, -EINVAL, "%s: is damaged: %s", name,
				      ZSTD_getErrorName(rc));
			goto free_ctx;
		}
		if (o.pos < o.size) {
			if (rc != 0 || in.pos != in.size) {
				err = err_set(e, -EINVAL, "%s: %s", name,
					      rc ? "ends too early; copy it again"
						 : "something follows its end");
				goto free_ctx;
			}
			break;
		}
		if (rc == 0 && in.pos == in.size)
			break;
	}
	*out = o.dst;
	*out_size = o.pos;
	ZSTD_freeDCtx(ctx);
	return 0;
free_ctx:
	free(o.dst);
	ZSTD_freeDCtx(ctx);
	return err;
}

int runfile_parse(const void *data, size_t size, const char *name, json_t **run, struct err *e)
{
	struct err why = {0};
	json_error_t fault;
	char *text = NULL;
	json_t *r;
	int rc;

	if (size >= sizeof(zstd_magic) && memcmp(data, zstd_magic, sizeof(zstd_magic)) == 0) {
		rc = unpack(data, size, name, &text, &size, e);
		if (rc)
			return rc;
		data = text;
	}
	r = json_loadb(data, size, JSON_REJECT_DUPLICATES, &fault);
	free(text);
	if (!r)
		return err_set(e, -EINVAL, "%s: line %d is not JSON: %s", name, fault.line,
			       fault.text);
	rc = runfile_check(r, &why);
	if (rc) {
		json_decref(r);
		return err_at(e, rc, why.path, "%s: is no run of flue-bench: %s", name, why.text);
	}
	*run = r;
	return 0;
}

int runfile_read(const char *path, json_t **run, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), rc;
	struct stat st;
	size_t have = 0;
	ssize_t n = 1;
	char *data;

	if (fd < 0)
		return err_set(e, -errno, "%s: %s", path, strerror(errno));
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		rc = err_set(e, -EINVAL, "%s: is not a file", path);
		goto close_fd;
	}
	if (st.st_size > RUNFILE_SIZE_MAX) {
		rc = err_set(e, -EFBIG, "%s: larger than %d MB: no run of flue-bench", path,
			     RUNFILE_SIZE_MAX >> 20);
		goto close_fd;
	}
	data = malloc((size_t)st.st_size + 1);
	if (!data) {
		rc = err_set(e, -ENOMEM, "%s: no memory to read it", path);
		goto close_fd;
	}
	while (n > 0 && have < (size_t)st.st_size) {
		n = read(fd, data + have, (size_t)st.st_size - have);
		if (n > 0)
			have += (size_t)n;
	}
	rc = n < 0 ? err_set(e, -errno, "%s: %s", path, strerror(errno))
		   : runfile_parse(data, have, path, run, e);
	free(data);
close_fd:
	close(fd);
	return rc;
}

/* "2024-05-01T12:00:00Z" as a part of a file's name: 20240501T120000Z. */
static void time_for_name(const char *started, char *out, size_t size)
{
	size_t n = 0;

	for (; *started && n + 1 < size; started++)
		if (strchr("0123456789TZ", *started))
			out[n++] = *started;
	out[n] = '\0';
}

static int write_all(int fd, const char *data, size_t size)
{
	while (size) {
		ssize_t n = write(fd, data, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		data += n;
		size -= (size_t)n;
	}
	return fsync(fd) == 0 ? 0 : -errno;
}

/* Writes under a temporary name and gives it the first name that is free. */
static int write_file(const char *dir, const char *stem, const char *suffix, const char *data,
		      size_t size, char *path, size_t path_size)
{
	char temporary[4096];
	int fd, rc, n;

	n = snprintf(temporary, sizeof(temporary), "%s/.%s-XXXXXX", dir, stem);
	if (n < 0 || (size_t)n >= sizeof(temporary))
		return -ENAMETOOLONG;
	fd = mkstemp(temporary);
	if (fd < 0)
		return -errno;
	rc = write_all(fd, data, size);
	/* What is measured is no secret: as open(2) would have made it. */
	if (rc == 0 && fchmod(fd, 0644) != 0)
		rc = -errno;
	close(fd);
	for (int i = 1; rc == 0; i++) {
		char number[16] = "";

		if (i > 1)
			snprintf(number, sizeof(number), "-%d", i);
		n = snprintf(path, path_size, "%s/%s%s%s", dir, stem, number, suffix);
		if (n < 0 || (size_t)n >= path_size) {
			rc = -ENAMETOOLONG;
		} else if (link(temporary, path) == 0) {
			break;
		} else if (errno != EEXIST || i == NAMES) {
			rc = -errno;
		}
	}
	unlink(temporary);
	return rc;
}

int runfile_write(const json_t *run, const char *dir, char *path, size_t size, struct err *e)
{
	char stem[96], when[32], *text, *packed = NULL;
	size_t n;
	int rc = runfile_check(run, e);

	if (rc)
		return rc;
	time_for_name(json_string_value(json_object_get(run, "started")), when, sizeof(when));
	snprintf(stem, sizeof(stem), "%s-%s", json_string_value(json_object_get(run, "scenario")),
		 when);
	if (mkdir(dir, 0755) != 0 && errno != EEXIST)
		return err_set(e, -errno, "cannot make the directory %s: %s", dir, strerror(errno));
	text = json_dumps(run, JSON_COMPACT);
	if (!text)
		return err_set(e, -ENOMEM, "no memory to write the run");
	n = strlen(text);
	if (n > RUNFILE_PLAIN_MAX) {
		size_t room = ZSTD_compressBound(n);

		packed = malloc(room);
		n = packed ? ZSTD_compress(packed, room, text, n, LEVEL) : 0;
		if (!packed || ZSTD_isError(n)) {
			rc = err_set(e, -ENOMEM, "no memory to compress the run");
			goto free_text;
		}
	}
	rc = write_file(dir, stem, packed ? ".json.zst" : ".json", packed ? packed : text, n, path,
			size);
	if (rc)
		err_set(e, rc, "cannot write a run into %s: %s", dir, strerror(-rc));
free_text:
	free(packed);
	free(text);
	return rc;
}
