/* SPDX-License-Identifier: BSD-3-Clause */
/* Scenario iscsi: a disk read and written through the system. docs/bench-iscsi.md */
#include "bench/chimney.h"
#include "bench/ends.h"
#include "bench/load/initiator.h"
#include "bench/load/target.h"
#include "bench/path.h"

#include <stdlib.h>
#include <string.h>

enum {
	DISK_BYTES = 128 << 20,
	FILL_BLOCK_BYTES = 256 * 1024,
	LOGIN_MS = 5000,
};

static const struct scenario_param params[] = {
	{"block", "64k", "4k|8k|16k|32k|64k|128k|256k|512k|1m", "of a command; k is 1024 bytes"},
	{"depth", "32", "1..64", "commands outstanding at any time"},
	{"op", "read", "read|write|mixed", "mixed: with even odds"},
	{"access", "random", "random|sequential", "which block is next"},
	{"digest", "none", "none|header|data", "CRC32C of what goes over the wire"},
	{"verify", "off", "on|off", "check each block read; off: only when the cell begins"},
	{"mtu", "1500", "576..9600", "of both hosts and the system, bytes"},
	{"tso", "on", "on|off", "large segments, sent and received (GRO), and checksums"},
	{"cc", "cubic", ENDS_CC, "congestion control"},
	CHIMNEY_PARAMS("none|initiator|target|both"),
	{NULL, NULL, NULL, NULL},
};

struct iscsi {
	struct target *target;
	struct initiator *initiator;
	struct ends ends;
	struct chimney chimney;
	struct initiator_load load;
	bool header_digest;
	uint64_t seed;
	struct initiator_result result; /* large */
};

/* "64k" and "1m" of a disk are 1024s. */
static uint32_t block_bytes(const struct cell *cell)
{
	const char *text = cell_text(cell, "block");
	char *end;
	unsigned long number = strtoul(text, &end, 10);

	return (uint32_t)(*end == 'm' ? number << 20 : number << 10);
}

static int iscsi_wire(const struct cell *cell, struct wiring *w, struct err *e)
{
	bool tso = cell_on(cell, "tso");

	if (!strcmp(cell_text(cell, "digest"), "data"))
		return err_set(e, -ENOTSUP,
			       "no data digests: the initiator's library, libiscsi 1.19, "
			       "always declines them; 'digest header' works");
	ends_wire(w, (unsigned int)cell_number(cell, "mtu"), tso, tso);
	return chimney_wire(cell, w, e);
}

static void iscsi_free(struct iscsi *i)
{
	initiator_stop(i->initiator);
	target_stop(i->target);
	free(i);
}

static int login(struct iscsi *i, struct err *e)
{
	return initiator_login(i->initiator,
			       &(struct initiator_login){.address = i->ends.b_address,
							 .port = TARGET_PORT,
							 .target = TARGET_IQN,
							 .lun = TARGET_LUN,
							 .header_digest = i->header_digest,
							 .timeout_ms = LOGIN_MS},
			       NULL, e);
}

/* Writes the whole disk and reads it back, before anything is measured: a path that damages or
 * mixes up data has no speed. */
static int fill(struct iscsi *i, struct err *e)
{
	struct initiator_load load = {
		.op = INITIATOR_WRITE, .block_bytes = FILL_BLOCK_BYTES, .depth = 8, .verify = true};
	struct initiator_result *r = &i->result;
	uint64_t blocks = DISK_BYTES / FILL_BLOCK_BYTES;
	int ret = initiator_do(i->initiator, &load, blocks, r, e);

	load.op = INITIATOR_READ;
	if (!ret && !r->why[0])
		ret = initiator_do(i->initiator, &load, blocks, r, e);
	if (!ret && r->why[0])
		ret = err_set(e, -EIO, "filling the disk and reading it back: %s", r->why);
	if (!ret && (r->checked != DISK_BYTES / 512 || r->unknown))
		ret = err_set(e, -EIO, "of %d sectors only %llu could be checked", DISK_BYTES / 512,
			      (unsigned long long)r->checked);
	return ret;
}

static int start(struct subject *s, struct iscsi *i, struct err *e)
{
	const struct target_spec target = {
		.name = s->rig->id,
		.netns = i->ends.b_netns,
		.address = i->ends.b_address,
		.cpus = i->ends.b_cpus,
		.chimney = chimney_of_b(&i->chimney),
		.disk_bytes = DISK_BYTES,
		.header_digest = i->header_digest,
	};
	const struct initiator_spec initiator = {s->rig->id, i->ends.a_netns, i->ends.a_cpus,
						 chimney_of_a(&i->chimney)};
	int ret;

	s->say(s, "probing the path");
	ret = path_check(i->ends.a_netns, i->ends.b_address, e);
	if (!ret)
		ret = target_start(&target, &i->target, e);
	if (!ret)
		ret = initiator_start(&initiator, &i->initiator, e);
	if (!ret)
		ret = login(i, e);
	if (ret)
		return ret;
	s->say(s, "filling the disk");
	return fill(i, e);
}

static int iscsi_open(struct subject *s, struct err *e)
{
	const char *op = cell_text(s->cell, "op");
	struct iscsi *i = calloc(1, sizeof(*i));
	int ret;

	if (!i)
		return err_set(e, -ENOMEM, "out of memory");
	i->header_digest = !strcmp(cell_text(s->cell, "digest"), "header");
	i->load = (struct initiator_load){
		.op = *op == 'r'   ? INITIATOR_READ
		      : *op == 'w' ? INITIATOR_WRITE
				   : INITIATOR_MIXED,
		.block_bytes = block_bytes(s->cell),
		.depth = (unsigned int)cell_number(s->cell, "depth"),
		.random = !strcmp(cell_text(s->cell, "access"), "random"),
		.verify = cell_on(s->cell, "verify"),
	};
	chimney_open(s, 1, &i->chimney);
	ret = ends_open(s, cell_text(s->cell, "cc"), &i->ends, e);
	if (!ret)
		ret = start(s, i, e);
	if (ret)
		iscsi_free(i);
	else
		s->state = i;
	return ret;
}

static void add_values(struct sample *sample, const struct iscsi *i, const struct window *w)
{
	const struct initiator_result *r = &i->result;
	double bytes = (double)(r->read_bytes + r->write_bytes);
	double iops = (double)(r->reads + r->writes) / r->seconds, seconds = r->seen.seconds;

	sample_add(sample, "iops", "1/s", false, iops);
	sample_add(sample, "throughput", "B/s", false, bytes / r->seconds);
	ends_add_cpu(sample, w, &r->seen, bytes / r->seconds * seconds);
	sample_percentile(sample, &r->latency, "latency_p50", 50, false);
	sample_percentile(sample, &r->latency, "latency_p99", 99, false);
	sample_inform(sample, "cpu_machine", "cores", r->seen.machine_cpu / seconds);
	sample_inform(sample, "cpu_initiator", "cores", r->cpu / r->seconds);
	if (r->seen.system_busy > 0)
		sample_inform(sample, "cpu_system_busy", "cores", r->seen.system_busy / seconds);
	if (w->system_cpu_ns)
		sample_inform(sample, "cpu_system", "cores", r->seen.system_cpu / seconds);
	sample->raw =
		json_pack("{s:[{s:i, s:o}], s:I, s:I, s:I}", "latency", "depth", (int)i->load.depth,
			  "raw", hist_to_json(&r->latency), "reads", (json_int_t)r->reads, "writes",
			  (json_int_t)r->writes, "checked", (json_int_t)r->checked);
}

static int iscsi_sample(struct subject *s, struct sample *sample, struct err *e)
{
	struct window w = ends_window(s);
	struct iscsi *i = s->state;
	int ret = initiator_logged_in(i->initiator) ? 0 : login(i, e);

	i->load.seed = ++i->seed; /* other blocks each time, and the same for each system */
	if (!ret)
		ret = chimney_begin(s, &i->chimney, &w, e);
	if (!ret)
		ret = initiator_run(i->initiator, &i->load, &w, &i->result, e);
	if (ret)
		return ret;
	if (i->result.why[0])
		sample_spoil(sample, "%s", i->result.why);
	else
		add_values(sample, i, &w);
	return chimney_end(s, &i->chimney, sample, e);
}

static void iscsi_close(struct subject *s)
{
	iscsi_free(s->state);
}

static int iscsi_freeze(struct subject *s, bool freeze, struct err *e)
{
	struct iscsi *i = s->state;
	int ret = initiator_freeze(i->initiator, freeze, e);

	return ret ? ret : target_freeze(i->target, freeze, e);
}

const struct scenario scenario_iscsi = {
	.name = "iscsi",
	.what = "a disk in RAM, read and written over iSCSI",
	.params = params,
	.systems = "flue linux-bridge ovs-dpdk",
	.ceiling = "veth",
	.ceiling_unless = "chimney",
	.wire = iscsi_wire,
	.open = iscsi_open,
	.sample = iscsi_sample,
	.close = iscsi_close,
	.freeze = iscsi_freeze,
};
