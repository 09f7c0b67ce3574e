/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An owner of a tree that writes down what it is asked for, one word each: "start:1" is the op
 * initiate of the connection with local port 1. It answers at once, or when the test says so.
 */
#ifndef OFFLOAD_CHIMNEY_SLOW_TEST_TREE_H
#define OFFLOAD_CHIMNEY_SLOW_TEST_TREE_H

#include "offload/chimney/slow/tree.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

static struct chim_tree *tree;
static char log_text[4096];
static bool later;		       /* verbs are not answered by themselves */
static uint16_t refuse_port;	       /* initiate of this connection is refused */
static struct chim_tree_path *looking; /* the last that was looked for */
static struct chim_tree_path *asked[64];
static unsigned int n_asked;
static struct chim_netns here = {1, 100}, there = {1, 200};

__attribute__((format(printf, 1, 2))) static void note(const char *fmt, ...)
{
	size_t len = strlen(log_text);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(log_text + len, sizeof(log_text) - len, fmt, ap);
	va_end(ap);
}

/* What was asked for since the last time. */
static void expect(const char *text)
{
	assert_string_equal(log_text, text);
	log_text[0] = '\0';
}

static int port(const struct chim_tree_tcp *tcp)
{
	return ntohs(tcp->state.tuple.local_port);
}

static void op_initiate(void *ctx, struct chim_tree_tcp *tcp)
{
	note("start:%d ", port(tcp));
	assert_int_equal(tcp->verb, CHIM_VERB_INITIATE);
	if (!later)
		chim_tree_initiated(tree, tcp,
				    port(tcp) == refuse_port ? CHIM_REFUSE_RACE : CHIM_REFUSE_NONE);
}

static void op_forward(void *ctx, struct chim_tree_tcp *tcp)
{
	note("forward:%d ", port(tcp));
}

static void op_update(void *ctx, struct chim_tree_tcp *tcp, unsigned int what)
{
	note("update:%d", port(tcp));
	if (what & CHIM_UPDATE_MAC)
		note(":mac%d", tcp->state.neigh.remote_mac[5]);
	if (what & CHIM_UPDATE_MTU)
		note(":mtu%d", tcp->state.path.mtu);
	note(" ");
	if (!later)
		chim_tree_updated(tree, tcp);
}

static void op_invalidate(void *ctx, struct chim_tree_tcp *tcp)
{
	note("invalid:%d ", port(tcp));
}

static void op_query(void *ctx, struct chim_tree_tcp *tcp)
{
	note("query:%d ", port(tcp));
	tcp->state.snd_nxt = 4711;
	if (!later)
		chim_tree_queried(tree, tcp, 0);
}

static void op_terminate(void *ctx, struct chim_tree_tcp *tcp, enum chim_upload why)
{
	note("upload:%d:%d ", port(tcp), why);
	assert_int_equal(tcp->verb, CHIM_VERB_TERMINATE);
	if (!later)
		chim_tree_terminated(tree, tcp, 0);
}

static void op_resolve(void *ctx, struct chim_tree_neigh *neigh)
{
	note("resolve:%d ", neigh->next_hop[3]);
}

static void op_look(void *ctx, struct chim_tree_path *path)
{
	note("look:%d ", path->remote[3]);
	looking = path;
	asked[n_asked++ % 64] = path;
}

/* The answer to one that was looked for. */
static void found(struct chim_tree_path *path, const struct chim_look *f)
{
	for (unsigned int i = 0; i < 64; i++)
		if (asked[i] == path)
			asked[i] = NULL;
	chim_tree_looked(tree, path, f);
}

static const struct chim_tree_ops ops = {
	.initiate = op_initiate,
	.forward = op_forward,
	.update = op_update,
	.invalidate = op_invalidate,
	.query = op_query,
	.terminate = op_terminate,
	.resolve = op_resolve,
	.look = op_look,
};

static int tree_setup(void **state)
{
	later = false;
	refuse_port = 0;
	log_text[0] = '\0';
	looking = NULL;
	memset(asked, 0, sizeof(asked));
	n_asked = 0;
	tree = chim_tree_new(&ops, NULL);
	return tree ? 0 : -1;
}

/* Whatever a test did, all goes back and nothing is left. */
static int tree_teardown(void **state)
{
	const struct chim_tree_counts *c = chim_tree_counts(tree);
	static const struct chim_look nothing;

	later = false;
	chim_tree_terminate_all(tree, NULL, CHIM_UPLOAD_STOPPING);
	for (unsigned int i = 0; i < 64; i++)
		if (asked[i])
			found(asked[i], &nothing);
	if (c->tcps || c->paths || c->neighbors)
		return -1;
	chim_tree_free(tree);
	return 0;
}

/* Next hop 10.0.0.h on interface ifindex, whose MAC ends in h. */
static struct chim_block neigh_block(const struct chim_netns *netns, uint32_t ifindex, uint8_t h)
{
	struct chim_block b = {.kind = CHIM_BLOCK_NEIGH, .parent = -1};

	b.neigh.netns = *netns;
	b.neigh.ifindex = ifindex;
	memcpy(b.neigh.next_hop, (uint8_t[4]){10, 0, 0, h}, 4);
	memcpy(b.neigh.mac.local_mac, "\x02\0\0\0\0\x63", 6);
	memcpy(b.neigh.mac.remote_mac, (uint8_t[6]){2, 0, 0, 0, 0, h}, 6);
	return b;
}

/* To 10.0.0.r. */
static struct chim_block path_block(int parent, uint32_t port_ifindex, uint8_t r)
{
	struct chim_block b = {.kind = CHIM_BLOCK_PATH, .parent = parent};

	b.path.port_ifindex = port_ifindex;
	b.path.mtu = b.path.link_mtu = 1500;
	memcpy(b.path.remote, (uint8_t[4]){10, 0, 0, r}, 4);
	return b;
}

/* From 10.0.0.99 to 10.0.0.r. */
static struct chim_block tcp_block(int parent, uint8_t r, uint16_t local_port)
{
	struct chim_block b = {.kind = CHIM_BLOCK_TCP, .parent = parent};
	struct chim_tuple *t = &b.tcp.state.tuple;

	memcpy(t->local, (uint8_t[4]){10, 0, 0, 99}, 4);
	memcpy(t->remote, (uint8_t[4]){10, 0, 0, r}, 4);
	t->local_port = htons(local_port);
	t->remote_port = htons(80);
	return b;
}

static int n_done;

static void done(void *arg, struct chim_block *blocks, unsigned int n)
{
	n_done++;
	note("done ");
}

static void initiate(struct chim_block *blocks, unsigned int n)
{
	assert_int_equal(chim_tree_initiate(tree, blocks, n, done, NULL), 0);
}

/* One connection to 10.0.0.r over next hop h, on interface 5. */
static struct chim_tree_tcp *one(const struct chim_netns *netns, uint8_t h, uint8_t r,
				 uint16_t local_port)
{
	struct chim_block b[3] = {neigh_block(netns, 5, h), path_block(0, 5, r),
				  tcp_block(1, r, local_port)};

	initiate(b, 3);
	return chim_tree_find(tree, netns, &b[2].tcp.state.tuple);
}

#endif
