/* SPDX-License-Identifier: BSD-3-Clause */
#include "sriov-pf/ctrl/holder.h"

#include "base/log.h"
#include "sriov-pf/ctrl/pfs.h"
#include "sriov-pf/ctrl/quarantine.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

struct holder {
	struct ctrl *ctrl;
	struct lease *lease;
	int pidfd;
	struct event *on_end;
};

/* The name in brackets may hold anything, brackets and blanks too. */
uint64_t holder_parse_stat(const char *text)
{
	const char *at = strrchr(text, ')');
	char *end;
	uint64_t start;

	if (!at)
		return 0;
	for (int field = 2; field < 22; field++) {
		at = strchr(at + 1, ' ');
		if (!at)
			return 0;
	}
	start = strtoull(at + 1, &end, 10);
	return end > at + 1 && (*end == ' ' || *end == '\0') ? start : 0;
}

uint64_t holder_start_time(pid_t pid)
{
	char path[40], text[1024];
	size_t len;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	f = fopen(path, "re");
	if (!f)
		return 0;
	len = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	text[len] = '\0';
	return holder_parse_stat(text);
}

static void on_end(evutil_socket_t fd, short what, void *arg)
{
	struct holder *h = arg;
	struct lease *l = h->lease;

	log_info("'%s' (process %d) has ended; its virtual function %s/%u is taken back", l->guest,
		 (int)l->pid, pfs_name_of(h->ctrl, l->pf), l->vf);
	quarantine_begin(h->ctrl, l, "its holder has ended");
}

int holder_watch(struct ctrl *c, struct lease *l, int pidfd)
{
	struct holder *h = calloc(1, sizeof(*h));

	holder_forget(l);
	if (pidfd < 0)
		pidfd = pidfd_open(l->pid, 0);
	/* Only now: the number cannot pass to another process while the pidfd says it lives. */
	if (!h || pidfd < 0 || holder_start_time(l->pid) != l->start ||
	    pidfd_send_signal(pidfd, 0, NULL, 0) != 0)
		goto close_fd;
	*h = (struct holder){c, l, pidfd, event_new(c->base, pidfd, EV_READ, on_end, h)};
	if (!h->on_end || event_add(h->on_end, NULL) != 0)
		goto close_fd;
	l->run = h;
	return 0;

close_fd:
	if (h && h->on_end)
		event_free(h->on_end);
	free(h);
	if (pidfd >= 0)
		close(pidfd);
	return -ESRCH;
}

void holder_kill(struct lease *l)
{
	const struct holder *h = l->run;

	if (h && pidfd_send_signal(h->pidfd, SIGKILL, NULL, 0) == 0)
		log_warn("'%s' (process %d) is ended by force", l->guest, (int)l->pid);
}

void holder_forget(struct lease *l)
{
	struct holder *h = l->run;

	if (!h)
		return;
	event_free(h->on_end);
	close(h->pidfd);
	free(h);
	l->run = NULL;
}
