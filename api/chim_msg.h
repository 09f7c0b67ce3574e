/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What an application and flued say to each other about connections: messages of one fixed size
 * over a UNIX socket of type SOCK_SEQPACKET, descriptors with SCM_RIGHTS. flued knows who speaks
 * from SO_PEERCRED. An application that closes the socket gives up all its connections: they end as
 * they would if its process had ended (FIN; RST where something was not read, or SO_LINGER is on
 * and gives no time).
 *
 *   application → flued                        flued → application
 *   HELLO version                              WELCOME n_workers  + bells, eventfd of each worker
 *   OFFER cookie + the socket                  ACCEPTED cookie conn + memory, eventfd
 *                                              REFUSED cookie reason retry_ms retry_bytes
 *   UPLOAD conn reason                         UPLOADED conn reason retry_ms
 *   CLOSE conn linger_ms                       (UPLOADED also comes unasked: the shared page's
 *                                               CHIM_FLUED_FROZEN was set before)
 *
 * After ACCEPTED the kernel's socket is closed silently, but stays the same object with the same
 * local port: after UPLOADED it is the connection again. With a negative errno for a reason the
 * connection is lost and the application sees that error.
 * KEPT answers an UPLOAD that cannot be now (reason: a negative errno; -ENOTCONN: both sides are
 * closing it): it goes on as it was.
 * After CLOSE the number conn is free when flued says CLOSED.
 */
#ifndef API_CHIM_MSG_H
#define API_CHIM_MSG_H

#include <stdint.h>

#define CHIM_SOCKET_PATH "/run/flue/chimney.sock"

enum { CHIM_MSG_VERSION = 1, CHIM_MSG_FDS = 17 };

enum chim_msg_type {
	CHIM_MSG_HELLO = 1,
	CHIM_MSG_WELCOME,
	CHIM_MSG_OFFER,
	CHIM_MSG_ACCEPTED,
	CHIM_MSG_REFUSED,
	CHIM_MSG_UPLOAD,
	CHIM_MSG_UPLOADED,
	CHIM_MSG_CLOSE,
	CHIM_MSG_CLOSED,
	CHIM_MSG_KEPT,
};

struct chim_msg {
	uint32_t type;	   /* enum chim_msg_type */
	uint32_t conn;	   /* its number; in HELLO and WELCOME the version */
	uint64_t cookie;   /* of an OFFER, said again in its answer */
	int32_t reason;	   /* enum chim_refusal or enum chim_upload, or a negative errno: lost */
	uint32_t retry_ms; /* REFUSED: offer it again after this; 0: never. CLOSE: linger, 0: none,
			    * UINT32_MAX: default. WELCOME: the number of workers */
	uint64_t retry_bytes; /* REFUSED: or when it has moved so many; 0: never */
};

_Static_assert(sizeof(struct chim_msg) == 32, "laid out alike on both sides");

#endif
