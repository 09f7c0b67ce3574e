/* SPDX-License-Identifier: BSD-3-Clause */
#include "vswitch/ctrl/chimney_shut.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

enum { THREADS_MAX = 32 };

struct due {
	STAILQ_ENTRY(due) next;
	int fd;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static STAILQ_HEAD(, due) queue = STAILQ_HEAD_INITIALIZER(queue);
static unsigned int threads;

static struct due *take(void)
{
	struct due *d;

	pthread_mutex_lock(&lock);
	d = STAILQ_FIRST(&queue);
	if (d)
		STAILQ_REMOVE_HEAD(&queue, next);
	else
		threads--;
	pthread_mutex_unlock(&lock);
	return d;
}

static void *run(void *arg)
{
	struct due *d;

	while ((d = take()) != NULL) {
		close(d->fd);
		free(d);
	}
	return NULL;
}

/* Signals stay with main. */
static bool start_thread(void)
{
	sigset_t all, before;
	pthread_t thread;
	int ret;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	ret = pthread_create(&thread, NULL, run, NULL);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (ret == 0)
		pthread_detach(thread);
	return ret == 0;
}

void chimney_shut_mail(int fd)
{
	struct due *d = malloc(sizeof(*d));
	bool more;

	if (!d) {
		close(fd);
		return;
	}
	d->fd = fd;
	pthread_mutex_lock(&lock);
	STAILQ_INSERT_TAIL(&queue, d, next);
	more = threads < THREADS_MAX;
	threads += more;
	pthread_mutex_unlock(&lock);
	if (!more || start_thread())
		return;
	/* There are no threads to be had. */
	run(NULL);
}

void chimney_shut(int fd)
{
	struct linger l = {0};
	socklen_t len = sizeof(l);
	bool crowded;

	if (getsockopt(fd, SOL_SOCKET, SO_LINGER, &l, &len) == 0 && !(l.l_onoff && l.l_linger)) {
		close(fd);
		return;
	}
	pthread_mutex_lock(&lock);
	crowded = threads == THREADS_MAX;
	pthread_mutex_unlock(&lock);
	l.l_onoff = 0;
	/* So many do not linger by chance. */
	if (crowded && setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, sizeof(l)) == 0)
		close(fd);
	else
		chimney_shut_mail(fd);
}
