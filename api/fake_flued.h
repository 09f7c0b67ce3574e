/* SPDX-License-Identifier: BSD-3-Clause */
/* For tests only: a thread that listens on a socket and gives prepared answers. */
#ifndef API_FAKE_FLUED_H
#define API_FAKE_FLUED_H

#include "base/json.h"

/* What to say to a method: "result":... or "error":...; one that begins with neither is sent as it
 * stands; NULL: close the connection; "": say nothing. Several answers to one method are given in
 * turn, the last one for ever. Ends with a NULL method. */
struct fake_answer {
	const char *method;
	const char *say;
};

struct fake_flued;

/* Listens on a socket of its own, also put in $FLUE_SOCKET. Never fails: a test could not go on. */
struct fake_flued *fake_start(const struct fake_answer *answers);
const char *fake_path(const struct fake_flued *f);

/* The requests so far, a list; stops and joins the thread. The caller's. */
json_t *fake_stop(struct fake_flued *f);

#endif
