/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/run/mail.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { THINGS = 64, ROUNDS = 20000 };

struct thing {
	struct chim_mail mail;
	uint32_t seen[2]; /* how often each of two bits was found */
};

static void first_posted_is_first_taken(void **state)
{
	struct chim_mailbox box = {0};
	struct chim_mail a = {0}, b = {0};
	struct chim_mail *got;

	assert_null(chim_mail_take(&box));
	assert_true(chim_mail_post(&box, &a, 1));
	assert_false(chim_mail_post(&box, &b, 2));
	assert_false(chim_mail_post(&box, &a, 4)); /* lies there already */
	got = chim_mail_take(&box);
	assert_ptr_equal(got, &a);
	assert_ptr_equal(got->next, &b);
	assert_null(b.next);
	assert_int_equal(chim_mail_open(&a), 5);
	assert_int_equal(chim_mail_open(&b), 2);
	assert_null(chim_mail_take(&box));
}

static void what_was_opened_can_be_posted_again(void **state)
{
	struct chim_mailbox box = {0};
	struct chim_mail a = {0};

	chim_mail_post(&box, &a, 1);
	chim_mail_open(chim_mail_take(&box));
	assert_true(chim_mail_post(&box, &a, 8));
	assert_int_equal(chim_mail_open(chim_mail_take(&box)), 8);
}

static struct chim_mailbox shared_box;
static struct thing things[THINGS];
static _Atomic unsigned int posting;

static void *poster(void *arg)
{
	uint32_t bit = (uint32_t)(uintptr_t)arg;

	for (unsigned int i = 0; i < ROUNDS; i++)
		chim_mail_post(&shared_box, &things[i % THINGS].mail, bit);
	atomic_fetch_sub(&posting, 1);
	return NULL;
}

/* Every post is seen, by itself or together with a later one; none twice more than it was made. */
static void nothing_is_lost_between_threads(void **state)
{
	pthread_t threads[2];
	bool last = false;

	atomic_store(&posting, 2);
	for (unsigned int i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, poster, (void *)(uintptr_t)(1u << i));
	while (!last) {
		struct chim_mail *m, *next;

		last = atomic_load(&posting) == 0;
		for (m = chim_mail_take(&shared_box); m; m = next) {
			struct thing *t = (struct thing *)m;
			uint32_t bits;

			next = m->next;
			bits = chim_mail_open(m);
			assert_true(bits == 1 || bits == 2 || bits == 3);
			t->seen[0] += bits & 1;
			t->seen[1] += bits >> 1;
		}
	}
	for (unsigned int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	assert_null(chim_mail_take(&shared_box));
	for (unsigned int i = 0; i < THINGS; i++) {
		assert_int_equal(atomic_load(&things[i].mail.bits), 0);
		for (unsigned int b = 0; b < 2; b++)
			assert_in_range(things[i].seen[b], 1, ROUNDS / THINGS + 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_posted_is_first_taken),
		cmocka_unit_test(what_was_opened_can_be_posted_again),
		cmocka_unit_test(nothing_is_lost_between_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
