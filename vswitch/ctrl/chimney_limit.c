/* SPDX-License-Identifier: BSD-3-Clause */
/* What applications could use up: descriptors, and room in the log. The rest of flued has its own.
 */
#include "vswitch/ctrl/chimney.h"

#include "base/log.h"

#include <sys/resource.h>

enum {
	APPS_MAX = 1024,   /* a worker looks at the bells of each in every round */
	LINK_FDS = 3,	   /* the socket, the memory, the event */
	APP_FDS = 2,	   /* its socket, the bells; and an event for each worker */
	OTHERS_FDS = 256,  /* of ports, guests, clients of the control socket */
	WARNINGS_MAX = 10, /* a tick */
};

static uint32_t fds_of_app(const struct chimney *ch)
{
	return APP_FDS + ch->ctrl->n_workers;
}

void chimney_limit_init(struct chimney *ch)
{
	uint64_t need = OTHERS_FDS + (uint64_t)ch->max_links * LINK_FDS + APPS_MAX * fds_of_app(ch);
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l) != 0)
		return;
	if (l.rlim_cur < need) {
		l.rlim_cur = need < l.rlim_max ? need : l.rlim_max;
		if (setrlimit(RLIMIT_NOFILE, &l) != 0)
			getrlimit(RLIMIT_NOFILE, &l);
	}
	if (l.rlim_cur < need)
		log_warn("chimney: %llu descriptors may be open, and %llu can be needed: fewer "
			 "connections are offloaded; raise the limit (ulimit -n, LimitNOFILE)",
			 (unsigned long long)l.rlim_cur, (unsigned long long)need);
	ch->max_fds = l.rlim_cur > 2 * OTHERS_FDS ? (uint32_t)l.rlim_cur - OTHERS_FDS
						  : (uint32_t)l.rlim_cur / 2;
}

static uint32_t fds_used(const struct chimney *ch)
{
	return ch->n_links * LINK_FDS + ch->n_apps * fds_of_app(ch);
}

bool chimney_room_for_link(const struct chimney *ch)
{
	return ch->n_links < ch->max_links && fds_used(ch) + LINK_FDS <= ch->max_fds;
}

bool chimney_room_for_app(const struct chimney *ch)
{
	return ch->n_apps < APPS_MAX && fds_used(ch) + fds_of_app(ch) <= ch->max_fds;
}

bool chimney_may_warn(struct chimney *ch)
{
	if (ch->said == WARNINGS_MAX) {
		ch->unsaid++;
		return false;
	}
	ch->said++;
	return true;
}

void chimney_limit_tick(struct chimney *ch)
{
	if (ch->unsaid)
		log_warn("chimney: %u more such warnings", ch->unsaid);
	ch->said = ch->unsaid = 0;
	if (ch->resting)
		event_add(ch->listening, NULL);
	ch->resting = false;
}
