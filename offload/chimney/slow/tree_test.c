/* SPDX-License-Identifier: BSD-3-Clause */
/* The verbs: whole and half trees, one verb at a time, who goes with whom. */
#include "offload/chimney/slow/test_tree.h"

static void counts_are(uint32_t neighbors, uint32_t paths, uint32_t tcps)
{
	const struct chim_tree_counts *c = chim_tree_counts(tree);

	assert_int_equal(c->neighbors, neighbors);
	assert_int_equal(c->paths, paths);
	assert_int_equal(c->tcps, tcps);
}

static void whole_tree(void **state)
{
	struct chim_block b[7] = {neigh_block(&here, 5, 1), path_block(0, 5, 1),
				  tcp_block(1, 1, 11),	    tcp_block(1, 1, 12),
				  path_block(0, 5, 2),	    tcp_block(4, 2, 13),
				  tcp_block(4, 2, 14)};

	initiate(b, 7);
	expect("start:11 forward:11 start:12 forward:12 start:13 forward:13 start:14 forward:14 "
	       "done ");
	counts_are(1, 2, 4);
	for (int i = 0; i < 7; i++)
		assert_int_equal(b[i].status, CHIM_REFUSE_NONE);
	assert_ptr_equal(b[5].running, chim_tree_find(tree, &here, &b[5].tcp.state.tuple));
	assert_null(chim_tree_find(tree, &there, &b[5].tcp.state.tuple));
	assert_int_equal(b[6].running->state.neigh.remote_mac[5], 1);
	assert_int_equal(b[6].running->state.path.mtu, 1500);
	chim_tree_terminate(tree, b[2].running, CHIM_UPLOAD_REQUESTED);
	chim_tree_terminate(tree, b[3].running, CHIM_UPLOAD_REQUESTED);
	counts_are(1, 1, 2);
	chim_tree_terminate_all(tree, &there, CHIM_UPLOAD_REQUESTED);
	counts_are(1, 1, 2);
	chim_tree_terminate_all(tree, &here, CHIM_UPLOAD_REQUESTED);
	counts_are(0, 0, 0);
	assert_int_equal(chim_tree_counts(tree)->uploaded[CHIM_UPLOAD_REQUESTED], 4);
}

/* Each leaf has its own answer, and its parents the best below them. */
static void half_tree(void **state)
{
	struct chim_block b[9] = {
		neigh_block(&here, 5, 1), path_block(0, 5, 1), tcp_block(1, 1, 11),
		tcp_block(1, 1, 12),	  tcp_block(1, 1, 11), neigh_block(&here, 5, 2),
		path_block(5, 5, 2),	  tcp_block(6, 2, 13), path_block(0, 5, 3)};

	memset(b[5].neigh.mac.remote_mac, 0, 6);
	refuse_port = 12;
	initiate(b, 9);
	expect("start:11 forward:11 start:12 done ");
	assert_int_equal(b[0].status, CHIM_REFUSE_NONE);
	assert_int_equal(b[1].status, CHIM_REFUSE_NONE);
	assert_int_equal(b[2].status, CHIM_REFUSE_NONE);
	assert_int_equal(b[3].status, CHIM_REFUSE_RACE);
	assert_null(b[3].running);
	assert_int_equal(b[4].status, CHIM_REFUSE_BUSY);
	for (int i = 5; i <= 7; i++)
		assert_int_equal(b[i].status, CHIM_REFUSE_NO_NEIGH);
	/* What nothing lies on is not kept. */
	counts_are(1, 1, 1);
	assert_int_equal(chim_tree_counts(tree)->refused[CHIM_REFUSE_NO_NEIGH], 1);
	assert_int_equal(chim_tree_counts(tree)->refused[CHIM_REFUSE_BUSY], 1);
	assert_int_equal(chim_tree_counts(tree)->refused[CHIM_REFUSE_RACE], 1);
}

static void all_refused(void **state)
{
	struct chim_block b[3] = {neigh_block(&here, 5, 1), path_block(0, 5, 1),
				  tcp_block(1, 1, 11)};

	refuse_port = 11;
	initiate(b, 3);
	for (int i = 0; i < 3; i++)
		assert_int_equal(b[i].status, CHIM_REFUSE_RACE);
	counts_are(0, 0, 0);
}

static void no_trees(void **state)
{
	struct chim_block b[2] = {neigh_block(&here, 5, 1), path_block(0, 5, 1)};

	b[0].parent = 1;
	assert_int_equal(chim_tree_initiate(tree, b, 2, done, NULL), -EINVAL);
	b[0].parent = -1;
	b[1].parent = 1;
	assert_int_equal(chim_tree_initiate(tree, b, 2, done, NULL), -EINVAL);
	b[1] = tcp_block(0, 1, 1);
	assert_int_equal(chim_tree_initiate(tree, b, 2, done, NULL), -EINVAL);
	assert_int_equal(chim_tree_initiate(tree, b, 0, done, NULL), -EINVAL);
	expect("");
}

static void asynchronous(void **state)
{
	struct chim_block b[4] = {neigh_block(&here, 5, 1), path_block(0, 5, 1),
				  tcp_block(1, 1, 11), tcp_block(1, 1, 12)};
	struct chim_tree_tcp *tcp[2];

	later = true;
	initiate(b, 4);
	expect("start:11 start:12 ");
	tcp[0] = chim_tree_find(tree, &here, &b[2].tcp.state.tuple);
	tcp[1] = chim_tree_find(tree, &here, &b[3].tcp.state.tuple);
	chim_tree_initiated(tree, tcp[1], CHIM_REFUSE_NONE);
	expect("forward:12 ");
	/* What comes meanwhile waits. */
	chim_tree_path_mtu(tree, tcp[0]->path, 1400);
	expect("update:12:mtu1400 ");
	chim_tree_initiated(tree, tcp[0], CHIM_REFUSE_NONE);
	expect("forward:11 done update:11:mtu1400 ");
	/* The newest counts, and all of it at once. */
	chim_tree_path_mtu(tree, tcp[0]->path, 1300);
	chim_tree_path_mtu(tree, tcp[0]->path, 1350);
	chim_tree_path_mtu(tree, tcp[0]->path, 1200);
	expect("");
	chim_tree_updated(tree, tcp[0]);
	expect("update:11:mtu1200 ");
	/* An upload goes before what else there is to do, but not into what is under way. */
	chim_tree_path_mtu(tree, tcp[0]->path, 1100);
	chim_tree_terminate(tree, tcp[0], CHIM_UPLOAD_TIMEOUT);
	chim_tree_terminate(tree, tcp[0], CHIM_UPLOAD_REQUESTED);
	expect("");
	chim_tree_updated(tree, tcp[0]);
	expect("upload:11:4 ");
	chim_tree_terminated(tree, tcp[0], -ECONNABORTED);
	assert_int_equal(chim_tree_counts(tree)->lost, 1);
	counts_are(1, 1, 1);
	chim_tree_updated(tree, tcp[1]);
	expect("update:12:mtu1100 ");
	chim_tree_updated(tree, tcp[1]);
}

/* What ICMP told bounds the path until it is forgotten, whatever the kernel says. */
static void told_mtu(void **state)
{
	struct chim_tree_tcp *first = one(&here, 1, 1, 11), *second;
	struct chim_look f = {
		.found = true, .ifindex = 5, .port_ifindex = 5, .mtu = 1500, .link_mtu = 1500};

	memcpy(f.next_hop, first->path->neigh->next_hop, 16);
	f.mac = first->path->neigh->mac;
	expect("start:11 forward:11 done ");
	assert_true(chim_tree_path_mtu(tree, first->path, 1400));
	expect("update:11:mtu1400 ");
	assert_false(chim_tree_path_mtu(tree, first->path, 1400));
	assert_false(chim_tree_path_mtu(tree, first->path, 1450));
	second = one(&here, 1, 1, 12);
	expect("start:12 forward:12 done ");
	assert_int_equal(second->state.path.mtu, 1400);
	chim_tree_forget_mtu(tree, first->path);
	expect("look:1 ");
	found(looking, &f);
	expect("update:12:mtu1500 update:11:mtu1500 ");
}

/* It cannot go now: it goes on, and may be asked for again. */
static void kept(void **state)
{
	struct chim_tree_tcp *tcp = one(&here, 1, 1, 11);

	later = true;
	chim_tree_terminate(tree, tcp, CHIM_UPLOAD_PATH);
	chim_tree_path_mtu(tree, tcp->path, 1400);
	expect("start:11 forward:11 done upload:11:11 ");
	chim_tree_kept(tree, tcp);
	expect("update:11:mtu1400 ");
	chim_tree_updated(tree, tcp);
	chim_tree_terminate(tree, tcp, CHIM_UPLOAD_REQUESTED);
	expect("upload:11:5 ");
	assert_int_equal(chim_tree_counts(tree)->uploaded[CHIM_UPLOAD_PATH], 0);
	chim_tree_terminated(tree, tcp, 0);
	counts_are(0, 0, 0);
}

static int answered;

static void queried(void *arg, struct chim_tree_tcp *tcp, int error)
{
	answered = error ? error : (int)tcp->state.snd_nxt;
}

static void queries(void **state)
{
	struct chim_tree_tcp *tcp = one(&here, 1, 1, 11);

	expect("start:11 forward:11 done ");
	assert_int_equal(chim_tree_query(tree, tcp, queried, NULL), 0);
	expect("query:11 ");
	assert_int_equal(answered, 4711);
	later = true;
	assert_int_equal(chim_tree_query(tree, tcp, queried, NULL), 0);
	assert_int_equal(chim_tree_query(tree, tcp, queried, NULL), -EBUSY);
	chim_tree_terminate(tree, tcp, CHIM_UPLOAD_REQUESTED);
	expect("query:11 ");
	chim_tree_queried(tree, tcp, 0);
	expect("upload:11:5 ");
	/* Of one that is going nothing can be told. */
	assert_int_equal(chim_tree_query(tree, tcp, queried, NULL), 0);
	chim_tree_terminated(tree, tcp, 0);
	assert_int_equal(answered, -ENOTCONN);
	expect("");
}

/* It ended by itself, whatever was under way. */
static void ended(void **state)
{
	struct chim_tree_tcp *tcp = one(&here, 1, 1, 11);
	struct chim_block b[3] = {neigh_block(&here, 5, 1), path_block(0, 5, 1),
				  tcp_block(1, 1, 12)};

	later = true;
	initiate(b, 3);
	chim_tree_ended(tree, chim_tree_find(tree, &here, &b[2].tcp.state.tuple));
	assert_int_equal(b[2].status, CHIM_REFUSE_NOT_ESTABLISHED);
	chim_tree_terminate(tree, tcp, CHIM_UPLOAD_REQUESTED);
	chim_tree_ended(tree, tcp);
	expect("start:11 forward:11 done start:12 done upload:11:5 ");
	counts_are(0, 0, 0);
	assert_int_equal(chim_tree_counts(tree)->ended, 2);
}

static void terminate_it(void *arg, struct chim_tree_tcp *tcp)
{
	chim_tree_terminate(tree, tcp, CHIM_UPLOAD_LOW_ACTIVITY);
}

static void each(void **state)
{
	for (uint16_t i = 0; i < 100; i++)
		one(i & 1 ? &here : &there, (uint8_t)(i / 10), (uint8_t)i, i + 1);
	assert_int_equal(chim_tree_counts(tree)->tcps, 100);
	assert_int_equal(chim_tree_counts(tree)->paths, 100);
	assert_int_equal(chim_tree_counts(tree)->neighbors, 20);
	chim_tree_each(tree, terminate_it, NULL);
	counts_are(0, 0, 0);
	assert_int_equal(chim_tree_counts(tree)->uploaded[CHIM_UPLOAD_LOW_ACTIVITY], 100);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, tree_setup, tree_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(whole_tree), TEST(half_tree), TEST(all_refused),  TEST(no_trees),
		TEST(told_mtu),	  TEST(kept),	   TEST(asynchronous), TEST(queries),
		TEST(ended),	  TEST(each),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
