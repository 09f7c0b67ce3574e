/* SPDX-License-Identifier: BSD-3-Clause */
/* Small files, links and folders of sysfs. Paths are made as printf makes them. Any thread. */
#ifndef SRIOV_PF_SYS_FILE_H
#define SRIOV_PF_SYS_FILE_H

#include <stdbool.h>
#include <stddef.h>

/* The first line, without its end; what does not fit is cut off. Its length or negative errno. */
int pf_file_read(char *to, size_t room, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* A number, in decimal or with 0x. False: there is none; *value stays. */
bool pf_file_number(unsigned int *value, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* One write of the text as it is. 0 or negative errno, which is the driver's answer. Blocks as long
 * as the driver does. */
int pf_file_write(const char *text, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The last part of what a link points to. False: there is no such link, and to is "". */
bool pf_file_link(char *to, size_t room, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
bool pf_file_there(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
