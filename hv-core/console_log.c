/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/console_log.h"

#include "base/log.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int open_it(struct hv_log *l)
{
	struct stat st;

	l->fd = open(l->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0640);
	if (l->fd < 0)
		return -errno;
	l->bytes = fstat(l->fd, &st) == 0 ? (uint64_t)st.st_size : 0;
	return 0;
}

int hv_log_open(struct hv_log *l, const char *path, uint64_t max_bytes, struct err *e)
{
	int ret;

	*l = (struct hv_log){.fd = -1, .path = path, .max_bytes = max_bytes};
	ret = open_it(l);
	return ret == 0 ? 0
			: err_at(e, ret, "/guests/0/log", "log: cannot write %.200s: %s", path,
				 strerror(-ret));
}

static void give_up(struct hv_log *l, const char *what)
{
	log_err("console log %s: %s: %s; it ends here", l->path, what, strerror(errno));
	hv_log_close(l);
}

static void begin_anew(struct hv_log *l)
{
	char old[PATH_MAX];

	if (snprintf(old, sizeof(old), "%s.1", l->path) >= (int)sizeof(old)) {
		errno = ENAMETOOLONG;
		give_up(l, "cannot rename it");
		return;
	}
	if (rename(l->path, old) != 0) {
		give_up(l, "cannot rename it");
		return;
	}
	close(l->fd);
	if (open_it(l) != 0)
		give_up(l, "cannot make it anew");
}

void hv_log_write(struct hv_log *l, const void *bytes, size_t len)
{
	const char *p = bytes;

	while (len > 0 && l->fd >= 0) {
		uint64_t room = l->bytes < l->max_bytes ? l->max_bytes - l->bytes : 0;
		ssize_t n;

		if (room == 0) {
			begin_anew(l);
			if (l->bytes != 0) /* what is there is not ours; do not turn for ever */
				l->bytes = 0;
			continue;
		}
		n = write(l->fd, p, len < room ? len : (size_t)room);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			give_up(l, "cannot write");
			return;
		}
		p += n;
		len -= (size_t)n;
		l->bytes += (uint64_t)n;
	}
}

void hv_log_close(struct hv_log *l)
{
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
}
