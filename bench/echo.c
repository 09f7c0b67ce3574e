/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/echo.h"

#include "base/clock.h"
#include "bench/machine/netns.h"

#include <arpa/inet.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ANSWER_NS = 200000000 };

static int open_here(void *arg)
{
	const struct sockaddr_in *to = arg;
	int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP);

	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)to, sizeof(*to)) != 0) {
		int why = errno;
		close(fd);
		return -why;
	}
	return fd;
}

int echo_open(const char *netns, const char *address, struct err *e)
{
	struct sockaddr_in to = {.sin_family = AF_INET};

	if (inet_pton(AF_INET, address, &to.sin_addr) != 1)
		return err_set(e, -EINVAL, "%s is no IPv4 address", address);
	int fd = netns_do(netns, open_here, &to, e);
	return fd < 0 ? err_set(e, fd, "no ICMP socket in %s: %s", netns, strerror(-fd)) : fd;
}

static uint16_t checksum(const struct icmphdr *h)
{
	uint16_t word[sizeof(*h) / 2];
	uint32_t sum = 0;

	memcpy(word, h, sizeof(*h));
	for (size_t i = 0; i < sizeof(word) / sizeof(word[0]); i++)
		sum += word[i];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

uint64_t echo_once(int fd, uint16_t number)
{
	struct icmphdr ask = {.type = ICMP_ECHO};
	char answer[256];

	ask.un.echo.id = htons(77);
	ask.un.echo.sequence = htons(number);
	ask.checksum = checksum(&ask);
	uint64_t began = clock_now_ns(), now;
	if (send(fd, &ask, sizeof(ask), 0) < 0)
		return 0;
	/* It spins, so that what is timed is the switch and not its own waking up. */
	while ((now = clock_now_ns()) - began < ANSWER_NS) {
		struct icmphdr got;
		ssize_t n = recv(fd, answer, sizeof(answer), MSG_DONTWAIT);
		if (n < (ssize_t)(sizeof(struct iphdr) + sizeof(got)))
			continue;
		memcpy(&got, answer + (answer[0] & 15) * 4, sizeof(got));
		if (got.type == ICMP_ECHOREPLY && got.un.echo.id == ask.un.echo.id &&
		    got.un.echo.sequence == ask.un.echo.sequence)
			return now - began;
	}
	return 0;
}
