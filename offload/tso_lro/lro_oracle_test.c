/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Coalescing against Linux' own. The same frames go through lro_merge(), and into a veth whose far
 * side has GRO; a packet socket there shows what the kernel made of them, with a virtio-net header.
 * The units must be the same: where each begins and ends, its segment size, and all its bytes.
 *
 * GRO merges what one turn of NAPI finds. So the far side's NAPI is a thread, on the processor that
 * this program has for itself by a real-time priority: it runs when the whole burst is there.
 *
 * Not compared, because Linux does other than we by intent: what docs/offloads.md says of bad
 * checksums, urgent pointers, ids that stay without DF (Linux 6.18 merges those), flow labels, CWR,
 * segments below 48 bytes, and frames that Linux lets overtake (fragments, IP options). Nor the
 * order among flows: Linux lets units out when they end. Skipped (77) where a namespace, a veth,
 * threaded NAPI or the priority cannot be had.
 */
#include "offload/tso_lro/lro_merge.h"

#include "offload/tso_lro/test_lro_stream.h"
#include "packet/burst.h"
#include "packet/parse.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <linux/virtio_net.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
	SKIPPED = 77,
	WAIT_MS = 2000,
	BURST_MAX = 60, /* a turn of NAPI takes 64 */
	MBUFS = 2047,
	BUFFER_BYTES = 16 << 20,
	PRIORITY = 10,
	HDR = sizeof(struct virtio_net_hdr),
	ROUNDS = 1500,
	/* Odd things of which both make the same: see test_stream_odd(). */
	KINDS = 0x2d43ffdf,
};

static int near_side, far_side;
static struct lro *lro;
static struct rte_mempool *pool;
static struct test_lro frames[BURST_MAX];
static struct rte_mbuf *pkts[BURST_MAX];

struct got {
	struct virtio_net_hdr hdr;
	uint32_t len;
	bool taken;
	uint8_t bytes[PKT_UNIT_MAX];
};

static struct got got[BURST_MAX];
static struct pkt_merge_counts counts;

static void skip_all(const char *what)
{
	fprintf(stderr, "skipped: %s: %s\n", what, strerror(errno));
	exit(SKIPPED);
}

static void run(const char *command)
{
	if (system(command) != 0)
		skip_all(command);
}

static void feature(int sock, const char *name, uint32_t which, uint32_t value)
{
	struct ethtool_value v = {.cmd = which, .data = value};
	struct ifreq req = {.ifr_data = (void *)&v};

	strcpy(req.ifr_name, name);
	if (ioctl(sock, SIOCETHTOOL, &req) < 0)
		skip_all("ethtool");
}

static int packet_socket(const char *name, uint16_t protocol)
{
	struct sockaddr_ll at = {.sll_family = AF_PACKET,
				 .sll_protocol = htons(protocol),
				 .sll_ifindex = (int)if_nametoindex(name)};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), bytes = BUFFER_BYTES;

	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof(bytes)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) < 0)
		skip_all("packet socket");
	return fd;
}

/* The process id of the thread that runs far's NAPI. */
static pid_t napi_thread(void)
{
	DIR *dir = opendir("/proc");
	struct dirent *d;
	pid_t pid = 0;

	while (dir && pid == 0 && (d = readdir(dir)) != NULL) {
		char path[300], name[32] = "";
		int fd;

		if (atoi(d->d_name) == 0)
			continue;
		snprintf(path, sizeof(path), "/proc/%s/comm", d->d_name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			continue;
		if (read(fd, name, sizeof(name) - 1) > 0 && strncmp(name, "napi/lrofar", 11) == 0)
			pid = atoi(d->d_name);
		close(fd);
	}
	if (dir)
		closedir(dir);
	return pid;
}

/* The far side's NAPI, and above it this program, on one processor. */
static void one_processor(void)
{
	struct sched_param priority = {.sched_priority = PRIORITY};
	pid_t napi = napi_thread();
	cpu_set_t may, one;
	int cpu = CPU_SETSIZE - 1;

	if (napi == 0) {
		errno = ESRCH;
		skip_all("the thread of NAPI is not to be seen");
	}
	if (sched_getaffinity(0, sizeof(may), &may) != 0)
		skip_all("sched_getaffinity");
	while (cpu > 0 && !CPU_ISSET(cpu, &may))
		cpu--;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	if (sched_setaffinity(0, sizeof(one), &one) != 0 ||
	    sched_setaffinity(napi, sizeof(one), &one) != 0 ||
	    sched_setscheduler(0, SCHED_FIFO, &priority) != 0)
		skip_all("real-time priority");
}

static void network_setup(void)
{
	int sock, on = 1;

	if (unshare(CLONE_NEWNET | CLONE_NEWNS) < 0 ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("sysfs", "/sys", "sysfs", 0, NULL) < 0)
		skip_all("namespaces");
	run("ip link add lronear mtu 9000 type veth peer name lrofar mtu 9000");
	run("echo 1 >/proc/sys/net/ipv6/conf/lronear/disable_ipv6");
	run("echo 1 >/proc/sys/net/ipv6/conf/lrofar/disable_ipv6");
	sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	/* A veth takes the way past GRO when the near side could have sent units. */
	feature(sock, "lronear", ETHTOOL_STSO, 0);
	feature(sock, "lrofar", ETHTOOL_SGRO, 1);
	close(sock);
	run("ip link set lronear up && ip link set lrofar up");
	run("echo 1 >/sys/class/net/lrofar/threaded");
	near_side = packet_socket("lronear", 0);
	far_side = packet_socket("lrofar", ETH_P_ALL);
	if (setsockopt(far_side, SOL_PACKET, PACKET_VNET_HDR, &on, sizeof(on)) < 0)
		skip_all("PACKET_VNET_HDR");
	one_processor();
}

/* What comes out of the far side for n frames: units hold several, and how many bytes those had
 * says when all are there. Returns how many units. */
static uint16_t receive(uint16_t n)
{
	struct pollfd p = {.fd = far_side, .events = POLLIN};
	uint16_t units = 0, seen = 0;

	while (seen < n) {
		struct got *g = &got[units];
		struct iovec iov[2] = {{&g->hdr, HDR}, {g->bytes, sizeof(g->bytes)}};
		struct pkt_headers h;
		ssize_t len;

		assert_int_equal(poll(&p, 1, WAIT_MS), 1);
		len = readv(far_side, iov, 2);
		assert_true(len > (ssize_t)HDR + 14);
		g->len = len - HDR;
		if (memcmp(g->bytes, frames[0].bytes, 6) != 0)
			continue; /* the kernel's own */
		g->taken = false;
		units++;
		seen++;
		/* hdr_len is what lies in one piece there, and not the headers' length. */
		if (g->hdr.gso_type == VIRTIO_NET_HDR_GSO_NONE)
			continue;
		assert_int_equal(pkt_parse(g->bytes, PKT_PARSE_MAX, g->len, &h), 0);
		seen += (g->len - h.l2_len - h.l3_len - h.l4_len - 1) / g->hdr.gso_size;
	}
	return units;
}

static bool same(const struct got *g, const struct rte_mbuf *m, const uint8_t *bytes)
{
	uint16_t segsz = m->ol_flags & RTE_MBUF_F_TX_TCP_SEG ? m->tso_segsz : 0;

	return !g->taken && g->len == m->pkt_len && g->hdr.gso_size == segsz &&
	       memcmp(g->bytes, bytes, g->len) == 0;
}

/* Says what differs, of the first unit of ours that Linux has not. */
static void differs(const struct rte_mbuf *m, const uint8_t *bytes, uint16_t n, uint16_t units)
{
	fprintf(stderr, "ours: %u bytes, segments of %u\n", m->pkt_len, m->tso_segsz);
	for (uint16_t i = 0; i < units; i++) {
		uint32_t at = 0;

		if (got[i].taken)
			continue;
		while (at < got[i].len && at < m->pkt_len && got[i].bytes[at] == bytes[at])
			at++;
		fprintf(stderr, "Linux: %u bytes, segments of %u, the same up to byte %u\n",
			got[i].len, got[i].hdr.gso_size, at);
	}
	for (uint16_t i = 0; i < n; i++)
		fprintf(stderr, "frame %u: flow %u seq %u bytes %u flags %x id %u ttl %u tos %x\n",
			i, frames[i].flow, frames[i].seq, frames[i].payload, frames[i].flags,
			frames[i].id, frames[i].ttl, frames[i].tos);
	fail();
}

static void compare(uint16_t n)
{
	static uint8_t copy[PKT_UNIT_MAX];
	uint32_t seed = 1;
	uint16_t units, left;

	for (uint16_t i = 0; i < n; i++) {
		test_lro_build(&frames[i]);
		assert_in_range(frames[i].len, 1, 9014);
		pkts[i] = test_chain(pool, frames[i].bytes, frames[i].len, 2048, 2048, &seed);
		assert_non_null(pkts[i]);
	}
	for (uint16_t i = 0; i < n; i++)
		assert_int_equal(send(near_side, frames[i].bytes, frames[i].len, 0), frames[i].len);
	units = receive(n);
	left = lro_merge(lro, LRO_REVERSIBLE, pkts, n, &counts);
	for (uint16_t i = 0; i < left; i++) {
		const uint8_t *bytes = rte_pktmbuf_read(pkts[i], 0, pkts[i]->pkt_len, copy);
		uint16_t at = 0;

		while (at < units && !same(&got[at], pkts[i], bytes))
			at++;
		if (at == units)
			differs(pkts[i], bytes, n, units);
		got[at].taken = true;
	}
	assert_int_equal(units, left);
	rte_pktmbuf_free_bulk(pkts, left);
}

/* One flow; what happens to the frame in the middle is told by the caller. */
static struct test_lro *middle(bool ipv6)
{
	memset(frames, 0, 7 * sizeof(frames[0]));
	for (int i = 0; i < 7; i++) {
		frames[i].ipv6 = ipv6;
		frames[i].id = 100 + i;
		frames[i].seq = 5000 + i * 1000;
		frames[i].window = 77;
		frames[i].timestamps = 1;
		frames[i].payload = 1000;
	}
	return &frames[3];
}

#define ONE(field, value)                    \
	do {                                 \
		middle(ipv6)->field = value; \
		compare(7);                  \
	} while (0)

static void chosen_rules(void **state)
{
	for (int ipv6 = 0; ipv6 < 2; ipv6++) {
		ONE(payload, 1000); /* nothing at all */
		ONE(flags, 0x08);
		ONE(flags, 0x01);
		ONE(flags, 0x02);
		ONE(flags, 0x04);
		ONE(flags, 0x40);
		ONE(reserved, 1);
		ONE(ack, 1);
		ONE(window, 78);
		ONE(ts, 1);
		ONE(padding_options, 4);
		ONE(ttl, 63);
		ONE(tos, 3);
		ONE(tos, 0x20);
		ONE(seq, 1);
		ONE(payload, 999);
		ONE(payload, 1001);
		ONE(payload, 0);
		ONE(padding, 9);
	}
}

static void chosen_ipv4(void **state)
{
	const bool ipv6 = false;

	ONE(id, 5);
	ONE(no_df, true);
	ONE(reserved_ip, true);
	/* Ids that stay. */
	middle(false);
	for (int i = 0; i < 7; i++)
		frames[i].id = 0;
	compare(7);
}

/* Units as long as they get. */
static void full_units(void **state)
{
	for (int ipv6 = 0; ipv6 < 2; ipv6++) {
		for (uint32_t payload = 1100; payload < 9000; payload += 1237) {
			memset(frames, 0, sizeof(frames));
			for (int i = 0; i < BURST_MAX; i++) {
				frames[i].ipv6 = ipv6;
				frames[i].id = i;
				frames[i].seq = i * payload;
				frames[i].payload = payload;
			}
			compare(BURST_MAX);
		}
	}
}

static void random_streams(void **state)
{
	static struct test_stream s;

	for (uint32_t seed = 1; seed <= ROUNDS; seed++) {
		uint16_t n;

		test_stream_start(&s, seed * 2246822519u | 1);
		s.kinds = KINDS;
		s.payload = 48;
		for (int i = 0; i < s.n_flows; i++) {
			s.flows[i].next.tags = 0;
			s.flows[i].mss = 100 + s.flows[i].mss % 8700;
			if (s.flows[i].id_step == 0)
				s.flows[i].next.no_df = false;
		}
		n = 1 + test_below(&s.seed, BURST_MAX);
		for (uint16_t i = 0; i < n; i++)
			test_stream_next(&s, &frames[i]);
		compare(n);
	}
	assert_true(counts.units > ROUNDS); /* there was something to see */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chosen_rules),
		cmocka_unit_test(chosen_ipv4),
		cmocka_unit_test(full_units),
		cmocka_unit_test(random_streams),
	};

	test_eal_init();
	pool = test_pool("data", MBUFS, 2048);
	lro = lro_new();
	if (lro == NULL)
		return 1;
	network_setup();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
