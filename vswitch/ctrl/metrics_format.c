/* SPDX-License-Identifier: BSD-3-Clause */
#include "vswitch/ctrl/metrics.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One label of a sample; a list of them ends with a NULL name. */
struct label {
	const char *name, *value;
};

/* A family whose samples are one member of each object of a list. */
struct family {
	const char *name, *member, *type, *help;
};

static void head(FILE *f, const char *name, const char *type, const char *help)
{
	fprintf(f, "# HELP %s ", name);
	for (; *help; help++) {
		if (*help == '\\' || *help == '\n')
			fputs(*help == '\n' ? "\\n" : "\\\\", f);
		else
			putc(*help, f);
	}
	fprintf(f, "\n# TYPE %s %s\n", name, type);
}

static void labels(FILE *f, const struct label *l)
{
	char sep = '{';

	for (; l->name; l++) {
		fprintf(f, "%c%s=\"", sep, l->name);
		for (const char *v = l->value; *v; v++) {
			if (*v == '\\' || *v == '"')
				putc('\\', f);
			fputs(*v == '\n' ? "\\n" : (char[]){*v, '\0'}, f);
		}
		putc('"', f);
		sep = ',';
	}
	if (sep == ',')
		putc('}', f);
}

/* A sample; of anything but a number or a boolean, nothing. */
static void sample(FILE *f, const char *name, const struct label *l, const json_t *value)
{
	if (!json_is_number(value) && !json_is_boolean(value))
		return;
	fputs(name, f);
	labels(f, l);
	if (json_is_real(value))
		fprintf(f, " %.17g\n", json_real_value(value));
	else if (json_is_integer(value))
		fprintf(f, " %lld\n", (long long)json_integer_value(value));
	else
		fprintf(f, " %d\n", json_is_true(value));
}

static void sample_int(FILE *f, const char *name, const struct label *l, int value)
{
	json_t *v = json_integer(value);

	sample(f, name, l, v);
	json_decref(v);
}

/* JSON keys become parts of metric names, which know fewer characters. */
static void metric_name(char *out, size_t size, const char *before, const char *key,
			const char *after)
{
	snprintf(out, size, "%s%.60s%s", before, key, after);
	for (char *c = out; *c; c++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_", *c))
			*c = '_';
}

/* The families over a list, each sample labelled with the object's `id` member as `label`. */
static void families(FILE *f, const struct family *fam, const json_t *list, const char *label,
		     const char *id)
{
	for (; fam->name; fam++) {
		json_t *item;
		size_t i;

		head(f, fam->name, fam->type, fam->help);
		json_array_foreach (list, i, item) {
			struct label l[] = {{label, json_get_str(item, id, "")}, {0}};

			sample(f, fam->name, l, json_object_get(item, fam->member));
		}
	}
}

/* The counters are whatever the ports count, so that a new one needs nothing here. */
static void port_counters(FILE *f, const json_t *ports)
{
	json_t *seen = json_object(), *port, *v;
	const char *key;
	size_t i, j;

	json_array_foreach (ports, i, port)
		json_object_foreach (json_object_get(port, "stats"), key, v)
			if (json_is_integer(v))
				json_object_set(seen, key, json_null());
	json_object_foreach (seen, key, v) {
		char name[128], help[160];

		metric_name(name, sizeof(name), "flue_port_", key, "_total");
		snprintf(help, sizeof(help), "Counter %.60s of 'flue port show -s'.", key);
		head(f, name, "counter", help);
		json_array_foreach (ports, j, port) {
			struct label l[] = {{"port", json_get_str(port, "name", "")}, {0}};

			sample(f, name, l, json_object_get(json_object_get(port, "stats"), key));
		}
	}
	json_decref(seen);
}

static void port_drops(FILE *f, const json_t *ports)
{
	json_t *port, *drop;
	const char *reason;
	size_t i;

	head(f, "flue_port_drops_total", "counter",
	     "Packets dropped, by reason; reasons that never occurred are left out.");
	json_array_foreach (ports, i, port) {
		json_t *drops = json_object_get(json_object_get(port, "stats"), "drops");

		json_object_foreach (drops, reason, drop) {
			struct label l[] = {
				{"port", json_get_str(port, "name", "")}, {"reason", reason}, {0}};

			sample(f, "flue_port_drops_total", l, json_object_get(drop, "count"));
		}
	}
}

/* One family over a member of each port's merge statistics. */
static void port_merge(FILE *f, const json_t *ports, const char *family, const char *help,
		       const char *member, const char *label)
{
	json_t *port, *v;
	const char *key;
	size_t i;

	head(f, family, "counter", help);
	json_array_foreach (ports, i, port) {
		json_t *merge = json_object_get(json_object_get(port, "stats"), "merge");

		json_object_foreach (json_object_get(merge, member), key, v) {
			struct label l[] = {
				{"port", json_get_str(port, "name", "")}, {label, key}, {0}};

			sample(f, family, l, json_is_object(v) ? json_object_get(v, "count") : v);
		}
	}
}

static void format_ports(FILE *f, const json_t *ports)
{
	static const struct family fam[] = {
		{"flue_port_mtu_bytes", "mtu", "gauge", "Largest layer-3 packet on the port."},
		{"flue_port_mtu_planned_bytes", "mtu_planned", "gauge",
		 "MTU the plan gives the port."},
		{"flue_port_mtu_actual_bytes", "mtu_actual", "gauge",
		 "MTU of the port's interface or device."},
		{0},
	};
	json_t *port;
	size_t i;

	head(f, "flue_port_info", "gauge", "1 for each port, with what it is.");
	json_array_foreach (ports, i, port) {
		struct label l[] = {{"port", json_get_str(port, "name", "")},
				    {"kind", json_get_str(port, "kind", "")},
				    {"bridge", json_get_str(port, "bridge", "")},
				    {0}};

		sample_int(f, "flue_port_info", l, 1);
	}
	head(f, "flue_port_up", "gauge", "1 while the port can forward, 0 while it waits.");
	json_array_foreach (ports, i, port) {
		struct label l[] = {{"port", json_get_str(port, "name", "")}, {0}};
		const char *state = json_get_str(port, "state", NULL);

		if (state)
			sample_int(f, "flue_port_up", l, strcmp(state, "up") == 0);
	}
	families(f, fam, ports, "port", "name");
	port_counters(f, ports);
	port_drops(f, ports);
	port_merge(f, ports, "flue_port_merge_frames_total",
		   "Frames merged into units, by the largest size of the unit's class.", "frames",
		   "size");
	port_merge(f, ports, "flue_port_merge_ends_total",
		   "Units, and frames that waited alone, by why they took no more.", "ended",
		   "reason");
}

static void format_bridges(FILE *f, const json_t *bridges)
{
	static const struct family fam[] = {
		{"flue_bridge_mtu_bytes", "mtu", "gauge", "Largest layer-3 packet on the bridge."},
		{"flue_bridge_fdb_entries", "fdb_entries", "gauge", "Addresses the bridge knows."},
		{"flue_bridge_fdb_max", "fdb-max", "gauge", "Addresses the bridge can hold."},
		{0},
	};

	families(f, fam, bridges, "bridge", "name");
}

/* Samples of one worker's member for each worker; both ids are numbers in the JSON. */
static void format_workers(FILE *f, const json_t *workers)
{
	static const struct family fam[] = {
		{"flue_worker_busy_ratio", "busy_ratio", "gauge",
		 "Share of its time that the worker spent on packets, 0 to 1."},
		{"flue_worker_polls_total", "polls", "counter", "Rounds over the worker's queues."},
		{"flue_worker_sleeps_total", "sleeps", "counter",
		 "Times the worker went to sleep."},
		{"flue_worker_rx_packets_total", "rx_packets", "counter",
		 "Frames and units the worker received."},
		{0},
	};

	for (const struct family *m = fam; m->name; m++) {
		json_t *w;
		size_t i;

		head(f, m->name, m->type, m->help);
		json_array_foreach (workers, i, w) {
			char id[24], core[24];
			struct label l[] = {{"worker", id}, {"core", core}, {0}};

			snprintf(id, sizeof(id), "%d", (int)json_get_int(w, "id", (int64_t)i));
			snprintf(core, sizeof(core), "%d", (int)json_get_int(w, "core", -1));
			sample(f, m->name, l, json_object_get(w, m->member));
		}
	}
}

static void format_switch(FILE *f, const json_t *sw)
{
	static const struct family fam[] = {
		{"flue_uptime_seconds", "uptime_s", "gauge", "Time since flued started."},
		{"flue_mbufs", "mbufs", "gauge", "Packet buffers there are."},
		{"flue_mbufs_free", "mbufs_free", "gauge", "Packet buffers not in use."},
		{"flue_resident_bytes", "resident_bytes", "gauge", "Memory of the process in RAM."},
		{0},
	};
	struct label none[] = {{0}};
	struct label info[] = {{"version", json_get_str(sw, "version", "")},
			       {"dpdk", json_get_str(sw, "dpdk", "")},
			       {0}};

	head(f, "flue_info", "gauge", "1, with the versions that run.");
	sample_int(f, "flue_info", info, 1);
	for (const struct family *m = fam; m->name; m++) {
		head(f, m->name, m->type, m->help);
		sample(f, m->name, none, json_object_get(sw, m->member));
	}
	format_workers(f, json_object_get(sw, "workers"));
}

static void format_pipeline(FILE *f, const json_t *pipeline)
{
	static const struct family fam[] = {
		{"flue_stage_calls_total", "calls", "counter", "Bursts the stage was given."},
		{"flue_stage_packets_total", "packets", "counter", "Packets in these bursts."},
		{"flue_stage_cycles_total", "cycles", "counter", "TSC cycles spent on them."},
		{0},
	};
	struct label none[] = {{0}};

	head(f, "flue_tsc_hz", "gauge", "TSC cycles a second.");
	sample(f, "flue_tsc_hz", none, json_object_get(pipeline, "tsc_hz"));
	for (const struct family *m = fam; m->name; m++) {
		json_t *w, *stage;
		size_t i, j;

		head(f, m->name, m->type, m->help);
		json_array_foreach (json_object_get(pipeline, "workers"), i, w)
			json_array_foreach (json_object_get(w, "stages"), j, stage) {
				char id[24];
				struct label l[] = {{"worker", id},
						    {"stage", json_get_str(stage, "name", "")},
						    {0}};

				snprintf(id, sizeof(id), "%d",
					 (int)json_get_int(w, "id", (int64_t)i));
				sample(f, m->name, l, json_object_get(stage, m->member));
			}
	}
}

/* A number for each member of an object. */
static void by_member(FILE *f, const char *name, const char *type, const char *help,
		      const char *label, const json_t *object)
{
	const char *key;
	json_t *value;

	head(f, name, type, help);
	json_object_foreach ((json_t *)(uintptr_t)object, key, value) {
		struct label l[] = {{label, key}, {0}};

		sample(f, name, l, value);
	}
}

/* Which of the tree's members are what there is now; the others are counts. */
static bool is_object(const char *member)
{
	return !strcmp(member, "neighbors") || !strcmp(member, "paths") ||
	       !strcmp(member, "connections");
}

static void format_tree(FILE *f, const json_t *tree)
{
	json_t *objects = json_object(), *news = json_object(), *value;
	const char *key;

	json_object_foreach ((json_t *)(uintptr_t)tree, key, value)
		json_object_set(is_object(key) ? objects : news, key, value);
	by_member(f, "flue_chimney_objects", "gauge", "What connections are offloaded over.",
		  "object", objects);
	by_member(f, "flue_chimney_news_total", "counter",
		  "What the kernel and the network told of that, and what came of it.", "news",
		  news);
	json_decref(objects);
	json_decref(news);
}

static void format_chimney(FILE *f, const json_t *chimney)
{
	static const struct family fam[] = {
		{"flue_chimney_offloads_total", "offloaded", "counter",
		 "TCP connections taken over from the kernel."},
		{"flue_chimney_uploads_total", "uploaded", "counter",
		 "TCP connections given back to it."},
		{"flue_chimney_lost_total", "lost", "counter",
		 "TCP connections that could not be given back and were reset."},
		{0},
	};
	const json_t *counts = json_object_get(chimney, "counts");
	struct label none[] = {{0}};

	head(f, "flue_chimney_connections", "gauge", "TCP connections that are offloaded.");
	sample(f, "flue_chimney_connections", none, json_object_get(chimney, "connections"));
	for (const struct family *m = fam; m->name; m++) {
		head(f, m->name, m->type, m->help);
		sample(f, m->name, none, json_object_get(counts, m->member));
	}
	by_member(f, "flue_chimney_refused_total", "counter",
		  "Offers that were refused, by reason.", "reason",
		  json_object_get(counts, "refused"));
	by_member(f, "flue_chimney_upload_reasons_total", "counter",
		  "Connections given back, by reason.", "reason",
		  json_object_get(counts, "upload_reasons"));
	by_member(f, "flue_chimney_engine_total", "counter",
		  "What engines counted, over all connections.", "count",
		  json_object_get(chimney, "engine"));
	format_tree(f, json_object_get(chimney, "tree"));
}

char *metrics_format(const struct metrics_data *d, size_t *len)
{
	char *text = NULL;
	FILE *f = open_memstream(&text, len);

	if (!f)
		return NULL;
	if (d->sw)
		format_switch(f, d->sw);
	if (d->bridges)
		format_bridges(f, d->bridges);
	if (d->ports)
		format_ports(f, d->ports);
	if (d->pipeline)
		format_pipeline(f, d->pipeline);
	if (d->chimney)
		format_chimney(f, d->chimney);
	if (fclose(f) == 0)
		return text;
	free(text);
	return NULL;
}
