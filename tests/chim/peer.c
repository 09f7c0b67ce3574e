/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/chim/peer.h"
#include "tests/chim/pattern.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { WSCALE = 7, WINDOW = 65408, CHUNK = 256 << 10 };

uint64_t peer_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void fatal(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(1);
}

static void address(struct sockaddr_storage *a, bool v6, uint8_t net, uint8_t host, uint16_t port,
		    socklen_t *len)
{
	struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(port)};

	memset(a, 0, sizeof(*a));
	six.sin6_addr.s6_addr[0] = 0xfd;
	six.sin6_addr.s6_addr[1] = 0x09;
	six.sin6_addr.s6_addr[3] = net;
	six.sin6_addr.s6_addr[15] = host;
	four.sin_addr.s_addr = htonl(10u << 24 | 9u << 16 | (uint32_t)net << 8 | host);
	*len = v6 ? sizeof(six) : sizeof(four);
	memcpy(a, v6 ? (void *)&six : (void *)&four, *len);
}

static int listener(const struct peer_conf *conf, uint8_t net, uint16_t *port)
{
	struct sockaddr_storage a;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	socklen_t len;
	int fd = socket(conf->v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	address(&a, conf->v6, net, 1, 0, &len);
	if (fd < 0)
		fatal("socket");
	if (conf->linux_rcvbuf && setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &conf->linux_rcvbuf,
					     sizeof(conf->linux_rcvbuf)) < 0)
		fatal("SO_RCVBUF");
	if (setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "cubic", 5) < 0)
		fatal("cubic");
	if (bind(fd, (struct sockaddr *)&a, len) < 0 || listen(fd, 1) < 0 ||
	    getsockname(fd, (struct sockaddr *)&a, &len) < 0)
		fatal("listen");
	memcpy(&in, &a, sizeof(in));
	memcpy(&in6, &a, sizeof(in6));
	*port = conf->v6 ? in6.sin6_port : in.sin_port;
	return fd;
}

/* Straight to the device, as nothing is to be lost of a handshake. */
static void send_raw(struct peer *p, const struct chim_tcp_state *s, uint8_t flags, uint32_t seq,
		     uint32_t ack, uint16_t wnd, const uint8_t *opts, uint32_t n_opts)
{
	struct chim_hdr_template t;
	struct chim_hdr h = {.seq = seq, .ack = ack, .wnd = wnd, .flags = flags, .opts = opts};
	struct chim_out out;
	_Alignas(struct packet) uint8_t room[sizeof(struct packet) + CHIM_OUT_HEADERS] = {0};
	struct packet *raw = (struct packet *)room;

	h.opts_len = (uint8_t)n_opts;
	chim_hdr_template(&t, s);
	chim_hdr_build(&t, &h, &out);
	raw->l3_len = out.l3_len;
	raw->l4_len = out.l4_len;
	raw->len = (uint32_t)out.l3_len + out.l4_len;
	memcpy(raw->bytes, out.headers, raw->len);
	tun_write(p->tun, raw);
}

/* MSS, SACK permitted, timestamps, window scale: as many as are wanted. */
static uint32_t syn_options(const struct peer_conf *conf, uint16_t mss, uint32_t tsval, uint8_t *o)
{
	uint32_t n = 4;

	memcpy(o, (uint8_t[]){2, 4, (uint8_t)(mss >> 8), (uint8_t)mss}, 4);
	if (!conf->no_sack) {
		memcpy(o + n, (uint8_t[]){1, 1, 4, 2}, 4);
		n += 4;
	}
	if (!conf->no_ts) {
		struct chim_opts ts = {.has_ts = true, .tsval = tsval};

		n += chim_opts_build(&ts, o + n);
	}
	if (!conf->no_wscale) {
		memcpy(o + n, (uint8_t[]){1, 3, 3, WSCALE}, 4);
		n += 4;
	}
	return n;
}

/* What Linux agreed to. */
static void read_syn_ack(const struct chim_seg *seg, struct chim_tcp_state *s)
{
	struct chim_opts o;

	chim_opts_parse(seg->opts, seg->opts_len, &o);
	s->timestamps = o.has_ts;
	s->ts_recent = o.tsval;
	for (uint32_t i = 0; i < seg->opts_len;) {
		const uint8_t *p = seg->opts + i;

		if (p[0] <= 1) {
			i++;
			continue;
		}
		if (p[0] == 2 && (p[2] << 8 | p[3]) < s->mss)
			s->mss = (uint16_t)(p[2] << 8 | p[3]);
		s->sack |= p[0] == 4;
		s->wscale |= p[0] == 3;
		if (p[0] == 3)
			s->snd_wscale = p[2];
		i += p[1];
	}
	s->rcv_wscale = s->wscale ? WSCALE : 0;
	s->ecn = (seg->flags & (CHIM_ECE | CHIM_CWR)) == CHIM_ECE;
	s->snd_wnd = s->max_window = seg->wnd;
	s->snd_wl1 = seg->seq;
	s->rcv_nxt = s->rcv_wup = seg->seq + 1;
	s->rcv_wnd = WINDOW;
}

static void handshake(struct peer *p, const struct peer_conf *conf, struct chim_tcp_state *s)
{
	const struct packet *got;
	uint32_t iss = (uint32_t)conf->seed * 2654435761u + 1,
		 ts = (uint32_t)(peer_now() / 1000000);
	uint8_t opts[2 * CHIM_OPTS_BYTES], flags = CHIM_SYN | (conf->ecn ? CHIM_ECE | CHIM_CWR : 0);
	uint32_t n = syn_options(conf, s->mss, ts, opts);
	struct chim_seg seg = {0};
	struct chim_opts o = {0};

	send_raw(p, s, flags, iss, 0, 65535, opts, n);
	for (int tries = 0; !(seg.flags & CHIM_SYN); tries++) {
		struct pollfd fd = {.fd = p->tun, .events = POLLIN};

		if (tries > 100 || poll(&fd, 1, 1000) < 0)
			fatal("no SYN-ACK");
		got = tun_read(p->tun);
		if (got)
			chim_hdr_parse(got->bytes, got->len, got->len, 0, got->l3_len, got->l4_len,
				       &seg);
	}
	read_syn_ack(&seg, s);
	s->snd_una = s->snd_nxt = iss + 1;
	o.has_ts = s->timestamps;
	o.tsval = ts;
	o.tsecr = s->ts_recent;
	n = chim_opts_build(&o, opts);
	send_raw(p, s, CHIM_ACK, s->snd_nxt, s->rcv_nxt, (uint16_t)(WINDOW >> s->rcv_wscale), opts,
		 n);
}

void peer_open(struct peer *p, int tun, uint8_t net, const struct peer_conf *conf)
{
	static uint16_t ports = 20000;
	uint32_t ring = conf->ring ? conf->ring : 4 << 20;
	struct end_conf end = {.stream_out = PEER_STREAM_OUT, .stream_in = PEER_STREAM_IN};
	struct chim_tcp_state s = {.path = {.mtu = 1500, .ttl = 64}};
	uint16_t port;
	int listening;

	memset(p, 0, sizeof(*p));
	p->tun = tun;
	listening = listener(conf, net, &port);
	s.tuple.v6 = conf->v6;
	s.tuple.local_port = htons(ports++);
	s.tuple.remote_port = port;
	memcpy(s.tuple.local, conf->v6 ? (uint8_t[]){0xfd, 9, 0, net} : (uint8_t[]){10, 9, net, 2},
	       4);
	memcpy(s.tuple.remote, conf->v6 ? (uint8_t[]){0xfd, 9, 0, net} : (uint8_t[]){10, 9, net, 1},
	       4);
	if (conf->v6) {
		s.tuple.local[15] = 2;
		s.tuple.remote[15] = 1;
	}
	s.mss = s.advmss = conf->v6 ? 1440 : 1460;
	strcpy(s.cc, conf->cc ? conf->cc : "cubic");
	handshake(p, conf, &s);
	p->sock = accept4(listening, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (p->sock < 0)
		fatal("accept");
	close(listening);
	end.snd_size = end.rcv_size = ring;
	end.tso = !conf->no_tso;
	end.time_wait_ms = 100;
	link_init(&p->out, &conf->out, conf->seed * 3 + 1);
	link_init(&p->in, &conf->in, conf->seed * 5 + 2);
	end_init(&p->end, "engine", &end, &p->out, conf->seed);
	p->end.state = s;
	p->end.snd_first = s.snd_nxt;
	p->end.rcv_first = s.rcv_nxt;
	if (!end_start(&p->end, peer_now()))
		fatal("start");
}

void peer_close(struct peer *p)
{
	close(p->sock);
	end_free(&p->end);
	link_free(&p->out);
	link_free(&p->in);
}

static bool is_ours(const struct peer *p, const struct packet *k)
{
	const uint8_t *ports = k->bytes + k->l3_len;

	return memcmp(ports, &p->end.state.tuple.remote_port, 2) == 0 &&
	       memcmp(ports + 2, &p->end.state.tuple.local_port, 2) == 0;
}

static void move_packets(struct peer *p)
{
	const struct packet *k;

	for (int i = 0; i < 64 && (k = tun_read(p->tun)) != NULL; i++) {
		struct iovec iov = {(void *)(uintptr_t)k->bytes, k->len};

		if (is_ours(p, k))
			link_put(&p->in, &iov, 1, k->l3_len, k->l4_len, k->segsz, peer_now());
	}
	while ((k = link_get(&p->in, peer_now())) != NULL)
		if (p->end.c && !p->end.closed)
			end_input(&p->end, k, peer_now());
	if (p->end.c)
		end_run(&p->end, peer_now());
	while ((k = link_get(&p->out, peer_now())) != NULL)
		tun_write(p->tun, k);
}

void peer_step(struct peer *p, int wait_ms)
{
	struct pollfd fd = {.fd = p->tun, .events = POLLIN};
	uint64_t now = peer_now(), next = chim_engine_next(p->end.e), wait;
	struct timespec t = {0};

	next = link_next(&p->in) < next ? link_next(&p->in) : next;
	next = link_next(&p->out) < next ? link_next(&p->out) : next;
	wait = next > now ? next - now : 0;
	if (wait > (uint64_t)wait_ms * 1000000)
		wait = (uint64_t)wait_ms * 1000000;
	t.tv_nsec = (long)(wait % 1000000000);
	t.tv_sec = (time_t)(wait / 1000000000);
	ppoll(&fd, 1, &t, NULL);
	move_packets(p);
}

uint32_t peer_sock_write(struct peer *p, uint32_t len)
{
	static uint8_t bytes[CHUNK];
	ssize_t n;

	len = len < CHUNK ? len : CHUNK;
	pattern_fill(PEER_STREAM_IN, p->sent, bytes, len);
	n = send(p->sock, bytes, len, MSG_NOSIGNAL);
	if (n < 0 && errno != EAGAIN)
		p->sock_error = errno;
	p->sent += n > 0 ? (uint64_t)n : 0;
	return n > 0 ? (uint32_t)n : 0;
}

uint32_t peer_sock_read(struct peer *p, uint32_t len)
{
	static uint8_t bytes[CHUNK];
	ssize_t n = recv(p->sock, bytes, len < CHUNK ? len : CHUNK, 0);

	if (n < 0 && errno != EAGAIN)
		p->sock_error = errno;
	p->sock_eof |= n == 0 && len > 0;
	if (n <= 0)
		return 0;
	if (pattern_check(PEER_STREAM_OUT, p->got, bytes, (size_t)n) != (size_t)n)
		p->bad = true;
	p->got += (uint64_t)n;
	return (uint32_t)n;
}
