/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/load/flow.h"

#include <errno.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

/* How long a sender may sit in the kernel before it looks at the gate again. */
static const struct timeval PATIENCE = {.tv_usec = 200000};

void flow_gate_init(struct flow_gate *g)
{
	pthread_mutex_init(&g->lock, NULL);
	pthread_cond_init(&g->changed, NULL);
	atomic_init(&g->sending, false);
	atomic_init(&g->ending, false);
}

void flow_gate_send(struct flow_gate *g, bool on)
{
	pthread_mutex_lock(&g->lock);
	g->sending = on;
	pthread_cond_broadcast(&g->changed);
	pthread_mutex_unlock(&g->lock);
}

void flow_gate_end(struct flow_gate *g)
{
	pthread_mutex_lock(&g->lock);
	g->sending = false;
	g->ending = true;
	pthread_cond_broadcast(&g->changed);
	pthread_mutex_unlock(&g->lock);
}

/* Waits until there is something to send; false: it is over. */
static bool gate_wait(struct flow_gate *g)
{
	pthread_mutex_lock(&g->lock);
	while (!g->sending && !g->ending)
		pthread_cond_wait(&g->changed, &g->lock);
	pthread_mutex_unlock(&g->lock);
	return !g->ending;
}

static void failed(struct flow *f, int error)
{
	int none = 0;

	atomic_compare_exchange_strong(&f->error, &none, error);
}

static void *send_loop(void *arg)
{
	static const char data[FLOW_WRITE_BYTES] = {1};
	struct flow *f = arg;

	while (gate_wait(f->gate)) {
		while (f->gate->sending) {
			ssize_t n = send(f->fd, data, sizeof(data), MSG_NOSIGNAL);

			if (n >= 0) {
				f->sent += (unsigned long long)n;
			} else if (errno != EINTR && errno != EAGAIN) {
				failed(f, errno);
				return NULL;
			}
		}
	}
	return NULL;
}

static void *receive_loop(void *arg)
{
	struct flow *f = arg;
	char data[FLOW_WRITE_BYTES];

	for (;;) {
		ssize_t n = recv(f->fd, data, sizeof(data), 0);

		if (n > 0) {
			f->received += (unsigned long long)n;
		} else if (n == 0) {
			f->closed = true;
			return NULL;
		} else if (errno != EINTR) {
			failed(f, errno);
			return NULL;
		}
	}
}

int flow_start(struct flow *f, struct flow_gate *g, int fd)
{
	int ret;

	*f = (struct flow){.fd = fd, .gate = g};
	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &PATIENCE, sizeof(PATIENCE))) {
		ret = -errno;
		goto close_fd;
	}
	ret = -pthread_create(&f->receiver, NULL, receive_loop, f);
	if (ret)
		goto close_fd;
	ret = -pthread_create(&f->sender, NULL, send_loop, f);
	if (ret)
		goto join_receiver;
	f->threads = true;
	return 0;

join_receiver:
	shutdown(fd, SHUT_RDWR);
	pthread_join(f->receiver, NULL);
close_fd:
	close(fd);
	f->fd = -1;
	return ret;
}

void flow_stop(struct flow *f)
{
	if (!f->threads)
		return;
	shutdown(f->fd, SHUT_RDWR); /* wakes the receiver */
	pthread_join(f->sender, NULL);
	pthread_join(f->receiver, NULL);
	close(f->fd);
	f->threads = false;
}

struct flow_info flow_info(const struct flow *f)
{
	struct tcp_info info = {0};
	socklen_t size = sizeof(info);

	getsockopt(f->fd, IPPROTO_TCP, TCP_INFO, &info, &size);
	return (struct flow_info){
		.retransmits = info.tcpi_total_retrans,
		.rtt_us = info.tcpi_rtt,
		.mss_bytes = info.tcpi_snd_mss,
	};
}

uint64_t flow_pending(const struct flow *f)
{
	int bytes = 0;

	return ioctl(f->fd, SIOCOUTQ, &bytes) || bytes < 0 ? 0 : (uint64_t)bytes;
}
