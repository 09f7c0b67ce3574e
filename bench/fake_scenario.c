/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/fake_scenario.h"

#include <signal.h>
#include <string.h>

struct fake_script fake;

static const struct scenario_param params[] = {
	{"size", "64", "64..9018|imix|64k", "bytes of a frame"},
	{"flows", "1", "1..1000000", "how many flows"},
	{"both", "on", "on|off", "both ways"},
	{NULL, NULL, NULL, NULL},
};

static int fake_open(struct subject *s, struct err *e)
{
	if (!strcmp(s->name, "absent"))
		return err_set(e, -ENOENT, "absent is not here");
	fake.open++;
	return 0;
}

static int fake_sample(struct subject *s, struct sample *sample, struct err *e)
{
	double value = 1;
	enum fake_turn turn = fake.turn(fake.calls++, s->name, &value);

	if (strlen(fake.order) + strlen(s->name) + 2 < sizeof(fake.order)) {
		strcat(fake.order, s->name);
		strcat(fake.order, " ");
	}
	if (turn == FAKE_BROKEN)
		return err_set(e, -EIO, "%s broke", s->name);
	sample_add(sample, "throughput", "pps", false, value);
	sample_add(sample, "latency", "ns", true, 1 / value);
	sample_inform(sample, "note", "", 42);
	if (turn == FAKE_DISTURBED)
		sample_spoil(sample, "a cat on the keyboard");
	if (turn == FAKE_CTRL_C) {
		raise(SIGINT);
		sample_spoil(sample, "interrupted");
	}
	return 0;
}

static void fake_close(struct subject *s)
{
	fake.open--;
}

const struct scenario scenario_fake = {
	.name = "fake",
	.what = "follows a script",
	.params = params,
	.systems = "flue other-system other absent top",
	.rigless = true,
	.open = fake_open,
	.sample = fake_sample,
	.close = fake_close,
};

const struct scenario *const bench_scenarios[] = {&scenario_fake, NULL};

const struct scenario *scenario_find(const char *name)
{
	return strcmp(name, "fake") ? NULL : &scenario_fake;
}
