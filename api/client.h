/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A blocking client of a daemon's control socket (docs/rpc.md). One thread at a time uses a client.
 */
#ifndef API_CLIENT_H
#define API_CLIENT_H

#include "base/err.h"
#include "base/json.h"

#define CLIENT_DEFAULT_SOCKET "/run/flue/flued.sock"
#define CLIENT_MAX_REQUEST    (1u << 20)  /* bytes of a line flued takes */
#define CLIENT_MAX_REPLY      (64u << 20) /* bytes of a line that is taken from it */

struct client;

/* Who is called: for the usual place of its socket, and for what an error says of it. */
struct client_peer {
	const char *program; /* "flued"; its unit has the same name */
	const char *socket;  /* where it listens */
	const char *env;     /* the variable that names another place */
	const char *option;  /* and the option of flue(1); NULL: none */
};
extern const struct client_peer client_flued, client_pf;

/* The socket that is meant when none is named. */
const char *client_peer_path(const struct client_peer *peer);
const char *client_default_path(void); /* flued's: $FLUE_SOCKET, or CLIENT_DEFAULT_SOCKET */

/* Connects. path: NULL for client_default_path(). timeout_ms: how long connecting, and later each
 * wait for flued, may take; 0: for ever. On success *client is the caller's.
 * 0; -ENOENT, -ECONNREFUSED (flued does not run), -EACCES, -ENAMETOOLONG or another negative errno,
 * with e->text naming the cure. */
int client_open(const char *path, unsigned int timeout_ms, struct client **client, struct err *e);
/* The same for another daemon. */
int client_open_peer(const struct client_peer *peer, const char *path, unsigned int timeout_ms,
		     struct client **client, struct err *e);

void client_close(struct client *client); /* NULL: nothing */

/* Calls a method and waits for the answer. params: borrowed; NULL for none. On success *result is
 * the caller's.
 * 0; when flued refuses, its errno (-EINVAL, -ENOENT ...; -EPROTO if it names none that this host
 * knows), its sentence and its JSON pointer in e; -E2BIG for a request over CLIENT_MAX_REQUEST.
 * When the connection is lost: -ETIMEDOUT, -ECONNRESET, -EBADMSG, -EMSGSIZE or another negative
 * errno, and client_is_lost() is true from then on. */
int client_call(struct client *client, const char *method, const json_t *params, json_t **result,
		struct err *e);

/* Did the last call fail because flued cannot be talked to, rather than because it refused? */
bool client_is_lost(const struct client *client);

#endif
