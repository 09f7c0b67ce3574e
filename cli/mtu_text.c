/* SPDX-License-Identifier: BSD-3-Clause */
/* What a probe found, in words. */
#include "cli/mtu_probe.h"

#include <string.h>

static long long num(const json_t *o, const char *key)
{
	return (long long)json_get_int(o, key, 0);
}

static const char *at(const json_t *o, char *buf, size_t size)
{
	const char *address = json_get_str(o, "address", NULL);

	if (num(o, "hop") == 0)
		snprintf(buf, size, "this host");
	else
		snprintf(buf, size, "%s (hop %lld)", address ? address : "?", num(o, "hop"));
	return buf;
}

static void print_ways(FILE *out, const json_t *r)
{
	const json_t *there = json_object_get(r, "forward"), *back = json_object_get(r, "backward");

	fprintf(out, "  forward   %lld bytes%s\n", num(there, "mtu"),
		json_get_bool(there, "exact", false) ? "" : " or more: echoes were lost");
	fprintf(out, "  backward  %lld bytes", num(back, "mtu"));
	if (json_get_bool(back, "cut", false))
		fputs(" or more: the target cuts its answers short\n", out);
	else if (!json_get_bool(back, "at_least", true))
		fputs(": larger answers came in fragments\n", out);
	else if (num(back, "mtu") < num(r, "asked"))
		fputs(" or more: an answer is as large as the echo, and no larger echo got there\n",
		      out);
	else
		fputc('\n', out);
}

static void print_told(FILE *out, const json_t *told, const char *state)
{
	const char *from = json_get_str(told, "address", "this host");

	if (!told)
		return;
	if (num(told, "mtu"))
		fprintf(out, "  told      by %s: %lld bytes fit\n", from, num(told, "mtu"));
	else
		fprintf(out, "  told      by %s, which does not say what would fit\n", from);
	if (strcmp(state, "told-wrong") == 0)
		fputs("            that is wrong: senders who believe it send too large or too "
		      "small packets\n",
		      out);
}

static void print_where(FILE *out, const json_t *r)
{
	const json_t *where = json_object_get(r, "shrinks_at"),
		     *after = json_object_get(where, "after"), *port;
	char a[96], b[96];
	size_t i;

	print_told(out, json_object_get(where, "told"), json_get_str(r, "state", ""));
	if (json_get_bool(r, "black_hole", false))
		fprintf(out,
			"  BLACK HOLE: packets of %lld bytes vanish, and nobody says that they are "
			"too big;\n"
			"            logins and small requests pass, large transfers hang\n",
			num(r, "fails"));
	if (after)
		fprintf(out, "  shrinks   between %s and %s%s\n", at(after, a, sizeof(a)),
			at(json_object_get(where, "before"), b, sizeof(b)),
			json_get_bool(where, "maybe_back", false)
				? ", or the answer is lost on the way back"
				: "");
	json_array_foreach (json_object_get(where, "flue"), i, port)
		fprintf(out,
			"  flue      drops what %s port %s (bridge %s) above %lld bytes; if what "
			"is behind it takes more:\n"
			"            %s\n",
			strcmp(json_get_str(port, "direction", ""), "in") == 0 ? "comes from"
									       : "leaves by",
			json_get_str(port, "port", ""), json_get_str(port, "bridge", ""),
			num(port, "limit"), json_get_str(port, "cure", ""));
}

void mtu_probe_text(FILE *out, const json_t *params, const json_t *r)
{
	const char *interface = json_get_str(r, "interface", NULL),
		   *netns = json_get_str(r, "netns", NULL),
		   *reason = json_get_str(r, "reason", NULL);

	fputs(json_get_str(r, "target", ""), out);
	if (interface || netns)
		fprintf(out, " from %s%s%s", interface ? interface : "",
			interface && netns ? " in " : "", netns ? netns : "");
	if (num(r, "interface_mtu"))
		fprintf(out, ", interface MTU %lld", num(r, "interface_mtu"));
	fputc('\n', out);
	if (strcmp(json_get_str(r, "state", ""), "unreachable") == 0) {
		fprintf(out, "  unreachable: %s\n", reason ? reason : "no echo was answered");
	} else {
		print_ways(out, r);
		print_where(out, r);
	}
	fprintf(out, "  %lld echoes sent, %lld answered\n", num(r, "probes_sent"),
		num(r, "answers"));
}
