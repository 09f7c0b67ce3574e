/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Between the console's pipes and the guest's serial port. Out: a vCPU writes to a pipe that does
 * not block; what does not fit is lost and counted. In: bytes wait here until the guest took what
 * the port holds; a pipe that is not read makes whoever types wait, which is right.
 */
#include "hv-core/guest_impl.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct guest_tty {
	struct hv_serial *port;
	int in_fd, out_fd, room_fd;
	struct event *readable, *room;
	_Atomic uint64_t lost;
	uint8_t waiting[256];
	size_t len;
};

static void send_out(void *arg, const uint8_t *bytes, size_t len)
{
	struct guest_tty *t = arg;
	ssize_t n = write(t->out_fd, bytes, len);

	if (n < (ssize_t)len)
		atomic_fetch_add(&t->lost, len - (n > 0 ? (size_t)n : 0));
}

static void there_is_room(void *arg)
{
	struct guest_tty *t = arg;
	uint64_t one = 1;

	(void)!write(t->room_fd, &one, sizeof(one));
}

/* Gives the port what waits, and listens for more only while nothing waits. */
static void feed(struct guest_tty *t)
{
	size_t n = hv_serial_input(t->port, t->waiting, t->len);

	t->len -= n;
	memmove(t->waiting, t->waiting + n, t->len);
	if (t->len)
		event_del(t->readable);
	else if (t->in_fd >= 0)
		event_add(t->readable, NULL);
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct guest_tty *t = arg;
	ssize_t n = read(t->in_fd, t->waiting, sizeof(t->waiting));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		event_del(t->readable);
		close(t->in_fd);
		t->in_fd = -1;
		return;
	}
	t->len = (size_t)n;
	feed(t);
}

static void on_room(evutil_socket_t fd, short what, void *arg)
{
	struct guest_tty *t = arg;
	uint64_t count;

	(void)!read(t->room_fd, &count, sizeof(count));
	if (t->len)
		feed(t);
}

int guest_tty_create(struct guest *g, int in_fd, int out_fd, struct err *e)
{
	struct guest_tty *t = calloc(1, sizeof(*t));

	if (!t)
		return err_set(e, -ENOMEM, "out of memory");
	g->tty = t;
	t->in_fd = in_fd;
	t->out_fd = out_fd;
	t->room_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (t->room_fd < 0)
		return err_set(e, -errno, "no descriptor for the console: %s", strerror(errno));
	int rc = hv_serial_create(&g->vm, HV_PORT_COM1, HV_GSI_COM1, "com1",
				  out_fd >= 0 ? send_out : NULL, t, &t->port, e);
	if (rc)
		return rc;
	hv_serial_on_room(t->port, there_is_room, t);
	if (in_fd < 0)
		return 0;
	t->readable = event_new(g->vm.loop, in_fd, EV_READ | EV_PERSIST, on_readable, t);
	t->room = event_new(g->vm.loop, t->room_fd, EV_READ | EV_PERSIST, on_room, t);
	if (!t->readable || !t->room)
		return err_set(e, -ENOMEM, "out of memory");
	/* Not for want of memory: a plain file cannot be waited for. */
	if (event_add(t->readable, NULL) || event_add(t->room, NULL))
		return err_set(e, -EINVAL,
			       "the console's input must be a pipe, a socket or a terminal");
	return 0;
}

void guest_tty_free(struct guest_tty *t)
{
	if (!t)
		return;
	if (t->readable)
		event_free(t->readable);
	if (t->room)
		event_free(t->room);
	if (t->room_fd >= 0)
		close(t->room_fd);
	if (t->in_fd >= 0)
		close(t->in_fd);
	if (t->out_fd >= 0)
		close(t->out_fd);
	free(t);
}

uint64_t guest_tty_lost(const struct guest_tty *t)
{
	return atomic_load(&((struct guest_tty *)(uintptr_t)t)->lost);
}
