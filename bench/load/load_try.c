/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * load_try tcp|iscsi A-NETNS A-ADDRESS B-NETNS B-ADDRESS [KEY VALUE]...: a load of this room
 * between two namespaces that are there already, without an engine. Prints JSON. For
 * tests/smoke/bench-tcp.sh and bench-iscsi.sh; not installed.
 *
 *	tcp	connections N, both on, cc NAME, seconds S, windows N
 *	iscsi	digest none|header|data, target_digest none, mbytes N, block BYTES, depth N,
 *		op read|write|mixed, seconds S, silence_ms N, windows N;
 *		chimney SOCKET, ends initiator|target|both: whose program runs under
 *		`flue chimney run`; proof_mbytes N: at the end, reads and writes at random, judged,
 *		until so much was moved
 */
#include "bench/load/initiator.h"
#include "bench/load/load.h"
#include "bench/load/target.h"
#include "bench/load/tcp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* So much between two words about it. */
#define PART_BYTES (256ull << 20)

static char **words;
static int n_words;

static const char *text(const char *key, const char *def)
{
	for (int i = 0; i + 1 < n_words; i += 2)
		if (!strcmp(words[i], key))
			return words[i + 1];
	return def;
}

static double number(const char *key, double def)
{
	const char *value = text(key, NULL);

	return value ? atof(value) : def;
}

static int is(const char *key, const char *value)
{
	return !strcmp(text(key, ""), value);
}

static int failed(const struct err *e)
{
	printf("error: %s\n", e->text);
	return 1;
}

/* Prints at once: the test waits for a line. */
static void print(json_t *object)
{
	char *line = json_dumps(object, JSON_COMPACT);

	printf("%s\n", line ? line : "error: out of memory");
	fflush(stdout);
	free(line);
	json_decref(object);
}

static int try_tcp(char **argv)
{
	struct tcp_spec spec = {
		.name = "try",
		.a = {.netns = argv[0], .address = argv[1]},
		.b = {.netns = argv[2], .address = argv[3]},
		.both_ways = is("both", "on"),
		.connections = (unsigned int)number("connections", 1),
		.cc = text("cc", "cubic"),
	};
	struct err e = {0};
	struct tcp *t;

	if (tcp_start(&spec, &t, &e))
		return failed(&e);
	for (int i = 0; i < (int)number("windows", 1); i++) {
		struct window w = {.warmup_seconds = 0.1, .seconds = number("seconds", 0.5)};
		struct tcp_result r;

		printf("loading\n");
		fflush(stdout);
		if (tcp_run(t, &w, &r, &e)) {
			tcp_stop(t);
			return failed(&e);
		}
		print(json_pack("{s:s, s:f, s:f, s:I, s:f, s:f, s:f, s:O*}", "why", r.why,
				"goodput", r.goodput, "fairness", r.fairness, "retransmits",
				(json_int_t)r.retransmits, "a_cpu", r.a_cpu, "b_cpu", r.b_cpu,
				"cpu_per_gbyte", r.cpu_per_gbyte, "raw", r.raw));
		tcp_result_clear(&r);
		if (tcp_freeze(t, true, &e) || tcp_freeze(t, false, &e)) {
			tcp_stop(t);
			return failed(&e);
		}
	}
	tcp_stop(t);
	return 0;
}

static void print_result(const char *what, const struct initiator_result *r)
{
	uint64_t p50;

	print(json_pack("{s:s, s:s, s:f, s:I, s:I, s:I, s:I, s:I, s:I, s:b, s:I}", "step", what,
			"why", r->why, "seconds", r->seconds, "reads", (json_int_t)r->reads,
			"writes", (json_int_t)r->writes, "read_bytes", (json_int_t)r->read_bytes,
			"write_bytes", (json_int_t)r->write_bytes, "checked",
			(json_int_t)r->checked, "unknown", (json_int_t)r->unknown, "p50",
			(int)hist_percentile(&r->latency, 50, &p50), "samples",
			(json_int_t)r->latency.total));
}

/* Writes so many megabytes, reads them back, then loads for windows. */
static int load_disk(struct initiator *i, const struct initiator_login *login,
		     struct initiator_result *r, struct err *e)
{
	struct initiator_load load = {
		.op = INITIATOR_WRITE,
		.block_bytes = (uint32_t)number("block", 65536),
		.depth = (unsigned int)number("depth", 8),
		.verify = true,
		.span_bytes = (uint64_t)number("mbytes", 16) << 20,
		.seed = 1,
		.silence_ms = (unsigned int)number("silence_ms", 5000),
	};
	uint64_t blocks = load.span_bytes / load.block_bytes;
	int ret = initiator_do(i, &load, blocks, r, e);

	if (ret)
		return ret;
	print_result("write", r);
	load.op = INITIATOR_READ;
	load.random = true;
	ret = initiator_do(i, &load, blocks, r, e);
	if (ret)
		return ret;
	print_result("read", r);
	load.op = is("op", "write")   ? INITIATOR_WRITE
		  : is("op", "mixed") ? INITIATOR_MIXED
				      : INITIATOR_READ;
	for (int n = 0; n < (int)number("windows", 1); n++) {
		struct window w = {.warmup_seconds = 0.1, .seconds = number("seconds", 0.5)};

		if (!initiator_logged_in(i)) {
			ret = initiator_login(i, login, NULL, e);
			if (ret)
				return ret;
		}
		printf("loading\n");
		fflush(stdout);
		ret = initiator_run(i, &load, &w, r, e);
		if (ret)
			return ret;
		print_result("window", r);
	}
	return 0;
}

/* Reads and writes at random, each block that is read judged, until so much has been moved. */
static int prove_disk(struct initiator *i, struct initiator_result *r, struct err *e)
{
	struct initiator_load load = {
		.op = INITIATOR_MIXED,
		.block_bytes = (uint32_t)number("block", 65536),
		.depth = (unsigned int)number("depth", 8),
		.random = true,
		.verify = true,
		.span_bytes = (uint64_t)number("mbytes", 16) << 20,
		.silence_ms = (unsigned int)number("silence_ms", 5000),
	};
	uint64_t left = (uint64_t)number("proof_mbytes", 0) << 20, part = PART_BYTES;

	while (left) {
		int ret;

		part = left < part ? left : part;
		left -= part;
		load.seed++;
		ret = initiator_do(i, &load, part / load.block_bytes, r, e);
		if (ret)
			return ret;
		print_result("proof", r);
		if (r->why[0])
			return err_set(e, -EIO, "%s", r->why);
	}
	return 0;
}

/* Is this end's program to be run under `flue chimney run`? */
static const char *chimney_of(const char *end)
{
	return is("ends", end) || is("ends", "both") ? text("chimney", NULL) : NULL;
}

static int try_iscsi(char **argv)
{
	struct target_spec spec = {
		.name = "try",
		.netns = argv[2],
		.address = argv[3],
		.chimney = chimney_of("target"),
		.disk_bytes = 128 << 20,
		.header_digest = !is("target_digest", "none"),
	};
	struct initiator_login login = {
		.address = argv[3],
		.port = TARGET_PORT,
		.target = TARGET_IQN,
		.lun = TARGET_LUN,
		.header_digest = is("digest", "header"),
		.data_digest = is("digest", "data"),
		.timeout_ms = (unsigned int)number("silence_ms", 5000),
	};
	struct initiator_result *r = malloc(sizeof(*r));
	struct initiator_disk disk;
	struct initiator *i = NULL;
	struct target *t = NULL;
	struct err e = {0};
	int ret = target_start(&spec, &t, &e);

	if (!ret)
		ret = initiator_start(&(struct initiator_spec){.name = "try",
							       .netns = argv[0],
							       .chimney = chimney_of("initiator")},
				      &i, &e);
	if (!ret)
		ret = initiator_login(i, &login, &disk, &e);
	if (!ret) {
		print(json_pack("{s:s, s:I, s:i, s:b}", "step", "login", "bytes",
				(json_int_t)disk.bytes, "sector_bytes", (int)disk.sector_bytes,
				"header_digest", (int)disk.header_digest));
		ret = r ? load_disk(i, &login, r, &e) : -ENOMEM;
		if (!ret)
			ret = prove_disk(i, r, &e);
	}
	initiator_stop(i);
	target_stop(t);
	free(r);
	return ret ? failed(&e) : 0;
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "__tcp"))
		return tcp_main(argc, argv);
	if (argc > 1 && !strcmp(argv[1], "__iscsi"))
		return iscsi_main(argc, argv);
	if (argc < 6) {
		fprintf(stderr, "load_try tcp|iscsi NETNS ADDRESS NETNS ADDRESS [KEY VALUE]...\n");
		return 2;
	}
	words = argv + 6;
	n_words = argc - 6;
	return !strcmp(argv[1], "tcp") ? try_tcp(argv + 2) : try_iscsi(argv + 2);
}
