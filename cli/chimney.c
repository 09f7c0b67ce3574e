/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/chimney.h"
#include "cli/chimney_attach.h"
#include "cli/chimney_tap.h"
#include "cli/render.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void counted(FILE *out, const char *what, const json_t *counts)
{
	const char *key;
	json_t *value;
	bool any = false;

	json_object_foreach ((json_t *)(uintptr_t)counts, key, value) {
		fprintf(out, "%s%s %lld", any ? ", " : what, key,
			(long long)json_integer_value(value));
		any = true;
	}
	if (any)
		fputc('\n', out);
}

/* As ss -ti: a line of numbers below each connection. */
static void flow_text(FILE *out, const json_t *f)
{
	static const char *const members[] = {
		"cc",	      "cwnd",	    "rtt_us",	   "min_rtt_us",     "rto_us",
		"mss",	      "mtu",	    "inflight",	   "snd_wnd",	     "rcv_wnd",
		"send_queue", "recv_queue", "bytes_acked", "bytes_received", "retrans",
		"rtos",	      "ooo"};
	const char *upload = json_get_str(f, "upload", NULL);

	fprintf(out, "%s  %s > %s  %s  %s (%lld)  port %s  worker %lld  %.1f s%s%s\n",
		json_get_str(f, "where", "-"), json_get_str(f, "local", "-"),
		json_get_str(f, "remote", "-"), json_get_str(f, "state", "-"),
		json_get_str(f, "application", "-"), (long long)json_get_int(f, "pid", 0),
		json_get_str(f, "port", "-"), (long long)json_get_int(f, "worker", 0),
		json_real_value(json_object_get(f, "age_s")), upload ? "  upload: " : "",
		upload ? upload : "");
	fputs("   ", out);
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		const json_t *v = json_object_get(f, members[i]);

		if (json_is_string(v))
			fprintf(out, " %s", json_string_value(v));
		else if (v)
			fprintf(out, " %s:%lld", members[i], (long long)json_integer_value(v));
	}
	fputc('\n', out);
}

static void show_text(FILE *out, const json_t *params, const json_t *result)
{
	const json_t *flows = json_object_get(result, "flows");
	const json_t *counts = json_object_get(result, "counts");
	json_t *flow;
	size_t i;

	fprintf(out,
		"%lld of %lld connections offloaded; %lld since the start, %lld uploaded, "
		"%lld lost%s\n",
		(long long)json_get_int(result, "connections", 0),
		(long long)json_get_int(result, "max", 0),
		(long long)json_get_int(counts, "offloaded", 0),
		(long long)json_get_int(counts, "uploaded", 0),
		(long long)json_get_int(counts, "lost", 0),
		json_get_bool(result, "listening", false)
			? ""
			: "\nflued takes none: start it with --chimney-socket PATH");
	counted(out, "uploaded because: ", json_object_get(counts, "upload_reasons"));
	counted(out, "refused because: ", json_object_get(counts, "refused"));
	counted(out, "their ways: ", json_object_get(result, "tree"));
	json_array_foreach (flows, i, flow)
		flow_text(out, flow);
}

static void upload_text(FILE *out, const json_t *params, const json_t *result)
{
	fprintf(out, "%lld connections go back to the kernel\n",
		(long long)json_get_int(result, "uploading", 0));
}

static const struct cli_verb verbs[] = {
	{.name = "show", .method = "chimney.show", .text = show_text},
	{.name = "upload", .method = "chimney.upload", .text = upload_text},
	CHIMNEY_TAP_VERB,
	{.name = "run",
	 .help = "run a program whose TCP connections are offered to the switch",
	 .run_words = chimney_run,
	 .usage = "[socket PATH] [ports LIST] [log FILE] [spin-us N] -- COMMAND..."},
	{.name = "attach",
	 .help = "have the switch run a connection that a running program has",
	 .run_words = chimney_attach,
	 .usage = "PID FD [socket PATH] [foreground on|off]"},
	{.name = "detach",
	 .help = "give an attached connection back to its program",
	 .run_words = chimney_detach,
	 .usage = "PID FD"},
	{0},
};

const struct cli_object cli_chimney = {.name = "chimney", .verbs = verbs};
