/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/shim/real.h"

#include <dlfcn.h>
#include <string.h>

struct chim_real chim_real;

/* A function's address comes as a pointer to an object: copied, as C has no cast for that. */
static void find(const char *name, void *to)
{
	void *at = dlsym(RTLD_NEXT, name);

	memcpy(to, &at, sizeof(at));
}

void chim_real_find(void)
{
#define X(type, name, args) find(#name, &chim_real.name);
	CHIM_REALS(X)
#undef X
}
