/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Log lines on standard error, one event a line. Under systemd (JOURNAL_STREAM is set) each line
 * carries its priority as sd-daemon(3) prefixes it. Never called by a worker.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

enum log_level { LOG_LVL_ERR, LOG_LVL_WARN, LOG_LVL_INFO, LOG_LVL_DEBUG };

/* Lines above this level are not written. Main thread, before others start. */
void log_set_level(enum log_level max);
enum log_level log_get_level(void);

/* Writes one line; a newline is added. Any thread but a worker. */
void log_line(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define log_err(...)   log_line(LOG_LVL_ERR, __VA_ARGS__)
#define log_warn(...)  log_line(LOG_LVL_WARN, __VA_ARGS__)
#define log_info(...)  log_line(LOG_LVL_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_LVL_DEBUG, __VA_ARGS__)

#endif
