/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/cli.h"

#include <signal.h>

int main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_IGN); /* `flue ... | head` ends with CLI_NO_OUTPUT */
	return cli_run(argc, argv, stdout, stderr);
}
