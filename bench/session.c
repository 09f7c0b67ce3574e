/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/session.h"

#include <signal.h>
#include <unistd.h>

static volatile sig_atomic_t interrupted;

static void on_signal(int signal)
{
	/* Asked twice: at once. The sandbox ends what was started. */
	if (interrupted)
		_exit(128 + signal);
	interrupted = 1;
}

bool session_interrupted(void)
{
	return interrupted;
}

void session_catch_signals(void)
{
	/* No SA_RESTART: a wait ends, and what waits asks session_interrupted(). */
	struct sigaction action = {.sa_handler = on_signal};

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}
