/* SPDX-License-Identifier: BSD-3-Clause */
/* What news do to which connections, and to no others. */
#include "offload/chimney/slow/test_tree.h"

static struct chim_tree_tcp *tcp[4];

/* 11 and 12 over next hop 1 to 10.0.0.1 and 10.0.0.2, 13 over next hop 3, 14 in another namespace.
 */
static int four(void **state)
{
	tree_setup(state);
	tcp[0] = one(&here, 1, 1, 11);
	tcp[1] = one(&here, 1, 2, 12);
	tcp[2] = one(&here, 3, 3, 13);
	tcp[3] = one(&there, 1, 1, 14);
	log_text[0] = '\0';
	return 0;
}

static void tell(const struct chim_news *news)
{
	chim_tree_news(tree, &here, news);
}

static struct chim_news neigh(uint8_t h, uint8_t mac)
{
	struct chim_news n = {.kind = CHIM_NEWS_NEIGH, .ifindex = 5, .usable = mac != 0};

	memcpy(n.addr, (uint8_t[4]){10, 0, 0, h}, 4);
	memcpy(n.mac, (uint8_t[6]){2, 0, 0, 0, 0, mac}, 6);
	return n;
}

static struct chim_news link_news(uint32_t ifindex, bool up, uint32_t mtu)
{
	struct chim_news n = {.kind = CHIM_NEWS_LINK, .ifindex = ifindex, .up = up, .mtu = mtu};

	memcpy(n.mac, "\x02\0\0\0\0\x63", 6);
	return n;
}

static struct chim_news route(uint8_t last, uint8_t bits)
{
	struct chim_news n = {.kind = CHIM_NEWS_ROUTE, .ifindex = 9, .bits = bits};

	memcpy(n.addr, (uint8_t[4]){10, 0, 0, last}, 4);
	return n;
}

static void new_mac(void **state)
{
	struct chim_news n = neigh(1, 77);

	tell(&n);
	expect("update:12:mac77 update:11:mac77 ");
	assert_int_equal(tcp[0]->state.neigh.local_mac[5], 0x63);
	/* Nothing new. */
	tell(&n);
	expect("");
	n = neigh(9, 77);
	tell(&n);
	n = neigh(1, 78);
	n.ifindex = 6;
	tell(&n);
	expect("");
}

static void unknown_mac(void **state)
{
	struct chim_news n = neigh(1, 0);

	tell(&n);
	expect("invalid:12 invalid:11 resolve:1 ");
	tell(&n);
	expect("");
	/* The same as before, but it may be used again. */
	n = neigh(1, 1);
	tell(&n);
	expect("update:12:mac1 update:11:mac1 ");
}

/* It came back before anybody was told. */
static void unknown_for_a_moment(void **state)
{
	struct chim_news n = neigh(3, 0);

	later = true;
	chim_tree_path_mtu(tree, tcp[2]->path, 1400);
	expect("update:13:mtu1400 ");
	tell(&n);
	n = neigh(3, 5);
	tell(&n);
	expect("resolve:3 ");
	chim_tree_updated(tree, tcp[2]);
	expect("update:13:mac5 ");
	chim_tree_updated(tree, tcp[2]);
}

static void link_down(void **state)
{
	struct chim_news n = link_news(5, true, 1500);

	tell(&n);
	expect("");
	n.ifindex = 6;
	n.up = false;
	tell(&n);
	expect("");
	n.ifindex = 5;
	tell(&n);
	assert_int_equal(chim_tree_counts(tree)->uploaded[CHIM_UPLOAD_PATH], 3);
	assert_int_equal(chim_tree_counts(tree)->tcps, 1);
}

static void port_of_vlan_gone(void **state)
{
	struct chim_block b[3] = {neigh_block(&here, 7, 4), path_block(0, 8, 4),
				  tcp_block(1, 4, 15)};
	struct chim_news n = link_news(8, true, 9000);

	b[1].path.vlan = 3;
	initiate(b, 3);
	expect("start:15 forward:15 done ");
	/* The MTU that counts is that of the interface above. */
	tell(&n);
	expect("");
	n.gone = true;
	tell(&n);
	expect("upload:15:11 ");
}

static void link_mtu(void **state)
{
	struct chim_news n = link_news(5, true, 1400);

	tell(&n);
	assert_int_equal(tcp[0]->state.path.mtu, 1400);
	assert_int_equal(tcp[1]->state.path.mtu, 1400);
	assert_int_equal(tcp[2]->state.path.mtu, 1400);
	assert_int_equal(tcp[3]->state.path.mtu, 1500);
	assert_int_equal(chim_tree_counts(tree)->updates, 3);
	/* A larger one must be asked for. */
	n = link_news(5, true, 9000);
	tell(&n);
	assert_int_equal(tcp[0]->state.path.mtu, 1400);
	assert_int_equal(chim_tree_counts(tree)->looks, 3);
}

static void own_mac(void **state)
{
	struct chim_news n = link_news(5, true, 1500);

	n.mac[5] = 0x64;
	tell(&n);
	assert_int_equal(chim_tree_counts(tree)->updates, 3);
	assert_int_equal(tcp[2]->state.neigh.local_mac[5], 0x64);
	assert_int_equal(tcp[2]->state.neigh.remote_mac[5], 3);
}

static struct chim_look as_before(uint8_t h)
{
	struct chim_look f = {
		.found = true, .ifindex = 5, .port_ifindex = 5, .mtu = 1500, .link_mtu = 1500};

	memcpy(f.next_hop, (uint8_t[4]){10, 0, 0, h}, 4);
	memcpy(f.mac.local_mac, "\x02\0\0\0\0\x63", 6);
	memcpy(f.mac.remote_mac, (uint8_t[6]){2, 0, 0, 0, 0, h}, 6);
	return f;
}

static void route_to_one(void **state)
{
	struct chim_news n = route(2, 32);
	struct chim_look f = as_before(1);

	tell(&n);
	expect("look:2 ");
	/* All is as it was. */
	found(looking, &f);
	expect("");
	/* Another next hop on the same interface. */
	tell(&n);
	f = as_before(3);
	found(looking, &f);
	expect("look:2 update:12:mac3 ");
	assert_ptr_equal(tcp[1]->path->neigh, tcp[2]->path->neigh);
	/* One that is not known yet, and not resolved. */
	tell(&n);
	f = as_before(8);
	memset(f.mac.remote_mac, 0, 6);
	found(looking, &f);
	expect("look:2 invalid:12 resolve:8 ");
	assert_int_equal(chim_tree_counts(tree)->neighbors, 4);
	/* A smaller MTU by the route's metric, and back. */
	tell(&n);
	f = as_before(1);
	f.mtu = 1300;
	found(looking, &f);
	expect("look:2 update:12:mac1:mtu1300 ");
	assert_int_equal(chim_tree_counts(tree)->neighbors, 3);
	/* Another interface. */
	tell(&n);
	f.ifindex = f.port_ifindex = 6;
	found(looking, &f);
	expect("look:2 upload:12:11 ");
}

static void route_elsewhere(void **state)
{
	struct chim_look none = {.found = false};
	struct chim_news n = route(64, 26);

	tell(&n);
	expect("");
	n = route(0, 32);
	n.v6 = true;
	tell(&n);
	expect("");
	n = route(2, 31); /* 10.0.0.2 and .3 */
	tell(&n);
	expect("look:2 look:3 ");
	found(tcp[2]->path, &none);
	expect("upload:13:11 ");
	found(tcp[1]->path, &none);
	expect("upload:12:11 ");
}

/* Changed again while it was looked for: the answer is not believed. */
static void route_flaps(void **state)
{
	struct chim_news n = route(2, 32);
	struct chim_look none = {.found = false}, f = as_before(1);

	tell(&n);
	tell(&n);
	tell(&n);
	expect("look:2 ");
	found(looking, &none);
	expect("look:2 ");
	found(looking, &f);
	expect("");
}

/* Its last connection went while it was looked for. */
static void looked_for_nobody(void **state)
{
	struct chim_news n = route(2, 32);
	struct chim_look f = as_before(1);

	tell(&n);
	chim_tree_ended(tree, tcp[1]);
	assert_int_equal(chim_tree_counts(tree)->paths, 4);
	found(looking, &f);
	assert_int_equal(chim_tree_counts(tree)->paths, 3);
	expect("look:2 ");
}

static void everything(void **state)
{
	struct chim_news n = {.kind = CHIM_NEWS_LOST};
	struct chim_look f = as_before(1);

	tell(&n);
	assert_int_equal(chim_tree_counts(tree)->looks, 3);
	for (int i = 0; i < 3; i++) {
		f = as_before(i == 2 ? 3 : 1);
		found(tcp[i]->path, &f);
	}
	n.kind = CHIM_NEWS_RULE;
	tell(&n);
	assert_int_equal(chim_tree_counts(tree)->looks, 6);
	for (int i = 0; i < 3; i++) {
		f = as_before(i == 2 ? 3 : 1);
		found(tcp[i]->path, &f);
	}
	assert_int_equal(chim_tree_counts(tree)->tcps, 4);
	assert_int_equal(chim_tree_counts(tree)->updates, 0);
}

static void address(void **state)
{
	struct chim_news n = {.kind = CHIM_NEWS_ADDR, .ifindex = 5};

	memcpy(n.addr, (uint8_t[4]){10, 0, 0, 99}, 4);
	tell(&n);
	expect("");
	n.gone = true;
	n.addr[3] = 98;
	tell(&n);
	expect("");
	n.addr[3] = 99;
	tell(&n);
	assert_int_equal(chim_tree_counts(tree)->uploaded[CHIM_UPLOAD_PATH], 3);
	assert_int_equal(chim_tree_counts(tree)->tcps, 1);
}

/* A new connection over a path that is known tells the others what has changed there. */
static void newer_by_initiate(void **state)
{
	struct chim_block b[3] = {neigh_block(&here, 5, 1), path_block(0, 5, 2),
				  tcp_block(1, 2, 15)};

	b[0].neigh.mac.remote_mac[5] = 9;
	b[1].path.mtu = 1400;
	initiate(b, 3);
	expect("update:12:mac9:mtu1400 update:11:mac9 start:15 forward:15 done ");
	assert_int_equal(tcp[1]->path->n_tcps, 2);
	/* Over another port: what runs there cannot follow. */
	b[1].path.port_ifindex = 6;
	b[2] = tcp_block(1, 2, 16);
	initiate(b, 3);
	expect("upload:15:11 upload:12:11 start:16 forward:16 done ");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, four, tree_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(new_mac),	   TEST(unknown_mac),	    TEST(unknown_for_a_moment),
		TEST(link_down),   TEST(port_of_vlan_gone), TEST(link_mtu),
		TEST(own_mac),	   TEST(route_to_one),	    TEST(route_elsewhere),
		TEST(route_flaps), TEST(looked_for_nobody), TEST(everything),
		TEST(address),	   TEST(newer_by_initiate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
