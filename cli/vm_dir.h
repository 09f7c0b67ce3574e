/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Guests of this host as files, without a daemon: DIR/NAME.json defines one, and while it runs its
 * flue-vm has RUN/NAME.sock. DIR is --vm-dir or $FLUE_VM_DIR, with RUN below it, else
 * /var/lib/flue/vm and /run/flue/vm.
 */
#ifndef CLI_VM_DIR_H
#define CLI_VM_DIR_H

#include "cli/cli.h"

#include <limits.h>

/* The guest's file of that kind: "json", "sock", "log". path: at least PATH_MAX bytes. */
void vm_path(const struct cli *c, const char *name, const char *kind, char *path);

/* The guest's definition: {"guests":[..],"disks":[..],"nics":[..]}, checked. 0, -ENOENT: there is
 * no such guest, or another negative errno. */
int vm_load(const struct cli *c, const char *name, json_t **config, struct err *e);
/* Checks and writes it, in place of an older one; the directory is made. 0 or negative errno. */
int vm_store(const struct cli *c, const json_t *config, struct err *e);
int vm_remove(const struct cli *c, const char *name, struct err *e);
bool vm_exists(const struct cli *c, const char *name);

/* The names of all, in order. A new reference. */
json_t *vm_names(const struct cli *c);

/* Calls a method of the guest's flue-vm. 0; -ESRCH: it does not run; or as client_call().
 * timeout_ms 0: waits for ever. */
int vm_call(const struct cli *c, const char *name, const char *method, const json_t *params,
	    unsigned int timeout_ms, json_t **result, struct err *e);
bool vm_runs(const struct cli *c, const char *name);

/* vm_start.c: starts its flue-vm in a session of its own and waits until the guest runs. restore: a
 * snapshot to begin from, or NULL. 0 or negative errno, with what flue-vm said. */
int vm_start(const struct cli *c, const char *name, const char *restore, struct err *e);
/* Presses the power button and waits for the end. timeout_s -1: the guest's own. *result: what
 * vm.stop answers. */
int vm_stop(const struct cli *c, const char *name, int timeout_s, json_t **result, struct err *e);

/* vm_apply.c: makes the guests those of a configuration that has the member `guests`; cards' ports
 * are looked up in it. Appends to changes, also when something fails. restart: guests that run and
 * changed are started anew, and those that are gone are stopped. 0 or negative errno. */
int vm_apply(const struct cli *c, const json_t *config, bool dry_run, bool restart, json_t *changes,
	     struct err *e);

/* vm_console.c: this terminal becomes the guest's console, until Ctrl-A x. */
int vm_console(struct cli *c, const struct cli_verb *verb, json_t *params);

#endif
