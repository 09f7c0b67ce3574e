/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/interrupt.h"

static volatile sig_atomic_t interrupted;

static void on_signal(int sig)
{
	interrupted = 1;
}

void interrupt_catch(struct interrupt *i)
{
	/* Without SA_RESTART, so that it ends the sleep. */
	struct sigaction sa = {.sa_handler = on_signal};

	interrupted = 0;
	sigaction(SIGINT, &sa, &i->old[0]);
	sigaction(SIGTERM, &sa, &i->old[1]);
}

bool interrupt_seen(void)
{
	return interrupted;
}

void interrupt_restore(const struct interrupt *i)
{
	sigaction(SIGINT, &i->old[0], NULL);
	sigaction(SIGTERM, &i->old[1], NULL);
}
