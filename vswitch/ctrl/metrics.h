/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * GET /metrics: the counters that `flue ... show` prints, in the Prometheus text format, version
 * 0.0.4. The names follow the JSON keys: rx_packets of a port is flue_port_rx_packets_total.
 */
#ifndef VSWITCH_CTRL_METRICS_H
#define VSWITCH_CTRL_METRICS_H

#include "base/err.h"
#include "base/json.h"

#include <event2/event.h>
#include <stddef.h>

/* What is exposed: results of the methods of docs/rpc.md. NULL: not known now, left out. */
struct metrics_data {
	json_t *ports;	  /* port.show with stats */
	json_t *bridges;  /* bridge.show */
	json_t *sw;	  /* switch.show */
	json_t *pipeline; /* pipeline.show */
	json_t *chimney;  /* chimney.show, without its flows */
};

/* Fills data (zeroed before) with new references, which the caller releases also on error.
 * 0, or negative errno with e filled: the request is answered with 503. Main thread. */
typedef int (*metrics_fn)(void *ctx, struct metrics_data *data, struct err *e);

/* The exposition as text, NUL-terminated; free() it. len: bytes without the NUL. NULL: out of
 * memory. Members that are absent or of another type are left out. Any thread. */
char *metrics_format(const struct metrics_data *data, size_t *len);

struct metrics_server;

/* Serves on addr, "ADDRESS:PORT" ("127.0.0.1:9188", "[::]:9188"; port 0: any free one), in base's
 * loop. NULL with e filled: -EINVAL for a bad addr, or the errno of bind(2). Main thread. */
struct metrics_server *metrics_server_new(struct event_base *base, const char *addr, metrics_fn fn,
					  void *ctx, struct err *e);

/* The TCP port it listens on. Main thread. */
int metrics_server_port(const struct metrics_server *s);

/* Stops listening and closes all connections. NULL is fine. Main thread. */
void metrics_server_free(struct metrics_server *s);

#endif
