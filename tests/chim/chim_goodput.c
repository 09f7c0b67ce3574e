/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * chim_goodput [-l LOSS%] [-d MS] [-f FLOWS] [-s SECONDS] [-r ROUNDS] [-c CC]: what the engine gets
 * through a bad way to a Linux receiver, beside what Linux (CUBIC) gets through the same. Several
 * connections of both kinds run at the same time, each on a way of its own, so that what else the
 * machine does hits both. Not a test: chance and the machine decide much. LOSS is lost each way, MS
 * the round trip.
 */
#include "tests/chim/peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { FLOWS_MAX = 32 };

/* Linux at both ends. */
struct pair {
	int tun[2], sock[2]; /* [0] sends */
	struct link link[2]; /* [0] is from tun[0] to tun[1] */
	uint64_t got;
};

static struct peer peers[FLOWS_MAX];
static struct pair pairs[FLOWS_MAX];
static unsigned int flows = 8, seconds = 15, rounds = 3;
static struct link_conf way = {.delay_ns = 10000000, .loss_ppm = 10000};
static const char *cc = "cubic";

static void fatal(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(1);
}

static void pair_open(struct pair *p, uint8_t net, uint64_t seed)
{
	struct sockaddr_in a = {.sin_family = AF_INET};
	socklen_t len = sizeof(a);
	int listening;

	p->got = 0;
	p->tun[1] = tun_new(net + 1, 1500);
	listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	a.sin_addr.s_addr = htonl(10u << 24 | 9u << 16 | (net + 1u) << 8 | 1);
	if (listening < 0 || bind(listening, (struct sockaddr *)&a, len) < 0 ||
	    listen(listening, 1) < 0 || getsockname(listening, (struct sockaddr *)&a, &len) < 0)
		fatal("listen");
	p->tun[0] = tun_new(net, 1500);
	p->sock[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (setsockopt(p->sock[0], IPPROTO_TCP, TCP_CONGESTION, cc, (socklen_t)strlen(cc)) < 0)
		fatal("congestion control");
	if (connect(p->sock[0], (struct sockaddr *)&a, len) < 0 && errno != EINPROGRESS)
		fatal("connect");
	for (int i = 0; i < 2; i++)
		link_init(&p->link[i], &(struct link_conf){0}, seed + (uint64_t)i);
	p->sock[1] = listening;
}

static void pair_move(struct pair *p)
{
	const struct packet *k;

	for (int i = 0; i < 2; i++) {
		for (int n = 0; n < 64 && (k = tun_read(p->tun[i])) != NULL; n++) {
			struct iovec iov = {(void *)(uintptr_t)k->bytes, k->len};

			link_put(&p->link[i], &iov, 1, k->l3_len, k->l4_len, k->segsz, peer_now());
		}
		while ((k = link_get(&p->link[i], peer_now())) != NULL)
			tun_write(p->tun[!i], k);
	}
}

/* The handshake goes through a way without loss, as the engine's did. */
static void pair_connect(struct pair *p)
{
	int fd = -1;

	for (int tries = 0; fd < 0 && tries < 5000; tries++) {
		pair_move(p);
		fd = accept4(p->sock[1], NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0)
			usleep(1000);
	}
	if (fd < 0)
		fatal("accept");
	close(p->sock[1]);
	p->sock[1] = fd;
	p->link[0].conf = way;
	p->link[1].conf = way;
}

static void pair_step(struct pair *p)
{
	static uint8_t bytes[256 << 10];
	ssize_t n;

	while (send(p->sock[0], bytes, sizeof(bytes), MSG_NOSIGNAL) > 0)
		;
	pair_move(p);
	while ((n = recv(p->sock[1], bytes, sizeof(bytes), 0)) > 0)
		p->got += (uint64_t)n;
}

static void pair_close(struct pair *p)
{
	for (int i = 0; i < 2; i++) {
		link_free(&p->link[i]);
		close(p->sock[i]);
		close(p->tun[i]);
	}
}

static void engine_step(struct peer *p)
{
	end_write(&p->end, 1 << 20, peer_now());
	peer_step(p, 0);
	while (peer_sock_read(p, 256 << 10) > 0)
		;
	if (p->end.bad || p->bad || p->end.closed) {
		fprintf(stderr, "engine: %s\n", p->end.closed ? "closed" : p->end.why);
		exit(1);
	}
}

static void show(const struct peer *p)
{
	struct chim_tcp_info i;

	chim_engine_info(p->end.e, p->end.c, &i, peer_now());
	printf("  engine: cwnd %u ssthresh %u rtt %u us rto %u us; %lu segments, %lu again, %lu "
	       "RTOs, "
	       "%lu probes, %lu D-SACKs, reordering %u, lost on the way %lu\n",
	       i.cwnd, i.ssthresh, i.srtt_us, i.rto_us, i.segs_out, i.retrans, i.rtos, i.tlps,
	       i.dsacks, i.reordering, p->out.lost);
}

static void show_linux(const struct pair *p)
{
	struct tcp_info i = {0};
	socklen_t len = sizeof(i);

	if (getsockopt(p->sock[0], IPPROTO_TCP, TCP_INFO, &i, &len) < 0)
		return;
	printf("  Linux:  cwnd %u ssthresh %u rtt %u us rto %u us; %u again, reordering %u, lost "
	       "on the "
	       "way %lu\n",
	       i.tcpi_snd_cwnd, i.tcpi_snd_ssthresh, i.tcpi_rtt, i.tcpi_rto, i.tcpi_total_retrans,
	       i.tcpi_reordering, p->link[0].lost);
}

/* Mb/s of both kinds. */
static void one_round(unsigned int round, double *engine, double *linux_)
{
	uint64_t begin, end, got[2] = {0};

	for (unsigned int i = 0; i < flows; i++) {
		struct peer_conf conf = {.out = way, .in = way, .cc = cc};

		conf.seed = 1000 * round + i + 1;
		pair_open(&pairs[i], (uint8_t)(1 + 3 * i), conf.seed);
		pair_connect(&pairs[i]);
		peer_open(&peers[i], tun_new((uint8_t)(3 + 3 * i), 1500), (uint8_t)(3 + 3 * i),
			  &conf);
	}
	begin = peer_now();
	end = begin + seconds * 1000000000ull;
	while (peer_now() < end) {
		for (unsigned int i = 0; i < flows; i++) {
			engine_step(&peers[i]);
			pair_step(&pairs[i]);
		}
		usleep(100);
	}
	for (unsigned int i = 0; i < flows; i++) {
		got[0] += peers[i].got;
		got[1] += pairs[i].got;
		if (i == 0) {
			show(&peers[i]);
			show_linux(&pairs[i]);
		}
		peer_close(&peers[i]);
		close(peers[i].tun);
		pair_close(&pairs[i]);
	}
	*engine = (double)got[0] * 8 / 1e6 / seconds / flows;
	*linux_ = (double)got[1] * 8 / 1e6 / seconds / flows;
}

int main(int argc, char **argv)
{
	double engine, linux_, sum[2] = {0};
	int opt;

	while ((opt = getopt(argc, argv, "l:d:f:s:r:c:")) != -1) {
		switch (opt) {
		case 'l':
			way.loss_ppm = (uint32_t)(atof(optarg) * 10000);
			break;
		case 'd':
			way.delay_ns = (uint64_t)(atof(optarg) * 500000);
			break;
		case 'f':
			flows = (unsigned int)atoi(optarg);
			break;
		case 's':
			seconds = (unsigned int)atoi(optarg);
			break;
		case 'r':
			rounds = (unsigned int)atoi(optarg);
			break;
		case 'c':
			cc = optarg;
			break;
		default:
			return 2;
		}
	}
	if (flows < 1 || flows > FLOWS_MAX || seconds < 1 || rounds < 1)
		return 2;
	for (unsigned int round = 0; round < rounds; round++) {
		one_round(round, &engine, &linux_);
		printf("round %u: engine %.2f, Linux %.2f Mb/s a connection: %.3f\n", round + 1,
		       engine, linux_, engine / linux_);
		sum[0] += engine;
		sum[1] += linux_;
	}
	printf("all: engine %.2f, Linux %.2f Mb/s a connection: ratio %.3f\n", sum[0] / rounds,
	       sum[1] / rounds, sum[0] / sum[1]);
	return 0;
}
