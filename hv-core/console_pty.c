/* SPDX-License-Identifier: BSD-3-Clause */
/* The console on a pty: any terminal program opens it as it would a serial line. */
#include "hv-core/console_term.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

struct term {
	struct hv_term term;
	struct hv_console *console;
	struct event *on_in;
	int master, slave; /* the slave is kept open, so that a reader that goes is no hang-up */
	const char *link;  /* NULL: none */
	char name[64];
};

/* The pty holds a few KB; with no reader they fill up and the rest is dropped. */
static void out(struct hv_term *term, const void *bytes, size_t len)
{
	struct term *t = (struct term *)term;
	ssize_t n = write(t->master, bytes, len);

	if (n < (ssize_t)len)
		hv_console_dropped(t->console, len - (n > 0 ? (size_t)n : 0));
}

static void on_in(evutil_socket_t fd, short what, void *arg)
{
	struct term *t = arg;
	char buf[512];
	ssize_t n = read(fd, buf, sizeof(buf));

	if (n > 0)
		hv_console_type(t->console, buf, (size_t)n);
}

static void free_term(struct hv_term *term)
{
	struct term *t = (struct term *)term;

	if (t->link)
		unlink(t->link);
	if (t->on_in)
		event_free(t->on_in);
	if (t->slave >= 0)
		close(t->slave);
	if (t->master >= 0)
		close(t->master);
	free(t);
}

/* Puts the link in place of an older one, never of anything else. */
static int make_link(struct term *t, const char *link, struct err *e)
{
	struct stat st;

	if (lstat(link, &st) == 0) {
		if (!S_ISLNK(st.st_mode))
			return err_at(e, -EEXIST, "/guests/0/console-path",
				      "console-path: %.200s is there and no link; name another",
				      link);
		unlink(link);
	}
	if (symlink(t->name, link) != 0)
		return err_at(e, -errno, "/guests/0/console-path",
			      "console-path: cannot make the link %.200s: %s", link,
			      strerror(errno));
	t->link = link;
	t->term.path = link;
	return 0;
}

static int open_pty(struct term *t, struct err *e)
{
	struct termios raw;

	t->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	if (t->master < 0 || grantpt(t->master) != 0 || unlockpt(t->master) != 0 ||
	    ptsname_r(t->master, t->name, sizeof(t->name)) != 0)
		return err_set(e, -errno, "cannot make a pty: %s", strerror(errno));
	t->slave = open(t->name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (t->slave < 0 || tcgetattr(t->slave, &raw) != 0)
		return err_set(e, -errno, "cannot open the pty %s: %s", t->name, strerror(errno));
	cfmakeraw(&raw);
	tcsetattr(t->slave, TCSANOW, &raw);
	t->term.path = t->name;
	return 0;
}

struct hv_term *hv_term_pty(struct event_base *loop, struct hv_console *c, const char *link,
			    struct err *e)
{
	struct term *t = calloc(1, sizeof(*t));

	if (!t) {
		err_set(e, -ENOMEM, "no memory for the console");
		return NULL;
	}
	t->term = (struct hv_term){.out = out, .free = free_term};
	t->console = c;
	t->master = t->slave = -1;
	if (open_pty(t, e) != 0 || (link && make_link(t, link, e) != 0))
		goto free_it;
	t->on_in = event_new(loop, t->master, EV_READ | EV_PERSIST, on_in, t);
	if (!t->on_in || event_add(t->on_in, NULL) != 0) {
		err_set(e, -ENOMEM, "no memory for the console");
		goto free_it;
	}
	return &t->term;

free_it:
	free_term(&t->term);
	return NULL;
}
