/* SPDX-License-Identifier: BSD-3-Clause */
/* `chim_attach attach|detach WORD...`: the two commands by themselves, for tests. */
#include "cli/chimney_attach.h"

#include <string.h>

int main(int argc, char **argv)
{
	struct cli c = {.out = stdout, .err = stderr};

	if (argc > 1 && strcmp(argv[1], "attach") == 0)
		return chimney_attach(&c, argc - 2, argv + 2);
	if (argc > 1 && strcmp(argv[1], "detach") == 0)
		return chimney_detach(&c, argc - 2, argv + 2);
	return cli_fail(&c, CLI_USAGE, "chim_attach attach|detach WORD...");
}
