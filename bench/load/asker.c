/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/load/asker.h"

#include "base/clock.h"
#include "bench/load/rr.h"

#include <errno.h>
#include <sys/socket.h>

/* Both: 0, a negative errno, or 1 when the other end has closed. */
static int send_all(int fd, const char *data, size_t bytes)
{
	for (size_t done = 0; done < bytes;) {
		ssize_t n = send(fd, data + done, bytes - done, MSG_NOSIGNAL);

		if (n < 0 && errno != EINTR)
			return -errno;
		done += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

static int recv_all(int fd, char *data, size_t bytes)
{
	for (size_t done = 0; done < bytes;) {
		ssize_t n = recv(fd, data + done, bytes - done, 0);

		if (n == 0)
			return 1;
		if (n < 0 && errno != EINTR)
			return -errno;
		done += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

void asker_note(struct asker *a, uint64_t at_ns, uint64_t took_ns)
{
	uint64_t slice;

	if (at_ns < a->begin_ns || at_ns >= a->end_ns)
		return;
	a->requests++;
	hist_add(&a->latency, took_ns);
	slice = a->slice_ns ? (at_ns - a->begin_ns) / a->slice_ns : ASKER_SLICES;
	if (slice < ASKER_SLICES && took_ns > a->worst_ns[slice])
		a->worst_ns[slice] = took_ns;
}

void asker_run(struct asker *a)
{
	char data[RR_BYTES_MAX] = {0};
	uint64_t now = clock_now_ns();

	while (now < a->end_ns) {
		uint64_t sent = now;
		int ret = send_all(a->fd, data, a->bytes);

		if (!ret)
			ret = recv_all(a->fd, data, a->bytes);
		if (ret) {
			a->error = ret > 0 ? -1 : -ret;
			return;
		}
		now = clock_now_ns();
		asker_note(a, now, now - sent);
	}
}

void asker_add(const struct asker *a, struct hist *latency, uint64_t worst_ns[ASKER_SLICES])
{
	hist_merge(latency, &a->latency);
	for (size_t i = 0; i < ASKER_SLICES; i++)
		if (a->worst_ns[i] > worst_ns[i])
			worst_ns[i] = a->worst_ns[i];
}

int asker_answer(int fd, uint32_t bytes)
{
	char data[RR_BYTES_MAX];

	for (;;) {
		int ret = recv_all(fd, data, bytes);

		if (!ret)
			ret = send_all(fd, data, bytes);
		if (ret)
			return ret > 0 ? 0 : ret;
	}
}
