/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * In a guest's place, for tests of what is around one: no machine, no KVM, only the answers. It
 * greets at the console and says back what is typed; the words of its command line are:
 *	off, crash, die, fail	how it ends at once
 *	reset-once=FILE		asks for a reset when FILE is not there yet, and makes it
 *	deaf			does not hear the power button
 *	mute			does not answer
 *	picky			takes no card
 *	loses-card		the host takes its first card from it
 */
#include "hv-core/guest.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct guest {
	const struct hv_config *config;
	struct guest_ops ops;
	struct event *typed;
	int in, out, end_fd;
	enum hv_end end;
	const char *why;
	bool paused, restored;
	struct hv_nic_config nic[HV_NICS_MAX];
	unsigned int nics;
};

static bool has_word(const struct guest *g, const char *word)
{
	return strstr(g->config->cmdline, word) != NULL;
}

static void say(struct guest *g, const char *text, size_t len)
{
	if (write(g->out, text, len) < 0)
		fprintf(stderr, "fake guest: cannot say: %s\n", strerror(errno));
}

static void finish(struct guest *g, enum hv_end end, const char *why)
{
	g->end = end;
	g->why = why;
	eventfd_write(g->end_fd, 1);
}

static void on_typed(evutil_socket_t fd, short what, void *arg)
{
	struct guest *g = arg;
	char buf[256];
	ssize_t n = read(fd, buf, sizeof(buf));

	if (n > 0)
		say(g, buf, (size_t)n);
}

int guest_create(struct guest **out, const struct hv_config *config, const struct hv_fds *fds,
		 const struct guest_ops *ops, struct event_base *loop, struct err *e)
{
	struct guest *g = calloc(1, sizeof(*g));

	if (!g)
		return err_set(e, -ENOMEM, "out of memory");
	*out = g;
	g->config = config;
	g->ops = *ops;
	g->in = fds->console_in;
	g->out = fds->console_out;
	g->end_fd = eventfd(0, EFD_CLOEXEC);
	memcpy(g->nic, config->nic, sizeof(g->nic));
	g->nics = config->nics;
	if (has_word(g, "fail"))
		return err_at(e, -ENODEV, "/guests/0/kernel", "kernel: was told to fail");
	g->typed = event_new(loop, g->in, EV_READ | EV_PERSIST, on_typed, g);
	return g->typed && event_add(g->typed, NULL) == 0 ? 0
							  : err_set(e, -ENOMEM, "out of memory");
}

void guest_dialed(struct guest *g, const char *nic, int fd)
{
	if (fd >= 0)
		close(fd);
}

int guest_restore(struct guest *g, int fd, struct err *e)
{
	char text[32] = "";
	ssize_t n = read(fd, text, sizeof(text) - 1);

	close(fd);
	if (n <= 0 || strcmp(text, "a fake guest's state\n") != 0)
		return err_set(e, -EINVAL, "not a fake guest's snapshot");
	g->restored = true;
	return 0;
}

int guest_run(struct guest *g, struct err *e)
{
	const char *once = strstr(g->config->cmdline, "reset-once=");
	int fd;

	say(g, g->restored ? "restored\n" : "hello\n", g->restored ? 9 : 6);
	if (has_word(g, "loses-card") && g->nics)
		guest_nic_del(g, g->nic[0].name, NULL);
	if (has_word(g, "die"))
		abort();
	if (has_word(g, "off"))
		finish(g, HV_END_POWER_OFF, "it was told to");
	if (has_word(g, "crash"))
		finish(g, HV_END_CRASH, "triple fault");
	fd = once ? open(once + 11, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600) : -1;
	if (fd >= 0) {
		close(fd);
		finish(g, HV_END_RESET, "");
	}
	return 0;
}

void guest_power_button(struct guest *g)
{
	if (!has_word(g, "deaf"))
		finish(g, HV_END_POWER_OFF, "");
}

void guest_pause(struct guest *g)
{
	g->paused = true;
}

void guest_resume(struct guest *g)
{
	g->paused = false;
}

int guest_snapshot(struct guest *g, int fd, struct err *e)
{
	if (has_word(g, "no-snapshot"))
		return err_set(e, -EBUSY, "not now");
	return dprintf(fd, "a fake guest's state\n") > 0 ? 0 : err_set(e, -errno, "cannot write");
}

int guest_nic_add(struct guest *g, const struct hv_nic_config *nic, const struct hv_nic_fds *fds,
		  struct err *e)
{
	bool direct = nic->model == HV_NIC_DIRECT;

	if (fds->socket >= 0)
		close(fds->socket);
	if (fds->container >= 0)
		close(fds->container);
	if (fds->group >= 0)
		close(fds->group);
	if (direct != (fds->container >= 0 && fds->group >= 0 && nic->address[0]))
		return err_set(e, -EBADF, "a direct card needs a container, a group, an address");
	if (has_word(g, "picky"))
		return err_set(e, -ENOTSUP, "this one it does not take");
	if (nic->serve != (fds->socket >= 0))
		return err_set(e, -EBADF, "a card that serves needs a socket, another none");
	g->nic[g->nics++] = *nic;
	return 0;
}

int guest_nic_del(struct guest *g, const char *name, struct err *e)
{
	for (unsigned int i = 0; i < g->nics; i++) {
		if (strcmp(g->nic[i].name, name) != 0)
			continue;
		if (g->nic[i].model == HV_NIC_DIRECT)
			g->ops.gone(g->ops.arg, name);
		g->nic[i] = g->nic[--g->nics];
		return 0;
	}
	return err_set(e, -ENOENT, "no such card");
}

json_t *guest_show(struct guest *g, bool stats)
{
	json_t *nics = json_array(), *o;

	if (has_word(g, "mute"))
		pause();
	for (unsigned int i = 0; i < g->nics; i++)
		json_array_append_new(nics, json_pack("{s:s,s:s,s:I}", "name", g->nic[i].name,
						      "address", g->nic[i].address, "epoch",
						      (json_int_t)g->nic[i].epoch));
	o = json_pack("{s:b,s:o,s:[]}", "paused", g->paused, "nics", nics, "disks");
	if (stats)
		json_object_set_new(o, "vcpus", json_array());
	return o;
}

int guest_end_fd(const struct guest *g)
{
	return g->end_fd;
}

enum hv_end guest_end(const struct guest *g)
{
	return g->end;
}

const char *guest_why(const struct guest *g)
{
	return g->why;
}

void guest_destroy(struct guest *g)
{
	if (!g)
		return;
	if (g->typed)
		event_free(g->typed);
	close(g->end_fd);
	free(g);
}
