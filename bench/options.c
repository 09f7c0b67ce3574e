/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/options.h"

#include "base/ranges.h"
#include "bench/number.h"

#include <stdlib.h>
#include <string.h>

const char options_help[] =
	"Options of run:\n"
	"  --system NAME         what is measured (flue)\n"
	"  --vs NAME,...         what it is compared with, in the same run, in turns;\n"
	"                        NAME:KEY=VALUE: with another value of a parameter, as "
	"flue:flows=1\n"
	"  --rounds MIN..MAX     samples of each system: at least, at most (7..20)\n"
	"  --confidence SHARE    stop when half of each 95 % interval is within it (5%)\n"
	"  --seconds S           length of a trial or window (the scenario's own)\n"
	"  --budget S            seconds the whole run may take; each cell still gets MIN rounds\n"
	"  --retries N           a disturbed sample is taken again so often (5)\n"
	"  --max-steal SHARE     more taken by the hypervisor than this spoils a sample (5%)\n"
	"  --max-foreign SHARE   more used by other processes than this spoils a sample (5%)\n"
	"  --load-cores LIST     processors of the load, as 0,2-3 (the lowest)\n"
	"  --worker-cores LIST   processors of the systems' datapath (the highest)\n"
	"  --out DIR             where the run's file goes (bench-results)\n"
	"  -j, --json            the result as JSON on standard output\n";

struct parse {
	struct run_request *request;
	struct err *e;
	const char *value; /* of the option being read */
};

static int number(struct parse *p, const char *name, double low, double high, double *value)
{
	if (number_parse(p->value, value) || *value < low || *value > high)
		return err_set(p->e, -EINVAL, "%s %s: must be a number from %g to %g", name,
			       p->value, low, high);
	return 0;
}

static int take_number(struct parse *p, const char *name, struct run_options *o)
{
	double value;
	int ret;

	if (!strcmp(name, "--confidence"))
		return number(p, name, 0.001, 1, &o->confidence);
	if (!strcmp(name, "--seconds"))
		return number(p, name, 0.01, 3600, &o->limits.seconds);
	if (!strcmp(name, "--budget"))
		return number(p, name, 1, 1e6, &o->budget_seconds);
	if (!strcmp(name, "--max-steal"))
		return number(p, name, 0, 1, &o->limits.watch.steal);
	if (!strcmp(name, "--max-foreign"))
		return number(p, name, 0, 1, &o->limits.watch.foreign);
	ret = number(p, name, 0, 100, &value);
	o->limits.retries = (unsigned int)value;
	return ret;
}

static int take_rounds(struct parse *p, struct run_options *o)
{
	char *end;
	unsigned long low = strtoul(p->value, &end, 10), high = low;

	if (end != p->value && !strncmp(end, "..", 2))
		high = strtoul(end + 2, &end, 10);
	if (end == p->value || *end || low < 1 || high < low || high > RESULTS_ROUNDS)
		return err_set(p->e, -EINVAL, "--rounds %s: must be N or MIN..MAX, 1 to %d",
			       p->value, RESULTS_ROUNDS);
	o->min_rounds = (unsigned int)low;
	o->max_rounds = (unsigned int)high;
	return 0;
}

static int take_cores(struct parse *p, const char *name, uint64_t *mask)
{
	uint64_t bits[1];

	if (ranges_parse(p->value, bits, 64, 0, 63) || !bits[0])
		return err_set(p->e, -EINVAL, "%s %s: must be processors, as 0,2-3", name,
			       p->value);
	*mask = bits[0];
	return 0;
}

static int take_systems(struct parse *p, bool first)
{
	struct run_request *r = p->request;
	char **copy = &r->lists[first ? 0 : 1], *rest, *word;
	size_t *n = &r->options.n_systems;

	free(*copy);
	*copy = strdup(p->value);
	if (!*copy)
		return err_set(p->e, -ENOMEM, "out of memory");
	rest = *copy;
	if (first) {
		if (strchr(rest, ','))
			return err_set(p->e, -EINVAL, "--system %s: one only; --vs takes a list",
				       p->value);
		r->options.systems[0] = rest;
		return 0;
	}
	*n = 1;
	while ((word = strsep(&rest, ","))) {
		/* One place is kept for the ceiling. */
		if (*n == RESULTS_SYSTEMS - 1)
			return err_set(p->e, -EINVAL, "--vs: more than %d systems",
				       RESULTS_SYSTEMS - 2);
		r->options.systems[(*n)++] = word;
	}
	return 0;
}

static int take_option(struct parse *p, const char *name)
{
	static const char *const numbers[] = {
		"--confidence", "--seconds",	 "--budget", "--retries",
		"--max-steal",	"--max-foreign", NULL};
	struct run_request *r = p->request;

	for (size_t i = 0; numbers[i]; i++)
		if (!strcmp(name, numbers[i]))
			return take_number(p, name, &r->options);
	if (!strcmp(name, "--rounds"))
		return take_rounds(p, &r->options);
	if (!strcmp(name, "--system"))
		return take_systems(p, true);
	if (!strcmp(name, "--vs"))
		return take_systems(p, false);
	if (!strcmp(name, "--load-cores"))
		return take_cores(p, name, &r->load_cpus);
	if (!strcmp(name, "--worker-cores"))
		return take_cores(p, name, &r->worker_cpus);
	if (!strcmp(name, "--out")) {
		r->options.out = p->value;
		return 0;
	}
	return err_set(p->e, -EINVAL, "no option %s; flue-bench help run lists them", name);
}

/* Is the system one the scenario knows? */
static int check_system(const struct scenario *s, const char *name, struct err *e)
{
	size_t len = cells_name_length(name);

	for (const char *at = s->systems; *at; at += strcspn(at, " "), at += *at == ' ')
		if (len && !strncmp(at, name, len) && (!at[len] || at[len] == ' '))
			return cells_change(s, name, NULL, e);
	return err_set(e, -EINVAL, "%s cannot be measured with '%.*s'; it takes: %s", s->name,
		       (int)len, name, s->systems);
}

static int scenario_of(const char *name, struct run_options *o, struct err *e)
{
	char all[200] = "";

	o->scenario = scenario_find(name);
	if (o->scenario)
		return 0;
	for (size_t i = 0; bench_scenarios[i]; i++) {
		strncat(all, i ? ", " : "", sizeof(all) - strlen(all) - 1);
		strncat(all, bench_scenarios[i]->name, sizeof(all) - strlen(all) - 1);
	}
	return err_set(e, -EINVAL, "no scenario '%s'; there are: %s", name, all);
}

int options_parse(int n_words, char **words, struct run_request *request, struct err *e)
{
	struct run_options *o = &request->options;
	struct parse p = {request, e, NULL};
	size_t n = 0;
	/* Words that are no options, in order. */
	char **plain = calloc((size_t)n_words + 1, sizeof(*plain));
	int ret = plain ? 0 : err_set(e, -ENOMEM, "out of memory");

	*request = (struct run_request){0};
	o->min_rounds = 7;
	o->max_rounds = 20;
	o->confidence = 0.05;
	o->limits = (struct run_limits){.watch = {.steal = 0.05, .foreign = 0.05}, .retries = 5};
	o->out = "bench-results";
	for (int i = 0; !ret && i < n_words; i++) {
		if (!strcmp(words[i], "-j") || !strcmp(words[i], "--json")) {
			o->json = true;
		} else if (!strncmp(words[i], "-", 1)) {
			if (i + 1 == n_words) {
				ret = err_set(e, -EINVAL, "%s: its value is missing", words[i]);
				break;
			}
			p.value = words[i + 1];
			ret = take_option(&p, words[i]);
			i++;
		} else {
			plain[n++] = words[i];
		}
	}
	if (!ret && !n)
		ret = err_set(e, -EINVAL, "which scenario? flue-bench list shows them");
	if (!ret)
		ret = scenario_of(plain[0], o, e);
	if (!ret && !o->systems[0]) {
		p.value = "flue";
		ret = take_systems(&p, true);
	}
	if (!ret && !o->n_systems)
		o->n_systems = 1;
	for (size_t i = 0; !ret && i < o->n_systems; i++)
		ret = check_system(o->scenario, o->systems[i], e);
	if (!ret)
		ret = cells_make(o->scenario, plain + 1, n - 1, &o->cells, e);
	free(plain);
	if (ret)
		options_free(request);
	return ret;
}

void options_free(struct run_request *request)
{
	cells_free(&request->options.cells);
	free(request->lists[0]);
	free(request->lists[1]);
	*request = (struct run_request){0};
}
