/* SPDX-License-Identifier: BSD-3-Clause */
/* The first serial port (a 16550), polled. */
#ifndef HV_CORE_MICROGUEST_CONSOLE_H
#define HV_CORE_MICROGUEST_CONSOLE_H

void mg_console_open(void);
/* Each call leaves the guest a few times: not while frames are sent. */
void mg_console_put(const char *text);

#endif
