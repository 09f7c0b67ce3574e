/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A place of its own for a run: network, mount and process namespaces, with an empty /run. What
 * is started, mounted or added in it ends with it, however it ends. Without root it is a user
 * namespace, where the kernel allows one.
 */
#ifndef BENCH_MACHINE_SANDBOX_H
#define BENCH_MACHINE_SANDBOX_H

#include "base/err.h"

#include <stdbool.h>

struct sandbox_wish {
	unsigned int huge_pages; /* of 2 MB that should be free; 0: none needed */
};

struct sandbox {
	bool root; /* real root outside: processors, huge pages, priorities may be had */
	unsigned int huge_pages; /* free ones there are now */
};

/* Forks: the child returns 0 inside the sandbox and does the work; the parent waits for it, passes
 * SIGINT and SIGTERM on, gives huge pages back that were reserved, and exits with its status: it
 * does not return. Called while there is one thread. A negative errno with e set when namespaces
 * cannot be had. */
int sandbox_enter(const struct sandbox_wish *wish, struct sandbox *s, struct err *e);

#endif
