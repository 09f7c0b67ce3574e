/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BASE_NOTIFY_H
#define BASE_NOTIFY_H

/* Tells the service manager what sd_notify(3) describes: "READY=1", "STOPPING=1", "STATUS=...".
 * Nothing happens when NOTIFY_SOCKET is not set, as when a person started us.
 * 1: sent; 0: nobody wants to know; negative errno. Any thread but a worker. */
int notify_send(const char *state);

#endif
