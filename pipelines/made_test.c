/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the switch makes itself lies in memory that is neither a port's nor DPDK's, in several
 * pieces. Here it leaves by real ports: a DPDK device, which must have its own copy because it
 * sends later, and a TAP. Needs the right to make a network namespace for the latter.
 */
#include "pipelines/test_pipe.h"

#include "base/json.h"

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PAYLOAD = 20000, SEGSZ = 1400, HEADERS = 54 };

static uint8_t got[TEST_FRAME_MAX];

static void nothing(void)
{
}

/* Port 2 is a real one; port 1 is where packets seem to come from. */
static void open_port(struct port *p, const struct port_ops *ops, json_t *conf)
{
	struct err e = {0};

	*p = (struct port){.ops = ops, .name = "made0", .id = 2, .mtu = 1500};
	if (ops->create(p, conf, &e) != 0)
		fail_msg("%s", e.text);
	json_decref(conf);
	fake_port(1, 1, 1, 1);
	test_l2_port(2, 1, 1, 1)->port = p;
	fake_lives(2, 1, 2);
}

/* A unit with its payload in three pieces of that memory. */
static struct rte_mbuf *made(uint8_t *memory, struct rte_mbuf_ext_shared_info *owner)
{
	static const uint32_t pieces[] = {1, 7000, PAYLOAD - 7001};
	struct rte_mbuf *m = rte_pktmbuf_alloc(t.w.header_pool), *seg;
	uint32_t at = 0;

	t.frame.ip = 4;
	t.frame.payload = PAYLOAD;
	test_frame_build(&t.frame);
	memcpy(rte_pktmbuf_append(m, HEADERS), t.frame.bytes, HEADERS);
	memcpy(memory, t.frame.bytes + HEADERS, PAYLOAD);
	for (size_t i = 0; i < RTE_DIM(pieces); at += pieces[i++]) {
		seg = rte_pktmbuf_alloc(t.w.header_pool);
		rte_mbuf_ext_refcnt_update(owner, 1);
		rte_pktmbuf_attach_extbuf(seg, memory + at, RTE_BAD_IOVA, (uint16_t)pieces[i],
					  owner);
		seg->data_len = seg->pkt_len = (uint16_t)pieces[i];
		assert_int_equal(rte_pktmbuf_chain(m, seg), 0);
	}
	m->ol_flags |= RTE_MBUF_F_TX_TCP_CKSUM | RTE_MBUF_F_TX_TCP_SEG;
	m->tso_segsz = SEGSZ;
	return m;
}

/* Sends it, and overwrites the memory as soon as nobody should need it any more. */
static void inject(void)
{
	struct rte_mbuf_ext_shared_info owner = {0};
	uint8_t *memory = malloc(PAYLOAD);
	struct rte_mbuf *m;

	rte_mbuf_ext_refcnt_set(&owner, 1);
	m = made(memory, &owner);
	assert_int_equal(pipe_inject(&pipe_under_test, 1, &m, 1), 1);
	assert_int_equal(rte_mbuf_ext_refcnt_read(&owner), 1);
	memset(memory, 0xee, PAYLOAD);
	free(memory);
}

/* net_ring gives back what it is given. */
static void to_a_device(void **state)
{
	struct rte_mbuf *pkts[PKT_RX_MAX];
	uint32_t at = 0;
	struct port p;
	uint16_t n;

	open_port(&p, &port_ethdev_ops,
		  json_pack("{s:s,s:s}", "kind", "ethdev", "device", "net_ring_made"));
	inject();
	while ((n = p.ops->rx_burst(&p, &t.w, 0, pkts, PKT_RX_MAX)) > 0) {
		for (uint16_t i = 0; i < n; i++) {
			uint32_t len = pkts[i]->pkt_len - HEADERS;

			assert_true(at + len <= PAYLOAD);
			memcpy(got + at, rte_pktmbuf_read(pkts[i], HEADERS, len, got + at), len);
			at += len;
		}
		rte_pktmbuf_free_bulk(pkts, n);
	}
	assert_int_equal(at, PAYLOAD);
	assert_memory_equal(got, t.frame.bytes + HEADERS, PAYLOAD);
	assert_int_equal(t.counters[2].split_frames, (PAYLOAD + SEGSZ - 1) / SEGSZ);
	p.ops->destroy(&p, false);
}

/* A whole unit, as the interface's users see it. */
static void to_a_tap(void **state)
{
	struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
	struct port p;
	ssize_t len;
	int fd;

	if (unshare(CLONE_NEWNET) != 0 || access("/dev/net/tun", R_OK | W_OK) != 0)
		skip();
	open_port(&p, &port_host_ops, json_pack("{s:s,s:s}", "kind", "host", "ifname", "made0"));
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, htons(ETH_P_ALL));
	at.sll_ifindex = (int)if_nametoindex("made0");
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	inject();
	do /* the kernel may have something to say of its own */
		len = recv(fd, got, sizeof(got), 0);
	while (len > 0 && len != HEADERS + PAYLOAD);
	assert_int_equal(len, HEADERS + PAYLOAD);
	assert_memory_equal(got + HEADERS, t.frame.bytes + HEADERS, PAYLOAD);
	close(fd);
	p.ops->destroy(&p, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_PIPE(to_a_device),
		TEST_PIPE(to_a_tap),
	};
	struct port_env env = {.n_workers = 1, .quiesce = nothing, .changed = nothing};

	test_l2_start();
	env.data_pool = t.w.data_pool;
	port_init(&env);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
