/* SPDX-License-Identifier: BSD-3-Clause */
/* flue chimney tap: an offloaded connection's segments, as lines, as JSON, or as a capture file. */
#include "cli/chimney_tap.h"

#include "base/base64.h"
#include "cli/interrupt.h"
#include "cli/pcap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

const struct api_key chimney_tap_keys[] = {
	{"write", API_STR, 1, 4095, NULL, NULL, 0, "file",
	 "write a capture file for Wireshark and tcpdump; -: to standard output"},
	{"count", API_UINT, 1, INT64_MAX, NULL, NULL, 0, NULL, "end after so many segments"},
	{"for", API_UINT, 1, 31536000, NULL, NULL, 0, NULL, "end after so many seconds"},
	{0},
};

enum { SNAPLEN = 128, FRAME_MAX = 262144 };

struct look {
	struct cli *c;
	FILE *file;	   /* the capture; NULL: none is written */
	json_t *ask;	   /* parameters of tap.read */
	json_t *all;	   /* the answers as one */
	uint64_t left;	   /* of `count` */
	uint64_t until_ns; /* what came later does not count */
	uint64_t captured;
	uint8_t *frame; /* room for one */
	int broken;	/* errno of the file, or EBADMSG */
};

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static void print_frame(FILE *out, const json_t *frame, uint64_t time_ns)
{
	time_t seconds = (time_t)(time_ns / 1000000000);
	struct tm tm;
	char clock[16];

	localtime_r(&seconds, &tm);
	strftime(clock, sizeof(clock), "%H:%M:%S", &tm);
	fprintf(out, "%s.%09llu %-3s %s\n", clock, (unsigned long long)(time_ns % 1000000000),
		json_get_str(frame, "way", "?"), json_get_str(frame, "text", ""));
}

static void write_frame(struct look *l, const json_t *frame, uint64_t time_ns)
{
	ssize_t kept = base64_decode(json_get_str(frame, "data", ""), l->frame, FRAME_MAX);
	uint8_t head[PCAP_PACKET_HEAD];

	if (kept < 0) {
		l->broken = EBADMSG;
		return;
	}
	pcap_packet_head(head, time_ns, (uint32_t)kept, (uint32_t)json_get_int(frame, "len", 0));
	if (fwrite(head, sizeof(head), 1, l->file) != 1 ||
	    fwrite(l->frame, 1, (size_t)kept, l->file) != (size_t)kept)
		l->broken = errno;
}

/* False: the end is reached. */
static bool take_frames(struct look *l, const json_t *frames)
{
	json_t *frame;
	size_t i;

	json_array_foreach (frames, i, frame) {
		uint64_t time_ns = (uint64_t)json_get_int(frame, "time_ns", 0);

		if (l->left == 0 || time_ns > l->until_ns || l->broken)
			return false;
		l->left--;
		l->captured++;
		if (l->file)
			write_frame(l, frame, time_ns);
		else if (l->c->json)
			json_array_append(json_object_get(l->all, "frames"), frame);
		else
			print_frame(l->c->out, frame, time_ns);
	}
	return l->left > 0 && !l->broken;
}

static void keep_member(struct look *l, const json_t *answer, const char *key)
{
	if (json_object_get(answer, key))
		json_object_set(l->all, key, json_object_get(answer, key));
}

/* One answer. *more: there is something left to read. */
static int read_once(struct look *l, bool *running, bool *more)
{
	FILE *out = l->file ? l->file : l->c->out;
	json_t *answer;
	int ret = cli_call(l->c, "tap.read", l->ask, &answer);

	if (ret != CLI_OK)
		return ret;
	*running = json_get_bool(answer, "running", false);
	*more = json_get_bool(answer, "more", false);
	*running &= take_frames(l, json_object_get(answer, "frames"));
	keep_member(l, answer, "lost");
	keep_member(l, answer, "end");
	keep_member(l, answer, "why");
	if (fflush(out) != 0 && !l->broken)
		l->broken = errno;
	/* With nobody to read on (`| head`), there is nothing left to look for. */
	*running &= !l->broken && !ferror(out);
	json_decref(answer);
	return CLI_OK;
}

static int follow(struct look *l)
{
	const struct timespec pause = {0, 50 * 1000 * 1000};
	bool running = true, more = false;
	int ret = CLI_OK;

	while (running && ret == CLI_OK) {
		bool last;

		if (interrupt_seen() && l->until_ns > now_ns())
			l->until_ns = now_ns();
		/* What came before the end is read to its end. */
		last = now_ns() >= l->until_ns;
		ret = read_once(l, &running, &more);
		running &= more || !last;
		if (running && !more && ret == CLI_OK)
			nanosleep(&pause, NULL);
	}
	return ret;
}

/* How it ended, for whoever watches; the capture itself may be on standard output. */
static void say_end(const struct look *l)
{
	const char *end = json_get_str(l->all, "end", NULL);
	const char *why = json_get_str(l->all, "why", NULL);

	fprintf(l->c->err, "%llu packets captured, %lld lost", (unsigned long long)l->captured,
		(long long)json_get_int(l->all, "lost", 0));
	if (end && strcmp(end, "uploaded") == 0)
		fprintf(l->c->err, "; the connection went back to the kernel%s%s", why ? ": " : "",
			why ? why : "");
	else if (end)
		fputs("; the connection ended", l->c->err);
	fputc('\n', l->c->err);
}

static int open_capture(struct look *l, const char *path, uint32_t snaplen)
{
	uint8_t head[PCAP_FILE_HEAD];

	l->frame = malloc(FRAME_MAX);
	if (!l->frame)
		return cli_fail(l->c, CLI_REFUSED, "out of memory");
	l->file = strcmp(path, "-") == 0 ? l->c->out : fopen(path, "we");
	if (!l->file)
		return cli_fail(l->c, CLI_NO_OUTPUT, "%s: %s", path, strerror(errno));
	pcap_file_head(head, snaplen);
	if (fwrite(head, sizeof(head), 1, l->file) != 1 || fflush(l->file) != 0)
		l->broken = errno;
	return CLI_OK;
}

static int close_capture(struct look *l, const char *path, int ret)
{
	bool own = l->file && l->file != l->c->out;

	if (own && fclose(l->file) != 0 && !l->broken)
		l->broken = errno;
	free(l->frame);
	/* Who closed a pipe knows it. */
	if (!l->broken || l->broken == EPIPE || ret != CLI_OK)
		return ret;
	return cli_fail(l->c, CLI_NO_OUTPUT, "%s: the capture ends here: %s", path,
			strerror(l->broken));
}

/* The tap is there. */
static int look(struct cli *c, const struct cli_verb *verb, const json_t *params)
{
	const char *path = json_get_str(params, "write", NULL);
	int64_t seconds = json_get_int(params, "for", 0);
	struct look l = {
		.c = c,
		.ask = json_pack("{s:b,s:b}", "text", !path, "data", path || c->json),
		.all = path ? json_object() : json_pack("{s:[]}", "frames"),
		.left = (uint64_t)json_get_int(params, "count", INT64_MAX),
		.until_ns = seconds ? now_ns() + (uint64_t)seconds * 1000000000 : UINT64_MAX,
	};
	struct interrupt was;
	struct err e = {0};
	json_t *answer;
	int ret = CLI_OK;

	if (path)
		ret = open_capture(&l, path, (uint32_t)json_get_int(params, "snaplen", SNAPLEN));
	if (ret == CLI_OK) {
		interrupt_catch(&was);
		ret = follow(&l);
		cli_try(c, "tap.stop", NULL, &answer, &e); /* flued may be gone */
		json_decref(answer);
		interrupt_restore(&was);
		say_end(&l);
	}
	ret = close_capture(&l, path, ret);
	if (ret == CLI_OK && c->json) {
		json_object_set_new(l.all, "captured", json_integer((json_int_t)l.captured));
		cli_print(c, verb, params, l.all);
	}
	json_decref(l.ask);
	json_decref(l.all);
	return ret;
}

int chimney_tap(struct cli *c, const struct cli_verb *verb, json_t *params)
{
	json_t *start = json_copy(params), *answer;
	int ret;

	for (const struct api_key *k = verb->keys; k->name; k++)
		json_object_del(start, k->name);
	if (c->json && strcmp(json_get_str(params, "write", ""), "-") == 0) {
		json_decref(start);
		return cli_fail(c, CLI_USAGE, "'write -' and -j: both want standard output");
	}
	ret = cli_call(c, verb->method, start, &answer);
	json_decref(start);
	json_decref(answer);
	if (ret != CLI_OK)
		return ret;
	fprintf(c->err, "looking at %s; Ctrl-C ends it\n", json_get_str(params, "local", ""));
	fflush(c->err);
	return look(c, verb, params);
}
