/* SPDX-License-Identifier: BSD-3-Clause */
#include "jumbo/probe/find.h"

/* Enough to see a loss that matters: one of 10 % stays unseen in 3 of 10 searches, and then three
 * tries of a size still miss it once in 1000. */
#define FIRST_ECHOES 12

/* Above what any search needs (about 60), so that a path that changes all the time ends it too. */
#define ROUNDS_MAX 200

static bool failed(const struct probe_search *s, uint32_t size)
{
	for (unsigned int i = 0; i < s->n_failed; i++)
		if (s->failed[i].size == size && s->failed[i].told)
			return true;
	return false;
}

/* One round: echoes of the size until one is answered or told of. */
static int round_of(struct probe_io *io, struct probe_search *s, uint32_t size, unsigned int tries)
{
	unsigned int n_failed = s->n_failed;
	bool again = failed(s, size);

	for (unsigned int i = 0; i < tries; i++) {
		int ret = io->echo(io, size);

		if (ret != 0)
			return ret;
		if (io->wait(io, s, size, i + 1 == tries) > 0)
			return 0;
		/* Told at once, or told again in a round that asked again. */
		if (!again && s->n_failed != n_failed && failed(s, size))
			return 0;
	}
	probe_search_silent(s, size);
	return 0;
}

/* The smallest echoes: is anybody there, and how many get lost? */
static int measure_loss(struct probe_io *io, struct probe_search *s)
{
	unsigned int answered = 0;

	for (unsigned int i = 0; i < FIRST_ECHOES; i++) {
		int ret = io->echo(io, s->least);

		if (ret != 0)
			return ret;
		answered += io->wait(io, s, s->least, i + 1 == FIRST_ECHOES);
	}
	/* Those that come last are still on their way. */
	if (answered < FIRST_ECHOES)
		answered += io->wait(io, s, s->least, true);
	if (s->carried == 0) /* how many get lost says nothing where none returns */
		probe_search_silent(s, s->least);
	else
		probe_search_loss(s, FIRST_ECHOES, answered);
	return 0;
}

int probe_find(struct probe_io *io, struct probe_search *s)
{
	uint32_t size;
	unsigned int tries;
	int ret = measure_loss(io, s);

	for (unsigned int i = 0; i < ROUNDS_MAX && ret == 0; i++) {
		size = probe_search_next(s, &tries);
		if (size == 0)
			break;
		ret = round_of(io, s, size, tries);
	}
	return ret;
}
