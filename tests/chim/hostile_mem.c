/* SPDX-License-Identifier: BSD-3-Clause */
/* Lies in shared memory, while the connection carries something. */
#include "tests/chim/hostile.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { WAIT_MS = 20000 };

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* Sends what the rings can carry, truthfully, for a while. */
static void carry(struct prey *p, unsigned int ms)
{
	uint64_t until = now_ms() + ms, head = atomic_load(&p->shm->snd_head);

	while (now_ms() < until) {
		uint64_t room = p->shm->snd_size - (head - atomic_load(&p->shm->snd_tail));

		head += room / 2;
		atomic_store(&p->shm->snd_head, head);
		atomic_store(&p->shm->rcv_tail, atomic_load(&p->shm->rcv_head));
		prey_ring(p);
		usleep(200);
	}
}

/* Random words over the whole page of control. */
static void scribble(void)
{
	for (int round = 0; round < 60; round++) {
		struct talk *t = talk_begin();
		struct prey *p = prey_take(t);
		_Atomic uint64_t *words = (_Atomic uint64_t *)p->shm;
		uint64_t until;

		carry(p, rnd(20));
		until = now_ms() + 20 + rnd(50);
		while (now_ms() < until) {
			for (int i = 0; i < 64; i++)
				atomic_store(&words[rnd(CHIM_SHM_PAGE / 8)],
					     rnd(2) ? rnd(1 << 21)
						    : (uint64_t)rnd(UINT32_MAX) << 32);
			p->shm->worker = 0;
			prey_ring(p);
		}
		if (rnd(2))
			talk_tell(t, CHIM_MSG_UPLOAD, p->number, 0);
		if (rnd(2))
			talk_tell(t, CHIM_MSG_CLOSE, p->number, 0);
		prey_drop(p);
		talk_end(t);
	}
}

/* One lie at a time: each ends the connection, and nothing else. */
static void indices(void)
{
	struct talk *t = talk_begin();

	for (int round = 0; round < 60; round++) {
		struct prey *p = prey_take(t);
		uint64_t until = now_ms() + WAIT_MS;

		carry(p, 3);
		switch (round % 6) {
		case 0:
			atomic_store(&p->shm->snd_head,
				     atomic_load(&p->shm->snd_tail) + 2 * p->shm->snd_size);
			break;
		case 1:
			atomic_store(&p->shm->snd_head, UINT64_MAX - rnd(1000));
			break;
		case 2: /* back, behind what it took */
			while (atomic_load(&p->shm->snd_tail) == 0)
				carry(p, 1);
			atomic_store(&p->shm->snd_head, 0);
			break;
		case 3:
			atomic_store(&p->shm->rcv_tail, atomic_load(&p->shm->rcv_head) + (1 << 24));
			break;
		case 4:
			atomic_store(&p->shm->rcv_tail, UINT64_MAX);
			break;
		default: /* found by the upload */
			atomic_store(&p->shm->snd_head, UINT64_MAX / 2);
			talk_tell(t, CHIM_MSG_UPLOAD, p->number, 0);
		}
		prey_ring(p);
		while (!(atomic_load(&p->shm->flued_flags) & CHIM_FLUED_ERROR))
			if (now_ms() > until)
				die("a lie goes unnoticed");
		talk_tell(t, CHIM_MSG_CLOSE, p->number, 0);
		prey_drop(p);
	}
	talk_end(t);
}

static void flags(void)
{
	for (int round = 0; round < 30; round++) {
		struct talk *t = talk_begin();
		struct prey *p = prey_take(t);

		for (int i = 0; i < 2000; i++) {
			atomic_store(&p->shm->app_flags, rnd(UINT32_MAX));
			atomic_store(&p->shm->flued_flags, rnd(UINT32_MAX));
			atomic_store(&p->shm->error, (int32_t)rnd(UINT32_MAX));
			prey_ring(p);
		}
		prey_drop(p);
		talk_end(t);
	}
}

/* All bells of all workers, numbers that are nobody's included, as fast as can be. */
static void bells(void)
{
	struct talk *t = talk_begin();
	struct prey *p = prey_take(t);
	uint64_t until = now_ms() + 3000;
	const uint64_t one = 1;

	while (now_ms() < until) {
		for (uint32_t w = 0; w < CHIM_BELL_WORKERS; w++) {
			memset((void *)t->bells->bell[w].bits, 0xff,
			       sizeof(t->bells->bell[w].bits));
			atomic_store(&t->bells->bell[w].words, UINT64_MAX);
			atomic_store(&t->bells->bell[w].asleep, rnd(UINT32_MAX));
			if (t->bell_fds[w] >= 0)
				(void)!write(t->bell_fds[w], &one, sizeof(one));
		}
	}
	memset(t->bells, 0xff, sizeof(*t->bells));
	prey_drop(p);
	talk_end(t);
}

/* Says for ever that it copies: an upload is not waited for for ever. */
static void busy(void)
{
	struct talk *t = talk_begin();
	struct prey *p = prey_take(t);
	struct chim_msg m = {0};
	int fds[2];

	atomic_store(&p->shm->snd_busy, 1);
	talk_tell(t, CHIM_MSG_UPLOAD, p->number, 0);
	while (m.type != CHIM_MSG_KEPT)
		if (talk_hear(t, &m, fds, WAIT_MS) != 1)
			die("who says that he is busy is waited for");
	carry(p, 100);
	atomic_store(&p->shm->snd_busy, 0);
	talk_tell(t, CHIM_MSG_UPLOAD, p->number, 0);
	while (m.type != CHIM_MSG_UPLOADED)
		if (talk_hear(t, &m, fds, WAIT_MS) != 1)
			die("an upload has no answer");
	prey_drop(p);
	talk_end(t);
}

/* Nobody can take the memory away from under flued; holes in it read as zeros. */
static void memory(void)
{
	for (int round = 0; round < 20; round++) {
		struct talk *t = talk_begin();
		struct prey *p = prey_take(t);

		if (ftruncate(p->mem, 0) == 0 || ftruncate(p->mem, 1 << 30) == 0 ||
		    fcntl(p->mem, F_ADD_SEALS, F_SEAL_WRITE) == 0)
			die("a connection's memory can be changed");
		carry(p, 3);
		for (int i = 0; i < 20; i++) {
			if (fallocate(p->mem, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
				      i % 4 ? rnd((uint32_t)p->bytes) : 0, rnd(1 << 20)) != 0)
				madvise(p->shm, p->bytes, MADV_REMOVE);
			prey_ring(p);
			usleep(500);
		}
		munmap(p->shm, p->bytes);
		p->shm = NULL;
		prey_drop(p);
		talk_end(t);
	}
}

/* Dies in the middle of everything, with and without an upload under way. */
static void suicide(void)
{
	for (int round = 0; round < 40; round++) {
		pid_t pid = fork();

		if (pid == 0) {
			struct talk *t = talk_begin();
			struct prey *p = prey_take(t);

			carry(p, (unsigned int)(round % 10));
			atomic_store(&p->shm->snd_busy, (uint32_t)round % 2);
			if (round % 4 < 2)
				talk_tell(t, CHIM_MSG_UPLOAD, p->number, 0);
			if (round % 8 == 7)
				usleep(3000);
			kill(getpid(), SIGKILL);
		}
		waitpid(pid, NULL, 0);
	}
}

/* A lot at once, all of which is let go in one moment. */
static void many(void)
{
	enum { MANY = 150 };
	struct talk *t = talk_begin();
	struct prey *p[MANY];

	for (int i = 0; i < MANY; i++) {
		p[i] = prey_take(t);
		atomic_store(&p[i]->shm->snd_head, 5000);
		prey_ring(p[i]);
	}
	for (int i = 0; i < MANY; i++)
		if (i % 2)
			talk_tell(t, CHIM_MSG_UPLOAD, p[i]->number, 0);
	talk_end(t);
	for (int i = 0; i < MANY; i++)
		prey_drop(p[i]);
}

const struct act memory_acts[] = {
	{"scribble", scribble}, {"indices", indices}, {"flags", flags},
	{"bells", bells},	{"busy", busy},	      {"memory", memory},
	{"suicide", suicide},	{"many", many},	      {0},
};
