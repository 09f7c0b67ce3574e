/* SPDX-License-Identifier: BSD-3-Clause */
/* A server on a socket of its own and clients, for tests. They share one thread: each wait for a
 * client turns the server's loop. */
#ifndef API_SERVE_TEST_RPC_H
#define API_SERVE_TEST_RPC_H

#include "api/serve/rpc.h"
#include "api/serve/rpc_conn.h"
#include "api/serve/rpc_msg.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct fix {
	struct event_base *base;
	struct rpc_server *server;
	char dir[32], path[64];
	unsigned int calls;
	struct rpc_reply *reply; /* of the last vm.pause */
	size_t big;		 /* bytes of padding in each answer of port.show */
	uint64_t caller;	 /* of the last port.show */
	uint64_t gone[4];
	unsigned int n_gone;
};

struct client {
	struct fix *f;
	int fd;
	char *buf; /* what came, the line returned last at its start */
	size_t len, line;
};

/* bridge.add, port.show and switch.show, which fails without saying why. ctx: the fix. */
extern const struct rpc_handler rpc_handlers[];

/* With vm.pause, too, which is answered later. */
int rpc_setup(void **state);
int rpc_teardown(void **state);
#define RPC_TEST(name) cmocka_unit_test_setup_teardown(name, rpc_setup, rpc_teardown)

struct client connected(struct fix *f);
void hang_up(struct client *c);
void say(struct client *c, const char *data, size_t len);
void say_line(struct client *c, const char *text);

/* The next line, without its line feed; NULL when the server has closed. */
const char *hear(struct client *c);

/* Hears an error and returns its code; checks its id (-1: null), errno's name and path. */
int hear_error(struct client *c, int id, const char *name, const char *path);

void turn_until(struct fix *f, bool (*there)(const struct fix *f));

#define REQ(id, method, params) \
	"{\"jsonrpc\":\"2.0\",\"id\":" #id ",\"method\":\"" method "\",\"params\":" params "}"
#define OK(id) "{\"jsonrpc\":\"2.0\",\"id\":" #id ",\"result\":{}}"

#endif
