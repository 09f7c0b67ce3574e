/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A worker runs a lane while main posts orders and takes answers, clients come and go, and an
 * application rings bells and says that it copies. Frames come, and main taps connections and lets
 * go of them. The engine is a stand-in, whose memory belongs to the worker alone. Built with
 * ThreadSanitizer where the compiler has it. What is checked is what holds in whatever order things
 * happen: each order that has an answer gets it, nothing is said of a connection after STOPPED, and
 * nothing of the engine outlives its connection.
 */
#include "offload/chimney/run/lane.h"

#include "offload/chimney/run/tap.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { CLIENTS = 3, CONNS = 24, LIVES = 6000 };

/* A grace period in its simplest form: the worker passes the number on between two rounds. */
static _Atomic uint64_t epoch = 1, seen;
static _Atomic bool stop;
static int wake_fd;

static uint32_t next(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

static void fail(const char *what)
{
	fprintf(stderr, "%s\n", what);
	abort();
}

/* Main. */

enum phase { FREE, STARTING, RUNS, FREEZING, FROZEN, ENDING };

struct life {
	struct chim_conn conn; /* first: mail is found by it */
	enum phase phase;
	uint32_t client, i;
	bool closed, asked_info;
	struct chim_tap *before; /* until the worker has let go of it */
	bool asked_tap;
	uint32_t last; /* number that was read of conn.want_tap */
};

static struct chim_mailbox says;
static _Atomic(struct chim_clients *) clients;
static struct chim_client *client[CLIENTS];
static uint32_t used[CLIENTS]; /* connections of it */
static struct chim_bells bells[CLIENTS];
static int bell_fds[CLIENTS];
static struct chim_shm pages[CONNS];
static struct life *lives[CONNS];
static int event_fds[CONNS];
static struct chim_lane *lane;
static uint32_t started, failed, dumped, stuck, closed, wished, informed, stopped, tapped;

static void wake(void)
{
	eventfd_write(wake_fd, 1);
}

static void ask(struct life *l, uint32_t asks)
{
	if (chim_lane_ask(&l->conn, asks))
		wake();
}

static void grace(void)
{
	uint64_t now = atomic_fetch_add(&epoch, 1) + 1;

	while (atomic_load(&seen) < now) {
		wake();
		sched_yield();
	}
}

static void publish(void)
{
	struct chim_clients *all = calloc(1, sizeof(*all) + CLIENTS * sizeof(all->client[0]));
	struct chim_clients *old;

	for (uint32_t i = 0; i < CLIENTS; i++)
		if (client[i])
			all->client[all->n++] = client[i];
	old = atomic_exchange(&clients, all);
	grace();
	free(old);
}

/* Another one takes its place, and its bells. */
static void replace_client(uint32_t i)
{
	struct chim_client *old = client[i];
	struct err e;

	if (used[i])
		return;
	client[i] = NULL;
	publish();
	free(old);
	chim_lane_unwatch(lane, bell_fds[i]);
	client[i] = calloc(1, sizeof(*client[i]));
	client[i]->bells = &bells[i];
	client[i]->bell_fds = &bell_fds[i];
	if (chim_lane_watch(lane, bell_fds[i], &e) != 0)
		fail(e.text);
	publish();
}

static void begin(uint32_t i, uint32_t of)
{
	struct life *l = calloc(1, sizeof(*l));

	l->i = i;
	l->client = of;
	l->phase = STARTING;
	l->conn.lane = lane;
	l->conn.mem = (struct chim_mem){.fd = -1, .map = &pages[i]};
	l->conn.event_fd = event_fds[i];
	l->conn.number = i * 50;
	l->conn.slot = &client[of]->slots[i * 50];
	l->conn.state.snd_una = 77;
	used[of]++;
	lives[i] = l;
	ask(l, CHIM_ASK_START);
}

/* Another tap, or none. */
static void tap(struct life *l)
{
	l->before = l->conn.want_tap;
	l->conn.want_tap = l->before ? NULL : chim_tap_new(CHIM_TAP_BYTES_MIN, CHIM_TAP_KEEP_MIN);
	l->asked_tap = true;
	l->last = 0;
	ask(l, CHIM_ASK_TAP);
}

static void read_tap(struct life *l)
{
	struct chim_tap_record r;

	while (l->conn.want_tap && chim_tap_peek(l->conn.want_tap, &r)) {
		uint32_t number;

		memcpy(&number, r.data, sizeof(number));
		if (number <= l->last || r.kept != CHIM_TAP_KEEP_MIN || r.out)
			fail("it is not what came");
		l->last = number;
		tapped++;
		chim_tap_next(l->conn.want_tap);
	}
}

static void end(struct life *l)
{
	l->phase = ENDING;
	ask(l, CHIM_ASK_STOP);
}

static void answered(struct life *l, uint32_t said)
{
	if (said & CHIM_SAY_FAILED) {
		failed += l->conn.error == -ENOSPC;
		end(l);
	}
	if (said & CHIM_SAY_STARTED) {
		started++;
		l->phase = RUNS;
	}
	if (said & CHIM_SAY_INFO) {
		informed += l->conn.info.segs_in > 0;
		l->asked_info = false;
	}
	if (said & CHIM_SAY_WISH)
		wished += l->conn.wish == CHIM_UPLOAD_TIMEOUT;
	if (said & (CHIM_SAY_DUMPED | CHIM_SAY_STUCK)) {
		if (l->phase != FREEZING && l->phase != ENDING)
			fail("it was dumped, though nobody asked");
		if (said & CHIM_SAY_DUMPED && l->conn.state.snd_una != 78)
			fail("its state is not what was dumped");
		dumped += (said & CHIM_SAY_DUMPED) != 0;
		stuck += said & CHIM_SAY_STUCK && l->conn.error < 0;
		if (l->phase == FREEZING)
			l->phase = FROZEN;
	}
	if (said & CHIM_SAY_CLOSED) {
		closed++;
		l->closed = true;
	}
	if (said & CHIM_SAY_TAPPED) {
		chim_tap_free(l->before);
		l->before = NULL;
		l->asked_tap = false;
	}
	if (said & CHIM_SAY_STOPPED) {
		if (l->phase != ENDING)
			fail("it was stopped, though nobody asked");
		stopped++;
		used[l->client]--;
		lives[l->i] = NULL;
		read_tap(l);
		chim_tap_free(l->before);
		chim_tap_free(l->conn.want_tap);
		free(l); /* whatever comes now is found */
	}
}

static void take_mail(void)
{
	struct chim_mail *m = chim_mail_take(&says), *after;

	for (; m; m = after) {
		after = m->next;
		answered((struct life *)((char *)m - offsetof(struct chim_conn, say)),
			 chim_mail_open(m));
	}
}

static void order(struct life *l, uint32_t what)
{
	read_tap(l);
	if (what == 40 && l->phase != ENDING && !l->asked_tap)
		tap(l);
	switch (l->phase) {
	case RUNS:
		if (what < 4) {
			l->phase = FREEZING;
			ask(l, CHIM_ASK_FREEZE);
		} else if (what < 5 && !l->asked_info) {
			l->asked_info = true;
			ask(l, CHIM_ASK_INFO);
		} else if (what < 6) {
			ask(l, CHIM_ASK_CLOSE);
		} else if (what < 7 || l->closed) {
			end(l);
		}
		break;
	case FROZEN:
		if (what < 8) {
			l->phase = RUNS;
			ask(l, CHIM_ASK_THAW);
		} else {
			end(l);
		}
		break;
	case FREEZING:
		if (what < 2)
			end(l);
		break;
	default:
		break;
	}
}

/* A frame for each that runs. */
static void receive(struct pkt_worker *w)
{
	static uint32_t bytes[64];
	const struct chim_clients *all = atomic_load(&clients);

	for (uint32_t n = 0; all && n < all->n; n++) {
		for (uint32_t i = 0; i < CONNS; i++) {
			struct chim_conn *c = atomic_load(&all->client[n]->slots[i * 50]);
			struct rte_mbuf m = {.buf_addr = bytes,
					     .data_len = sizeof(bytes),
					     .pkt_len = sizeof(bytes),
					     .nb_segs = 1};

			if (!c)
				continue;
			bytes[0]++;
			rte_mbuf_refcnt_set(&m, 2); /* it is not freed */
			chim_lane_take(lane, c, w, &m);
		}
	}
}

static void *work(void *arg)
{
	struct pkt_worker w = {.id = 0};
	uint64_t now = 1;

	while (!atomic_load(&stop)) {
		struct pollfd p[2] = {{.fd = wake_fd, .events = POLLIN}};
		uint64_t until = UINT64_MAX;
		eventfd_t count;
		int fd;

		atomic_store(&seen, atomic_load(&epoch));
		now += 1000000;
		receive(&w);
		if (chim_lane_poll(lane, &w, NULL, now) > 0)
			continue;
		chim_lane_sleep(lane, &fd, 1, &until);
		if (chim_lane_poll(lane, &w, NULL, now) == 0 && until != 0) {
			p[1] = (struct pollfd){.fd = fd, .events = POLLIN};
			poll(p, 2, 1);
		}
		eventfd_read(wake_fd, &count);
		chim_lane_wake(lane);
	}
	return NULL;
}

static void *application(void *arg)
{
	uint32_t seed = 5;

	while (!atomic_load(&stop)) {
		uint32_t of = next(&seed) % CLIENTS, i = next(&seed) % CONNS, number = i * 50;
		struct chim_bell *b = &bells[of].bell[0];

		atomic_store(&pages[i].snd_busy, next(&seed) % 4 == 0);
		atomic_fetch_or(&b->bits[number / 64], UINT64_C(1) << number % 64);
		atomic_fetch_or(&b->words, UINT64_C(1) << number / 64);
		if (atomic_load(&b->asleep))
			eventfd_write(bell_fds[of], 1);
		if (next(&seed) % 16 == 0)
			sched_yield();
	}
	return NULL;
}

int main(void)
{
	const struct chim_lane_conf conf = {.max_conns = CONNS,
					    .clients = (const void *)&clients,
					    .says = &says,
					    .says_fd = eventfd(0, EFD_NONBLOCK)};
	uint32_t seed = 11, begun = 0;
	pthread_t threads[2];
	struct err e;

	wake_fd = eventfd(0, EFD_NONBLOCK);
	lane = chim_lane_new(&conf, &e);
	for (uint32_t i = 0; i < CONNS; i++)
		event_fds[i] = eventfd(0, EFD_NONBLOCK);
	for (uint32_t i = 0; i < CLIENTS; i++)
		bell_fds[i] = eventfd(0, EFD_NONBLOCK);
	pthread_create(&threads[0], NULL, work, NULL);
	for (uint32_t i = 0; i < CLIENTS; i++)
		replace_client(i);
	pthread_create(&threads[1], NULL, application, NULL);
	while (stopped < LIVES) {
		uint32_t i = next(&seed) % CONNS;

		take_mail();
		if (lives[i])
			order(lives[i], next(&seed) % 64);
		else if (begun < LIVES && ++begun)
			begin(i, next(&seed) % CLIENTS);
		else
			sched_yield();
		if (next(&seed) % 256 == 0)
			replace_client(next(&seed) % CLIENTS);
	}
	atomic_store(&stop, true);
	wake();
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	printf("%u started, %u not, %u dumped, %u stuck, %u closed, %u wishes, %u asked about, "
	       "%u frames tapped\n",
	       started, failed, dumped, stuck, closed, wished, informed, tapped);
	if (started + failed != LIVES || !dumped || !stuck || !closed || !wished || !informed ||
	    !tapped || chim_lane_conns(lane) != 0)
		fail("orders have no answer");
	chim_lane_free(lane);
	return 0;
}
