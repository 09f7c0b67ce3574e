/* SPDX-License-Identifier: BSD-3-Clause */
/* A socket that sends echoes of a given size, which nobody may fragment, and hears of them. */
#ifndef JUMBO_PROBE_SOCK_H
#define JUMBO_PROBE_SOCK_H

#include "jumbo/probe/probe.h"
#include "jumbo/probe/reply.h"

#include <sys/socket.h>

enum {
	PROBE_OUTSTANDING = 1024, /* echoes remembered; a power of two */
	PROBE_BUFFER = 65600,	  /* bytes: any datagram, IP header and all */
};

struct probe_sent {
	uint32_t number, size;
	unsigned int hops; /* the hop limit it had; 0: the usual one */
	uint64_t at_ns;
	bool answered;
};

struct probe_sock {
	int fd, family;
	bool raw;      /* a raw socket, not one of ping's */
	uint16_t id;   /* of our echoes, host byte order */
	uint32_t head; /* IP header, bytes */
	struct sockaddr_storage to;
	socklen_t to_len;
	uint64_t nonce;
	uint32_t number;     /* of the last echo */
	uint32_t refused;    /* the last size that this host itself would not send */
	uint32_t cached_mtu; /* what the kernel takes for the path's MTU; 0: it does not say */
	struct probe_sent sent[PROBE_OUTSTANDING];
	uint8_t *buf; /* PROBE_BUFFER */
};

/* What came in about one echo. */
struct probe_event {
	bool answer; /* else a complaint */
	struct probe_sent echo;
	uint32_t reply;	   /* answer: its size, bytes of layer 3 */
	uint32_t fragment; /* answer: the largest fragment's; 0: it came whole */
	uint64_t took_ns;  /* answer */
	struct probe_complaint complaint;
};

/* Opens it in the namespace and on the interface the configuration names; the caller's namespace
 * stays as it is. 0, or a negative errno with e->text naming the cure. Blocks. Any thread. */
int probe_sock_open(const struct probe_config *config, struct probe_sock *s, struct err *e);
void probe_sock_close(struct probe_sock *s);

/* The MTU of the interface echoes leave by, from the kernel's refusal of the largest packet there
 * is; PROBE_LARGEST when it took that one. 0: it does not say. */
uint32_t probe_sock_interface_mtu(struct probe_sock *s);

/* Sends an echo. hops: its hop limit, 0: the usual one. 0, also when it was lost here or is too big
 * for the interface (which the kernel then complains of); -EPERM, -ENETUNREACH, -EHOSTUNREACH or
 * another negative errno when none can be sent. */
int probe_sock_echo(struct probe_sock *s, uint32_t size, unsigned int hops);

/* The next event, waited for until `until_ns` of clock_now_ns(). false: there was none. */
bool probe_sock_next(struct probe_sock *s, uint64_t until_ns, struct probe_event *ev);

#endif
