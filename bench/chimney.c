/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/chimney.h"

#include "base/clock.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How long a connection that is idle may take to be offered again and taken. */
enum { OFFLOAD_MS = 3000, LOOK_MS = 20 };

static bool a_alone(const char *which)
{
	return !strcmp(which, "a") || !strcmp(which, "initiator");
}

static bool b_alone(const char *which)
{
	return !strcmp(which, "b") || !strcmp(which, "target");
}

/* The way to b only: what comes from b for a connection that the switch runs leaves by no port, so
 * what is done there would be done to some systems and not to others. */
static void impair(struct wire_port *port, double loss, double rtt)
{
	size_t size = sizeof(port->impair), used = 0;

	if (loss > 0)
		used = (size_t)snprintf(port->impair, size, "loss %g%%", loss);
	if (rtt > 0)
		snprintf(port->impair + used, size - used, "%sdelay %gms", used ? " " : "", rtt);
}

int chimney_wire(const struct cell *cell, struct wiring *w, struct err *e)
{
	double loss = cell_number(cell, "loss"), rtt = cell_number(cell, "rtt");
	const char *which = cell_text(cell, "chimney");

	w->chimney = strcmp(which, "none") != 0;
	if (!w->chimney && cell_number(cell, "upload") > 0)
		return err_set(e, -EINVAL,
			       "upload %s: nothing is with the switch that it could give back; "
			       "chimney both puts it there",
			       cell_text(cell, "upload"));
	if ((loss > 0 || rtt > 0) && (!strcmp(which, "both") || b_alone(which)))
		return err_set(e, -EINVAL,
			       "chimney %s: what the switch runs for b never leaves the port that "
			       "loses and delays; chimney %s does",
			       which, !strcmp(which, "target") ? "initiator" : "a");
	impair(&w->ports[1], loss, rtt);
	return 0;
}

void chimney_open(const struct subject *s, unsigned int connections, struct chimney *c)
{
	const char *which = cell_text(s->cell, "chimney");
	bool both = !strcmp(which, "both");
	char retry[16];

	*c = (struct chimney){
		.a = both || a_alone(which),
		.b = both || b_alone(which),
		.upload_ms = (unsigned int)cell_number(s->cell, "upload"),
	};
	c->expected = connections * ((unsigned int)c->a + (unsigned int)c->b);
	if (!c->expected)
		return;
	rig_chimney_socket(s->rig, c->socket, sizeof(c->socket));
	/* The load's programs inherit it. What was given back is to be with the switch again well
	 * before the next time. */
	setenv("FLUE_CHIMNEY_SPIN_US", cell_text(s->cell, "spin"), 1);
	if (c->upload_ms) {
		snprintf(retry, sizeof(retry), "%u", c->upload_ms / 4);
		setenv("FLUE_CHIMNEY_RETRY_MS", retry, 1);
	} else {
		unsetenv("FLUE_CHIMNEY_RETRY_MS");
	}
}

const char *chimney_of_a(const struct chimney *c)
{
	return c->a ? c->socket : NULL;
}

const char *chimney_of_b(const struct chimney *c)
{
	return c->b ? c->socket : NULL;
}

static void give_back(void *arg)
{
	struct err ignored = {0};
	struct rig *rig = arg;

	/* That it was not done is seen in the count of connections that went back. */
	rig->system->chimney_upload(rig, &ignored);
}

int chimney_begin(const struct subject *s, struct chimney *c, struct window *w, struct err *e)
{
	uint64_t deadline = clock_now_ns() + OFFLOAD_MS * 1000000ull;
	int ret;

	if (!c->expected)
		return 0;
	do {
		ret = s->rig->system->chimney(s->rig, &c->before, e);
		if (ret || c->before.connections == c->expected || s->interrupted())
			break;
		poll(NULL, 0, LOOK_MS);
	} while (clock_now_ns() < deadline);
	if (c->upload_ms) {
		w->beat = give_back;
		w->beat_ms = c->upload_ms;
	}
	return ret;
}

bool chimney_wrong(const struct chimney *c, const struct system_chimney *after, char *why,
		   size_t size)
{
	uint64_t went = after->uploaded - c->before.uploaded, lost = after->lost - c->before.lost;

	if (lost)
		snprintf(why, size, "%llu connections were lost on their way back to the kernel",
			 (unsigned long long)lost);
	else if (c->upload_ms && !went)
		snprintf(why, size, "nothing was given back to the kernel");
	else if (!c->upload_ms && went)
		snprintf(why, size, "%llu connections went back to the kernel: %s",
			 (unsigned long long)went, after->why);
	else if (!c->upload_ms && c->before.connections != c->expected)
		snprintf(why, size, "%u of %u connections were with the switch; %s",
			 c->before.connections, c->expected, after->why);
	else if (!c->upload_ms && after->connections != c->expected)
		snprintf(why, size, "%u of %u connections are with the switch; %s",
			 after->connections, c->expected, after->why);
	else
		return false;
	return true;
}

int chimney_end(const struct subject *s, const struct chimney *c, struct sample *sample,
		struct err *e)
{
	struct system_chimney after;
	char why[sizeof(sample->why)];
	int ret;

	if (!c->expected)
		return 0;
	ret = s->rig->system->chimney(s->rig, &after, e);
	if (ret)
		return ret;
	sample_inform(sample, "offloads", "", (double)(after.offloaded - c->before.offloaded));
	sample_inform(sample, "uploads", "", (double)(after.uploaded - c->before.uploaded));
	if (sample->valid && chimney_wrong(c, &after, why, sizeof(why)))
		sample_spoil(sample, "%s", why);
	return 0;
}
