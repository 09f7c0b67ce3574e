/* SPDX-License-Identifier: BSD-3-Clause */
/* Commands that go on until Ctrl-C, and then end in order. */
#ifndef CLI_INTERRUPT_H
#define CLI_INTERRUPT_H

#include <signal.h>
#include <stdbool.h>

struct interrupt {
	struct sigaction old[2];
};

/* From here on SIGINT and SIGTERM are noted, and end a sleep. */
void interrupt_catch(struct interrupt *i);
bool interrupt_seen(void); /* did one come since? */
void interrupt_restore(const struct interrupt *i);

#endif
