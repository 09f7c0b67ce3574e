/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/load/transfer.h"

#include "base/clock.h"
#include "bench/load/pick.h"

#include <iscsi/scsi-lowlevel.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* How often a silence is looked for. */
#define LOOK_NS 50000000ull

struct run;

struct command {
	struct run *run;
	bool out; /* under way */
	bool write;
	uint64_t block, sent_ns;
	struct scsi_iovec iov;
	uint8_t *data;
};

struct run {
	struct session *session;
	struct pattern *pattern;
	const struct transfer_spec *spec;
	struct transfer_result *result;
	struct pick pick;
	struct command commands[TRANSFER_DEPTH_MAX];
	unsigned int n_out;
	uint64_t left;	  /* to be made, when they are counted */
	uint32_t sectors; /* of a block */
	bool stopping;
	struct err error;
	uint8_t *memory;
};

static void send_command(struct run *run, struct command *c);

static uint64_t cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void fail(struct run *run, int code, const char *what, int status)
{
	run->stopping = true;
	if (!run->error.code)
		err_set(&run->error, code, "%s: %s (status %#x)", what,
			iscsi_get_error(run->session->iscsi), (unsigned int)status);
}

static void count(struct run *run, const struct command *c, uint64_t now)
{
	const struct transfer_spec *spec = run->spec;
	struct transfer_result *r = run->result;

	if (!spec->commands && (now < spec->begin_ns || now >= spec->end_ns))
		return;
	hist_add(&r->latency, now - c->sent_ns);
	*(c->write ? &r->writes : &r->reads) += 1;
	*(c->write ? &r->write_bytes : &r->read_bytes) += spec->block_bytes;
}

static bool more(struct run *run)
{
	if (run->stopping)
		return false;
	if (!run->spec->commands)
		return true;
	return run->left && run->left--;
}

static void done(struct iscsi_context *iscsi, int status, void *data, void *arg)
{
	struct command *c = arg;
	struct run *run = c->run;
	uint64_t now = clock_now_ns(), lba = c->block * run->sectors;
	struct scsi_task *task = data;
	bool whole = task && task->residual_status == SCSI_RESIDUAL_NO_RESIDUAL;

	c->out = false;
	run->n_out--;
	pick_done(&run->pick, c->block);
	if (task)
		scsi_free_scsi_task(task);
	if (status != SCSI_STATUS_GOOD || !whole) {
		if (c->write)
			pattern_forget(run->pattern, lba, run->sectors);
		fail(run, -EIO, c->write ? "a write failed" : "a read failed", status);
		return;
	}
	count(run, c, now);
	if (!c->write && run->spec->verify)
		pattern_check(run->pattern, c->data, lba, run->sectors, &run->result->seen);
	if (more(run))
		send_command(run, c);
}

static void send_command(struct run *run, struct command *c)
{
	struct session *s = run->session;
	uint64_t lba;
	struct scsi_task *task;

	c->block = pick_next(&run->pick);
	c->write = run->spec->op == TRANSFER_WRITE ||
		   (run->spec->op == TRANSFER_MIXED && pick_random(&run->pick) >> 63);
	c->iov = (struct scsi_iovec){c->data, run->spec->block_bytes};
	lba = c->block * run->sectors;
	if (c->write && run->spec->verify)
		pattern_write(run->pattern, c->data, lba, run->sectors);
	else if (c->write)
		pattern_forget(run->pattern, lba, run->sectors);
	c->sent_ns = clock_now_ns();
	if (c->write)
		task = iscsi_write16_iov_task(s->iscsi, s->lun, lba, NULL, run->spec->block_bytes,
					      (int)s->sector_bytes, 0, 0, 0, 0, 0, done, c, &c->iov,
					      1);
	else
		task = iscsi_read16_iov_task(s->iscsi, s->lun, lba, run->spec->block_bytes,
					     (int)s->sector_bytes, 0, 0, 0, 0, 0, done, c, &c->iov,
					     1);
	if (!task) {
		pick_done(&run->pick, c->block);
		fail(run, -EIO, "a command could not be sent", 0);
		return;
	}
	c->out = true;
	run->n_out++;
}

/* Has a command been under way for too long? */
static int check_silence(struct run *run, struct err *e)
{
	uint64_t now = clock_now_ns(), limit = run->spec->silence_ms * 1000000ull;

	for (unsigned int i = 0; i < run->spec->depth; i++) {
		const struct command *c = &run->commands[i];

		if (c->out && now - c->sent_ns > limit)
			return err_set(e, -ETIMEDOUT,
				       "no answer for %g s with %u command%s outstanding",
				       (double)run->spec->silence_ms / 1000, run->n_out,
				       run->n_out == 1 ? "" : "s");
	}
	return 0;
}

/* Takes the readings the window begins and ends with. */
static void mark(struct run *run)
{
	const struct transfer_spec *spec = run->spec;
	struct transfer_result *r = run->result;
	uint64_t now = clock_now_ns();

	if (!r->began_ns && now >= spec->begin_ns) {
		r->began_ns = spec->commands ? now : spec->begin_ns;
		r->cpu_ns = cpu_ns();
	}
	if (!r->ended_ns && !spec->commands && now >= spec->end_ns) {
		r->ended_ns = spec->end_ns;
		r->cpu_ns = cpu_ns() - r->cpu_ns;
		run->stopping = true;
	}
}

static int drive(struct run *run, struct err *e)
{
	uint64_t look_ns = clock_now_ns() + LOOK_NS;
	bool told = false;

	mark(run);
	for (unsigned int i = 0; i < run->spec->depth && more(run); i++)
		send_command(run, &run->commands[i]);
	while (run->n_out) {
		int ret = session_turn(run->session, look_ns, told ? NULL : &told, e);

		if (ret)
			return ret;
		mark(run);
		if (told)
			run->stopping = true;
		if (clock_now_ns() < look_ns)
			continue;
		ret = check_silence(run, e);
		if (ret)
			return ret;
		look_ns = clock_now_ns() + LOOK_NS;
	}
	if (run->error.code)
		return err_set(e, run->error.code, "%s", run->error.text);
	if (told && !run->result->ended_ns)
		return err_set(e, -EINTR, "the window was cut short");
	mark(run);
	if (run->spec->commands) {
		run->result->ended_ns = clock_now_ns();
		run->result->cpu_ns = cpu_ns() - run->result->cpu_ns;
	}
	return 0;
}

static int check_spec(const struct session *s, const struct transfer_spec *spec, struct err *e)
{
	if (!s->iscsi)
		return err_set(e, -ENOTCONN, "not logged in");
	if (!spec->depth || spec->depth > TRANSFER_DEPTH_MAX)
		return err_set(e, -EINVAL, "depth %u: 1 to %d", spec->depth, TRANSFER_DEPTH_MAX);
	if (!spec->block_bytes || spec->block_bytes % s->sector_bytes)
		return err_set(e, -EINVAL, "blocks of %u bytes: the disk has sectors of %u",
			       spec->block_bytes, s->sector_bytes);
	return 0;
}

static int prepare(struct run *run, struct err *e)
{
	const struct transfer_spec *spec = run->spec;
	uint64_t disk = run->session->sectors * run->session->sector_bytes;
	uint64_t span = spec->span_bytes && spec->span_bytes < disk ? spec->span_bytes : disk;
	int ret = pick_init(&run->pick, span / spec->block_bytes, spec->depth, spec->random,
			    spec->seed);

	if (ret)
		return err_set(e, ret, "a disk of %llu bytes is too small for %u blocks of %u",
			       (unsigned long long)span, spec->depth, spec->block_bytes);
	run->memory =
		aligned_alloc(4096, ((size_t)spec->depth * spec->block_bytes + 4095) & ~4095ul);
	if (!run->memory) {
		pick_clear(&run->pick);
		return err_set(e, -ENOMEM, "out of memory");
	}
	memset(run->memory, 0x5a, (size_t)spec->depth * spec->block_bytes);
	run->sectors = spec->block_bytes / run->session->sector_bytes;
	run->left = spec->commands;
	for (unsigned int i = 0; i < spec->depth; i++)
		run->commands[i] = (struct command){
			.run = run, .data = run->memory + (size_t)i * spec->block_bytes};
	return 0;
}

int transfer_run(struct session *s, struct pattern *p, const struct transfer_spec *spec,
		 struct transfer_result *r, struct err *e)
{
	struct run *run;
	int ret = check_spec(s, spec, e);

	memset(r, 0, sizeof(*r));
	if (ret)
		return ret;
	run = calloc(1, sizeof(*run));
	if (!run)
		return err_set(e, -ENOMEM, "out of memory");
	run->session = s;
	run->pattern = p;
	run->spec = spec;
	run->result = r;
	ret = prepare(run, e);
	if (ret)
		goto free_run;
	ret = drive(run, e);
	run->stopping = true;
	/* What is still under way calls back into this run, so it must end here. */
	if (run->n_out)
		session_drop(s);
	pick_clear(&run->pick);
	free(run->memory);
free_run:
	free(run);
	return ret;
}
