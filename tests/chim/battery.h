/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A battery of what programs do with TCP sockets. It prints a line for each result and judges
 * none: run on the kernel's sockets and on others, the lines must be the same. What may differ
 * from run to run (times, ports, buffer sizes) is not printed.
 */
#ifndef TESTS_CHIM_BATTERY_H
#define TESTS_CHIM_BATTERY_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

/* Two ends of a connection over loopback; a connected, b was accepted. */
struct pair {
	int a, b;
};
struct pair pair_new(void);
void pair_close(struct pair *p);
int listen_new(uint16_t *port); /* on 127.0.0.1, port in host order */
int connect_to(uint16_t port);

/* Prints "group: what: N" or the errno's name. */
void begin(const char *group);
void says(const char *what, long n);
void says_text(const char *what, const char *text);
void says_bytes(const char *what, const char *buf, long n); /* as text, if n > 0 */
void says_events(const char *what, long n, uint32_t events);

/* What was sent or closed at one end has reached the other. */
void settle(void);

/* The same bytes at the same place of each stream. */
void pattern(char *buf, size_t n, size_t at);
/* Reads until the end; the count of bytes that are as they must be, or -1. */
long read_pattern(int fd, size_t at, size_t n);

void battery_basic(void);
void battery_flags(void);
void battery_end(void);
void battery_reset(void);
void battery_poll(void);
void battery_epoll(void);
void battery_epoll_more(void);
void battery_options(void);
void battery_copies(void);
void battery_process(void);
void battery_signals(void);
void battery_threads(void);
void battery_connect(void);
void battery_bulk(void);
void battery_files(void);

#endif
