/* SPDX-License-Identifier: BSD-3-Clause */
/* What the kernel tells: links, devices, and in its log what an IOMMU stopped. */
#include "base/log.h"
#include "sriov-pf/linux.h"
#include "sriov-pf/sys/dmar.h"
#include "sriov-pf/sys/watch.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RECORD_MAX 8192 /* of /dev/kmsg: CONSOLE_EXT_LOG_MAX */

struct linux_watch {
	struct pf_host_events events;
	struct pf_watch *watch;
	struct event *on_event[PF_WATCH_FDS], *on_log;
	int log;
};

static void on_one(void *arg, const struct pf_event *event)
{
	const struct linux_watch *w = arg;
	bool link = event->kind == PF_EVENT_LINK && event->ifindex != 0;

	w->events.changed(w->events.arg, link ? event->ifindex : 0);
}

static void on_event(evutil_socket_t fd, short what, void *arg)
{
	struct linux_watch *w = arg;
	int ret = pf_watch_read(w->watch, fd, on_one, w);

	if (ret == 0)
		return;
	log_err("the kernel's events cannot be read any more: %s; changes by others are not seen",
		strerror(-ret));
	for (unsigned int i = 0; i < PF_WATCH_FDS; i++)
		if (event_get_fd(w->on_event[i]) == fd)
			event_del(w->on_event[i]);
}

static void on_log(evutil_socket_t fd, short what, void *arg)
{
	static const char *const kinds[] = {
		[PF_DMAR_READ] = "DMA read from",
		[PF_DMAR_WRITE] = "DMA write to",
		[PF_DMAR_INTERRUPT] = "interrupt of index",
	};
	struct linux_watch *w = arg;
	char record[RECORD_MAX], text[200];
	struct pf_dmar fault;
	ssize_t n;

	/* -EPIPE: records were overwritten before they were read; what comes now is newer. */
	while ((n = read(fd, record, sizeof(record))) > 0 || (n < 0 && errno == EPIPE)) {
		if (n <= 0 || !pf_dmar_parse(record, (size_t)n, &fault))
			continue;
		snprintf(text, sizeof(text), "%s 0x%llx%s%s%s", kinds[fault.kind],
			 (unsigned long long)fault.at, fault.reason[0] ? " (" : "", fault.reason,
			 fault.reason[0] ? ")" : "");
		w->events.fault(w->events.arg, fault.address, text);
	}
}

/* From its end: what was before is of another time. */
static void open_log(struct linux_watch *w, struct event_base *base)
{
	w->log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (w->log >= 0 && lseek(w->log, 0, SEEK_END) >= 0)
		w->on_log = event_new(base, w->log, EV_READ | EV_PERSIST, on_log, w);
	if (!w->on_log || event_add(w->on_log, NULL) != 0)
		log_warn("cannot read /dev/kmsg: %s; what an IOMMU blocks is not reported",
			 strerror(errno));
}

void *pf_linux_watch(struct event_base *base, const struct pf_host_events *events, struct err *e)
{
	struct linux_watch *w = calloc(1, sizeof(*w));
	int fds[PF_WATCH_FDS];

	if (!w) {
		err_set(e, -ENOMEM, "no memory to watch the kernel's events");
		return NULL;
	}
	w->events = *events;
	w->log = -1;
	w->watch = pf_watch_open(e);
	if (!w->watch) {
		free(w);
		return NULL;
	}
	pf_watch_fds(w->watch, fds);
	for (unsigned int i = 0; i < PF_WATCH_FDS; i++) {
		w->on_event[i] = event_new(base, fds[i], EV_READ | EV_PERSIST, on_event, w);
		if (w->on_event[i] && event_add(w->on_event[i], NULL) == 0)
			continue;
		pf_linux_stop(w);
		err_set(e, -ENOMEM, "no memory to watch the kernel's events");
		return NULL;
	}
	open_log(w, base);
	return w;
}

void pf_linux_stop(void *watch)
{
	struct linux_watch *w = watch;

	for (unsigned int i = 0; i < PF_WATCH_FDS; i++)
		if (w->on_event[i])
			event_free(w->on_event[i]);
	if (w->on_log)
		event_free(w->on_log);
	if (w->log >= 0)
		close(w->log);
	pf_watch_close(w->watch);
	free(w);
}
