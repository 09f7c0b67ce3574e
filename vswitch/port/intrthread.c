/* SPDX-License-Identifier: BSD-3-Clause */
#define ALLOW_EXPERIMENTAL_API /* handles of interrupts */

#include "vswitch/port/intrthread.h"

#include <rte_interrupts.h>
#include <semaphore.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* Enough for 16 times as many handlers that came or went and were not noted yet. */
enum { SETTLE_ROUNDS = 32 };

/* One call at a time: only main calls, and waits. */
static struct {
	int fd;
	sem_t done;
	void (*fn)(void *arg);
	void *arg;
} call = {.fd = -1};

static void on_call(void *unused)
{
	uint64_t count;

	if (read(call.fd, &count, sizeof(count)) != sizeof(count))
		return;
	call.fn(call.arg);
	sem_post(&call.done);
}

int intrthread_start(struct err *e)
{
	/* DPDK keeps a copy of the handle for as long as the process lives. */
	struct rte_intr_handle *handle = rte_intr_instance_alloc(RTE_INTR_INSTANCE_F_PRIVATE);
	int ret = -ENOMEM;

	call.fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (handle && call.fd >= 0 && rte_intr_fd_set(handle, call.fd) == 0 &&
	    rte_intr_type_set(handle, RTE_INTR_HANDLE_EXT) == 0 && sem_init(&call.done, 0, 0) == 0)
		ret = rte_intr_callback_register(handle, on_call, NULL);
	rte_intr_instance_free(handle);
	if (ret == 0)
		return 0;
	if (call.fd >= 0)
		close(call.fd);
	call.fd = -1;
	return err_set(e, ret, "DPDK's interrupt thread cannot be reached: %s", strerror(-ret));
}

void intrthread_run(void (*fn)(void *arg), void *arg)
{
	const uint64_t one = 1;

	call.fn = fn;
	call.arg = arg;
	/* An event that is not raised always takes another count. */
	if (write(call.fd, &one, sizeof(one)) != sizeof(one))
		return;
	while (sem_wait(&call.done) != 0)
		; /* a signal */
}

static void nothing(void *unused)
{
}

void intrthread_settle(void)
{
	/* The thread takes what has happened in rounds, each thing once a round and in no certain
	 * order, so every call is of a later round. A round is given up where handlers came or
	 * went, of which it notes at most 16 at a time. */
	for (int i = 0; i < SETTLE_ROUNDS; i++)
		intrthread_run(nothing, NULL);
}
