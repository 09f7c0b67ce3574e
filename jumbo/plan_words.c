/* SPDX-License-Identifier: BSD-3-Clause */
/* The plan in words: what elements are called, and what is wrong with one. */
#include "jumbo/plan.h"

#include <stdio.h>
#include <string.h>

const char *mtu_kind_name(enum mtu_kind kind)
{
	static const char *const names[MTU_KINDS] = {
		[MTU_SITE] = "site",   [MTU_BRIDGE] = "bridge",	      [MTU_HOST] = "host",
		[MTU_VHOST] = "vhost", [MTU_ETHDEV] = "ethdev",	      [MTU_GUEST] = "guest",
		[MTU_PF] = "pf",       [MTU_INTERFACE] = "interface", [MTU_VF] = "vf",
	};

	return names[kind];
}

const char *mtu_plan_label(const struct mtu_plan *p, size_t i, char *text, size_t size)
{
	static const char *const before[MTU_KINDS] = {
		[MTU_BRIDGE] = "bridge ",
		[MTU_HOST] = "port ",
		[MTU_VHOST] = "port ",
		[MTU_ETHDEV] = "port ",
		[MTU_GUEST] = "guest of port ",
		[MTU_INTERFACE] = "interface ",
		[MTU_PF] = "PF ",
		[MTU_VF] = "VF ",
	};
	const struct mtu_element *e = &p->elements[i];

	if (e->kind == MTU_SITE)
		snprintf(text, size, "site");
	else
		snprintf(text, size, "%s%s", before[e->kind], e->name);
	return text;
}

const char *mtu_plan_source(const struct mtu_plan *p, size_t i, char *text, size_t size)
{
	int source = p->elements[i].source;

	if (source != MTU_NOBODY)
		return mtu_plan_label(p, (size_t)source, text, size);
	snprintf(text, size, "default");
	return text;
}

/* One word for a shell. Names of interfaces are not ours, and a cure is there to be copied. */
static void put_word(FILE *out, const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789._-@%+";

	if (word[strspn(word, plain)] == '\0') {
		fputs(word, out);
		return;
	}
	fputc('\'', out);
	for (; *word; word++)
		fputs(*word == '\'' ? "'\\''" : (char[]){*word, '\0'}, out);
	fputc('\'', out);
}

/* "ip -n h1 link set dev eth0 mtu 9000" */
static void link_cure(const struct mtu_element *e, char *cure, size_t size)
{
	FILE *out = fmemopen(cure, size, "w");

	cure[0] = '\0';
	if (!out)
		return; /* out of memory: the sentence must do */
	fputs("ip ", out);
	if (e->netns[0]) {
		fputs("-n ", out);
		put_word(out, e->netns);
		fputc(' ', out);
	}
	fputs("link set dev ", out);
	put_word(out, e->ifname);
	fprintf(out, " mtu %u", e->planned);
	fclose(out);
}

/* Of an interface of the kernel's: on its own, of a host port, beneath a device, a PF, a VF. */
static void interface_problem(const struct mtu_plan *p, const struct mtu_element *e,
			      const char *source, struct mtu_problem *out)
{
	const char *of = "", *port = "", *comes;

	if (e->kind == MTU_HOST || e->kind == MTU_INTERFACE) {
		of = e->kind == MTU_HOST ? " of port " : " beneath port ";
		port = e->kind == MTU_HOST ? e->name : p->elements[e->parent].name;
	}
	if (e->actual > e->planned)
		comes = "what it sends or receives above the plan is not forwarded";
	else if (e->kind == MTU_HOST)
		comes = "it sends nothing larger, and may lose what others send it";
	else
		comes = "larger packets do not pass it";
	snprintf(out->text, sizeof(out->text),
		 "interface %s%s%s%s%s%s has %u, the plan says %u (from: %s): %s", e->ifname,
		 e->netns[0] ? " (namespace " : "", e->netns, e->netns[0] ? ")" : "", of, port,
		 e->actual, e->planned, source, comes);
	link_cure(e, out->cure, sizeof(out->cure));
}

static void guest_problem(const struct mtu_plan *p, const struct mtu_element *e, const char *source,
			  struct mtu_problem *out)
{
	const struct mtu_element *port = &p->elements[e->parent];
	const char *name = port->name;
	uint32_t room = port->parent == MTU_NOBODY ? 0 : p->elements[port->parent].planned;

	if (e->actual < e->planned) {
		snprintf(out->text, sizeof(out->text),
			 "guest of port %s uses %u, the plan says %u (from: %s): larger packets do "
			 "not reach it; have its monitor tell it %u (QEMU: host_mtu=%u), or lower "
			 "the plan",
			 name, e->actual, e->planned, source, e->planned, e->planned);
		snprintf(out->cure, sizeof(out->cure), "flue port set %s mtu %u", name, e->actual);
		return;
	}
	snprintf(out->text, sizeof(out->text),
		 "guest of port %s may use %u, the plan says %u (from: %s): what it sends above %u "
		 "is not forwarded; have its monitor tell it %u (QEMU: host_mtu=%u), or raise the "
		 "plan",
		 name, e->actual, e->planned, source, e->planned, e->planned, e->planned);
	if (e->actual <= room)
		snprintf(out->cure, sizeof(out->cure), "flue port set %s mtu %u", name, e->actual);
	else
		snprintf(out->cure, sizeof(out->cure),
			 "in the guest: ip link set dev eth0 mtu %u; and host_mtu=%u for its "
			 "monitor's next start",
			 e->planned, e->planned);
}

bool mtu_plan_problem(const struct mtu_plan *p, size_t i, struct mtu_problem *out)
{
	const struct mtu_element *e = &p->elements[i];
	char source[96];

	if (e->actual == 0 || e->actual == e->planned)
		return false;
	mtu_plan_source(p, i, source, sizeof(source));
	switch (e->kind) {
	case MTU_GUEST:
		guest_problem(p, e, source, out);
		return true;
	case MTU_ETHDEV:
		snprintf(out->text, sizeof(out->text),
			 "the device of port %s has %u, the plan says %u (from: %s): it was not "
			 "told, or goes its own way",
			 e->name, e->actual, e->planned, source);
		snprintf(out->cure, sizeof(out->cure), "flue port set %s mtu %u", e->name,
			 e->actual);
		return true;
	case MTU_HOST:
	case MTU_INTERFACE:
	case MTU_PF:
	case MTU_VF:
		interface_problem(p, e, source, out);
		return true;
	default:
		return false; /* a site, a bridge and a vhost port have nothing but the plan */
	}
}
