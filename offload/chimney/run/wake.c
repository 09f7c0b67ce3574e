/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/run/wake.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { ANSWERS = 64 };

int chim_waker_init(struct chim_waker *w)
{
	int code;

	*w = (struct chim_waker){.ready = eventfd(0, EFD_CLOEXEC)};
	if (w->ready < 0)
		return -errno;
	if (syscall(SYS_io_setup, ANSWERS, &w->ctx) == 0)
		return 0;
	code = errno;
	close(w->ready);
	*w = (struct chim_waker){0};
	return -code;
}

void chim_waker_fini(struct chim_waker *w)
{
	if (!w->ctx)
		return;
	syscall(SYS_io_destroy, w->ctx);
	close(w->ready);
	*w = (struct chim_waker){0};
}

void chim_waker_wake(struct chim_waker *w, int event_fd)
{
	struct iocb ask = {
		.aio_lio_opcode = IOCB_CMD_POLL,
		.aio_fildes = (uint32_t)w->ready,
		.aio_buf = POLLOUT,
		.aio_flags = IOCB_FLAG_RESFD,
		.aio_resfd = (uint32_t)event_fd,
	};
	struct iocb *asks[] = {&ask};
	const uint64_t one = 1;

	if (!w->ctx) {
		(void)!write(event_fd, &one, sizeof(one));
		return;
	}
	if (w->out == ANSWERS) {
		struct io_event answers[ANSWERS];

		syscall(SYS_io_getevents, w->ctx, 0L, (long)ANSWERS, answers, NULL);
		w->out = 0;
	}
	w->out += syscall(SYS_io_submit, w->ctx, 1L, asks) == 1;
}
