/* SPDX-License-Identifier: BSD-3-Clause */
#include "vswitch/ctrl/chimney_spaces.h"

#include "base/clock.h"
#include "offload/chimney/slow/path.h"
#include "offload/chimney/slow/refuse.h"

#include <stddef.h>
#include <unistd.h>

void chim_spaces_drop(struct chim_space *space)
{
	if (!space->used)
		return;
	close(space->rtnl);
	close(space->diag);
	space->used = false;
}

/* A free place, or the one that was asked for longest ago. */
static struct chim_space *place(struct chim_spaces *s)
{
	struct chim_space *best = &s->of[0];

	for (size_t i = 0; i < CHIM_SPACES; i++) {
		if (!s->of[i].used)
			return &s->of[i];
		if (s->of[i].asked_ns < best->asked_ns)
			best = &s->of[i];
	}
	chim_spaces_drop(best);
	return best;
}

static struct chim_space *make(struct chim_spaces *s, int sock, const struct chim_netns *id,
			       struct err *e)
{
	int rtnl = chim_path_open(sock, e), diag;
	struct chim_space *space;

	if (rtnl < 0)
		return NULL;
	diag = chim_refuse_open(sock, e);
	if (diag < 0) {
		close(rtnl);
		return NULL;
	}
	space = place(s);
	*space = (struct chim_space){.used = true, .id = *id, .rtnl = rtnl, .diag = diag};
	return space;
}

struct chim_space *chim_spaces_get(struct chim_spaces *s, int sock, struct err *e)
{
	struct chim_space *space = NULL;
	struct chim_netns id;

	if (chim_netns_of(sock, &id, e) != 0)
		return NULL;
	for (size_t i = 0; i < CHIM_SPACES && !space; i++)
		if (s->of[i].used && chim_netns_same(&s->of[i].id, &id))
			space = &s->of[i];
	if (!space)
		space = make(s, sock, &id, e);
	if (space)
		space->asked_ns = clock_now_ns();
	return space;
}

void chim_spaces_tidy(struct chim_spaces *s)
{
	uint64_t now = clock_now_ns();

	for (size_t i = 0; i < CHIM_SPACES; i++)
		if (now - s->of[i].asked_ns > CHIM_SPACE_IDLE_S * UINT64_C(1000000000))
			chim_spaces_drop(&s->of[i]);
}

void chim_spaces_close(struct chim_spaces *s)
{
	for (size_t i = 0; i < CHIM_SPACES; i++)
		chim_spaces_drop(&s->of[i]);
}
