/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/report/report.h"
#include "bench/report/figure.h"
#include "bench/report/out.h"
#include "bench/report/style.h"
#include "bench/report/table.h"
#include "bench/report/view.h"
#include "bench/report/words.h"

#include "base/json.h"

#include <string.h>

/* Nothing may be loaded, whatever a file has smuggled in. */
static const char head[] =
	"<!DOCTYPE html>\n"
	"<html lang=\"en\" xmlns=\"http://www.w3.org/1999/xhtml\">\n<head>\n"
	"<meta charset=\"utf-8\"/>\n"
	"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
	"'unsafe-inline'\"/>\n"
	"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
	"<meta name=\"color-scheme\" content=\"light dark\"/>\n";

static const char patterns[] =
	"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"0\" height=\"0\" "
	"style=\"position:absolute\" aria-hidden=\"true\"><defs><pattern id=\"hatch\" "
	"patternUnits=\"userSpaceOnUse\" width=\"7\" height=\"7\" patternTransform=\"rotate(45)\">"
	"<line class=\"hatching\" x1=\"0\" y1=\"0\" x2=\"0\" y2=\"7\"/></pattern></defs></svg>\n";

static void write_when(FILE *f, const json_t *run)
{
	const char *started = json_get_str(run, "started", "");
	double seconds = json_number_value(json_object_get(run, "seconds"));

	if (strlen(started) >= 16 && started[10] == 'T')
		out_textf(f, "%.10s %.5s%s", started, started + 11,
			  strchr(started, 'Z') ? " UTC" : "");
	else
		out_text(f, started);
	if (seconds >= 120)
		fprintf(f, ", took %.0f minutes", seconds / 60);
	else if (seconds > 0)
		fprintf(f, ", took %.0f seconds", seconds);
}

static void write_machine_line(FILE *f, const struct view *v)
{
	const json_t *m = json_object_get(v->runs[v->n_runs - 1], "machine");
	const char *cpu = json_get_str(m, "cpu", NULL), *kernel = json_get_str(m, "kernel", NULL);
	bool hypervisor = json_object_get(m, "hypervisor") != NULL;
	int64_t cores = json_get_int(m, "cores", 0);

	if (!cpu && !kernel)
		return;
	fputs("<p class=\"sub\">", f);
	if (cpu)
		out_text(f, cpu);
	if (cores)
		out_textf(f, "; %lld processors", (long long)cores);
	if (hypervisor)
		fputs("; virtual machine", f);
	if (kernel)
		out_textf(f, "; Linux %s", kernel);
	fputs("</p>\n", f);
}

static void write_runs(FILE *f, const struct view *v)
{
	for (size_t i = 0; i < v->n_runs; i++) {
		const json_t *run = v->runs[i];

		/* More than a few are in the history's axis and in the tables. */
		if (v->n_runs > 6 && i > 0 && i + 1 < v->n_runs) {
			if (i == 1)
				fprintf(f, "<p class=\"sub\">… and %zu more …</p>\n",
					v->n_runs - 2);
			continue;
		}
		fputs("<p class=\"sub\">", f);
		out_textf(f, "%s: ", json_get_str(run, "scenario", ""));
		write_when(f, run);
		fputs("</p>\n", f);
	}
}

static void write_partial(FILE *f, const struct view *v)
{
	for (size_t i = 0; i < v->n_runs; i++) {
		if (!json_get_bool(v->runs[i], "partial", false))
			continue;
		fputs("<p class=\"flag\"><b>Partial:</b> the run ", f);
		out_textf(f, "%s of ", json_get_str(v->runs[i], "scenario", ""));
		write_when(f, v->runs[i]);
		fputs(", was interrupted. What is shown is what was known by then.</p>\n", f);
	}
}

static void write_header(FILE *f, const struct view *v)
{
	fputs(head, f);
	fputs("<title>flue-bench: ", f);
	for (size_t i = 0; i < v->n_scenarios; i++) {
		fputs(i ? ", " : "", f);
		out_text(f, v->scenarios[i].name);
	}
	fputs("</title>\n<style>\n", f);
	fputs(report_style, f);
	fputs("</style>\n</head>\n<body>\n", f);
	fputs(patterns, f);
	fputs("<header>\n<h1>Benchmark: ", f);
	for (size_t i = 0; i < v->n_scenarios; i++) {
		fputs(i ? ", " : "", f);
		out_text(f, v->scenarios[i].name);
	}
	fputs("</h1>\n", f);
	write_runs(f, v);
	write_machine_line(f, v);
	table_systems(f, v);
	write_partial(f, v);
	table_differences(f, v);
	fputs("</header>\n<main>\n", f);
}

static void write_words(FILE *f, const struct view_scenario *s)
{
	json_t *lines = words_scenario(s), *line;
	size_t i;

	if (json_array_size(lines)) {
		fputs("<ul class=\"words\">\n", f);
		json_array_foreach (lines, i, line) {
			fprintf(f, "<li class=\"%s\">", json_string_value(json_array_get(line, 0)));
			out_text(f, json_string_value(json_array_get(line, 1)));
			fputs("</li>\n", f);
		}
		fputs("</ul>\n", f);
	}
	json_decref(lines);
}

static void write_scenario(FILE *f, const struct view_scenario *s, unsigned int *serial)
{
	fputs("<section>\n", f);
	out_element(f, "h2", s->view->n_scenarios > 1 ? s->name : "What was found");
	if (s->common[0]) {
		fputs("<p class=\"sub\">", f);
		out_textf(f, "In all cells: %s", s->common);
		fputs("</p>\n", f);
	}
	write_words(f, s);
	table_refused(f, s);
	figures_write(f, s, serial);
	table_invalid(f, s);
	fputs("<h3>The numbers</h3>\n", f);
	table_results(f, s);
	table_comparisons(f, s);
	fputs("</section>\n", f);
}

int report_write(json_t *const *runs, size_t n, FILE *out, struct err *e)
{
	unsigned int serial = 0;
	struct view *v;

	if (!n)
		return err_set(e, -EINVAL, "a report needs at least one run");
	v = view_new(runs, n);
	if (!v)
		return err_set(e, -ENOMEM, "no memory for a report");
	write_header(out, v);
	for (size_t i = 0; i < v->n_scenarios; i++)
		write_scenario(out, &v->scenarios[i], &serial);
	fputs("<section>\n<h2>Where it was measured</h2>\n", out);
	table_machine(out, v);
	fputs("</section>\n</main>\n<footer>Written by flue-bench. Medians; intervals of 95 %; a "
	      "verdict is "
	      "read "
	      "from the interval of 99 % of pairs measured in turn.</footer>\n</body>\n</html>\n",
	      out);
	view_free(v);
	if (fflush(out) != 0 || ferror(out))
		return err_set(e, -EIO, "the report cannot be written: %s", strerror(errno));
	return 0;
}
