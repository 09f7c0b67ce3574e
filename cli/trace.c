/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/cli.h"
#include "cli/interrupt.h"

#include <time.h>

/* A burst's packets pass each stage together, so steps come stage by stage; people read packet by
 * packet. `steps` are those of one answer. */
static void print_steps(FILE *out, const json_t *steps)
{
	json_t *done = json_object(), *first, *step;
	size_t i, j;

	json_array_foreach (steps, i, first) {
		json_int_t packet = json_get_int(first, "packet", 0);
		char id[24];

		snprintf(id, sizeof(id), "%lld", (long long)packet);
		if (json_object_get(done, id))
			continue;
		json_object_set_new(done, id, json_true());
		fprintf(out, "packet %s\n", id);
		json_array_foreach (steps, j, step)
			if (json_get_int(step, "packet", 0) == packet)
				fprintf(out, "  %-12s %s\n", json_get_str(step, "stage", "?"),
					json_get_str(step, "text", ""));
	}
	json_decref(done);
	fflush(out);
}

/* Reads on until flued says that it is over. *all: the answers as one. */
static int follow(struct cli *c, json_t *all)
{
	const struct timespec pause = {0, 100 * 1000 * 1000};
	json_t *params = json_pack("{s:i}", "after", 0), *answer, *steps;
	bool running = true;
	int ret = CLI_OK;

	while (running && ret == CLI_OK) {
		bool last_look = interrupt_seen();
		size_t n;

		ret = cli_call(c, "trace.read", params, &answer);
		if (ret != CLI_OK)
			break;
		steps = json_object_get(answer, "steps");
		n = json_array_size(steps);
		if (n > 0)
			json_object_set(params, "after",
					json_object_get(json_array_get(steps, n - 1), "seq"));
		if (!c->json)
			print_steps(c->out, steps);
		json_array_extend(json_object_get(all, "steps"), steps);
		json_object_set(all, "packets", json_object_get(answer, "packets"));
		/* With nobody to read on (`| head`), there is nothing left to follow for. */
		running = json_get_bool(answer, "running", false) && !last_look && !ferror(c->out);
		json_decref(answer);
		if (running)
			nanosleep(&pause, NULL);
	}
	json_decref(params);
	return ret;
}

static int run(struct cli *c, const struct cli_verb *verb, json_t *params)
{
	json_t *all = json_pack("{s:b,s:i,s:[]}", "running", 0, "packets", 0, "steps");
	struct interrupt was;
	struct err e = {0};
	json_t *answer;
	int ret;

	ret = cli_call(c, verb->method, params, &answer);
	json_decref(answer);
	if (ret == CLI_OK) {
		interrupt_catch(&was);
		ret = follow(c, all);
		cli_try(c, "trace.stop", NULL, &answer, &e); /* it may have ended by itself */
		json_decref(answer);
		interrupt_restore(&was);
		if (ret == CLI_OK)
			cli_print(c, verb, params, all);
	}
	json_decref(all);
	return ret;
}

static const struct cli_verb verbs[] = {
	{.name = "start",
	 .method = "trace.start",
	 .help = "follow the next packets of a port until so many came, or Ctrl-C",
	 .run = run},
	{0},
};

const struct cli_object cli_trace = {.name = "trace", .verbs = verbs, .single = true};
