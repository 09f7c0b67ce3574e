/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/run/bells.h"

static uint32_t listen_to(struct chim_client *client, const struct chim_lane *lane, uint16_t worker,
			  struct chim_engine *e, uint64_t now)
{
	struct chim_bell *bell = &client->bells->bell[worker];
	uint64_t words, bits;
	uint32_t n = 0;

	if (atomic_load_explicit(&bell->words, memory_order_relaxed) == 0)
		return 0;
	for (words = atomic_exchange(&bell->words, 0); words; words &= words - 1) {
		unsigned int word = (unsigned int)__builtin_ctzll(words);

		for (bits = atomic_exchange(&bell->bits[word], 0); bits; bits &= bits - 1) {
			unsigned int number = word * 64 + (unsigned int)__builtin_ctzll(bits);
			struct chim_conn *c =
				atomic_load_explicit(&client->slots[number], memory_order_acquire);

			if (c && c->lane == lane && c->tcp)
				chim_engine_rung(e, c->tcp, now);
			n++;
		}
	}
	return n;
}

uint32_t chim_bells_listen(const struct chim_clients *all, const struct chim_lane *lane,
			   uint16_t worker, struct chim_engine *e, uint64_t now)
{
	uint32_t n = 0;

	for (uint32_t i = 0; all && i < all->n; i++)
		n += listen_to(all->client[i], lane, worker, e, now);
	return n;
}

void chim_bells_sleep(const struct chim_clients *all, uint16_t worker, uint32_t asleep)
{
	for (uint32_t i = 0; all && i < all->n; i++)
		atomic_store(&all->client[i]->bells->bell[worker].asleep, asleep);
}
