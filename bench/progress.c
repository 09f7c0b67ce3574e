/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/progress.h"

#include "base/clock.h"

#include <stdarg.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define REDRAW_NS 100000000ull

void progress_init(struct progress *p)
{
	*p = (struct progress){.terminal = isatty(STDERR_FILENO)};
}

static void left_text(const struct progress *p, char *text, size_t size)
{
	uint64_t now = clock_now_ns(), left;

	text[0] = 0;
	if (!p->end_ns)
		return;
	left = p->end_ns > now ? (p->end_ns - now) / 1000000000u : 0;
	snprintf(text, size, "  at most %u:%02u left", (unsigned int)(left / 60),
		 (unsigned int)(left % 60));
}

static void draw(struct progress *p, const char *detail)
{
	char left[32], line[512];
	struct winsize window;
	int columns = 80;

	if (!ioctl(STDERR_FILENO, TIOCGWINSZ, &window) && window.ws_col > 20)
		columns = window.ws_col;
	left_text(p, left, sizeof(left));
	snprintf(line, sizeof(line), "%s%s%s%s", p->where, *detail ? "  " : "", detail, left);
	/* A line that wraps could not be taken back. */
	fprintf(stderr, "\r\033[K%.*s", columns - 1, line);
	fflush(stderr);
	p->drawn_ns = clock_now_ns();
}

void progress_step(struct progress *p, const char *fmt, ...)
{
	char left[32];
	va_list args;

	va_start(args, fmt);
	vsnprintf(p->where, sizeof(p->where), fmt, args);
	va_end(args);
	if (p->terminal) {
		draw(p, "");
	} else {
		left_text(p, left, sizeof(left));
		fprintf(stderr, "flue-bench: %s%s\n", p->where, left);
	}
}

void progress_detail(struct progress *p, const char *fmt, ...)
{
	char detail[256];
	va_list args;

	if (!p->terminal || clock_now_ns() - p->drawn_ns < REDRAW_NS)
		return;
	va_start(args, fmt);
	vsnprintf(detail, sizeof(detail), fmt, args);
	va_end(args);
	draw(p, detail);
}

void progress_note(struct progress *p, const char *fmt, ...)
{
	va_list args;

	progress_done(p);
	fputs("flue-bench: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
}

void progress_done(struct progress *p)
{
	if (p->terminal && p->drawn_ns)
		fputs("\r\033[K", stderr);
	p->drawn_ns = 0;
}
