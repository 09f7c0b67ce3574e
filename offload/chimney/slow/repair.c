/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/slow/repair_impl.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/sockios.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int chim_opt(int fd, int level, int name, int def)
{
	int value = 0;
	socklen_t len = sizeof(value);

	return getsockopt(fd, level, name, &value, &len) == 0 ? value : def;
}

int chim_opt_set(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value)) == 0 ? 0 : -errno;
}

socklen_t chim_addr_of(union chim_addr *to, int domain, const uint8_t addr[16], bool v6,
		       uint16_t port, uint32_t scope)
{
	memset(to, 0, sizeof(*to));
	if (domain == AF_INET) {
		to->v4.sin_family = AF_INET;
		to->v4.sin_port = port;
		memcpy(&to->v4.sin_addr, addr, 4);
		return sizeof(to->v4);
	}
	to->v6.sin6_family = AF_INET6;
	to->v6.sin6_port = port;
	if (v6) {
		memcpy(&to->v6.sin6_addr, addr, 16);
		if (IN6_IS_ADDR_LINKLOCAL(&to->v6.sin6_addr))
			to->v6.sin6_scope_id = scope;
	} else {
		memset(&to->v6.sin6_addr.s6_addr[10], 0xff, 2);
		memcpy(&to->v6.sin6_addr.s6_addr[12], addr, 4);
	}
	return sizeof(to->v6);
}

int chim_info(int fd, struct tcp_info *info)
{
	socklen_t len = sizeof(*info);

	memset(info, 0, sizeof(*info));
	return getsockopt(fd, IPPROTO_TCP, TCP_INFO, info, &len) == 0 ? 0 : -errno;
}

int chim_queue(int fd, int which)
{
	return chim_opt_set(fd, IPPROTO_TCP, TCP_REPAIR_QUEUE, which);
}

uint32_t chim_ts_clock(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint32_t)((uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000);
}

int chim_repair_off(int fd, int how, bool reuseaddr)
{
	int rc = chim_opt_set(fd, IPPROTO_TCP, TCP_REPAIR, how);

	if (rc == 0)
		chim_opt_set(fd, SOL_SOCKET, SO_REUSEADDR, reuseaddr);
	return rc;
}

/* In repair, the end of a connection is silent and leaves ECONNABORTED behind. */
static int disconnect(int fd)
{
	struct sockaddr none = {.sa_family = AF_UNSPEC};

	return connect(fd, &none, sizeof(none)) == 0 ? 0 : -errno;
}

void chim_repair_lose(int fd, bool reuseaddr)
{
	chim_opt_set(fd, IPPROTO_TCP, TCP_REPAIR, TCP_REPAIR_ON);
	disconnect(fd);
	chim_repair_off(fd, TCP_REPAIR_OFF_NO_WP, reuseaddr);
}

int chim_repair_queues(int fd, uint32_t *snd, uint32_t *rcv)
{
	int out, in;

	if (ioctl(fd, SIOCOUTQ, &out) != 0 || ioctl(fd, SIOCINQ, &in) != 0)
		return -errno;
	*snd = (uint32_t)out;
	*rcv = (uint32_t)in;
	return 0;
}

int chim_repair_thaw(int fd, const struct chim_tcp_state *s, struct err *e)
{
	int rc;

	chim_queue(fd, TCP_NO_QUEUE);
	rc = chim_repair_off(fd, TCP_REPAIR_OFF_NO_WP, s->reuseaddr);
	/* What came to be sent meanwhile was only queued; setting the option pushes it. */
	if (rc == 0 && s->nodelay)
		chim_opt_set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	return rc == 0 ? 0
		       : err_set(e, rc, "cannot end TCP_REPAIR (%s): give flued CAP_NET_ADMIN",
				 strerror(-rc));
}

/* Has the socket the state that was taken? Its send queue is chosen since then, and stays so. What
 * of it counts as sent is of no interest any more. */
static bool same(int fd, const struct chim_tcp_state *s)
{
	uint32_t snd, rcv, end = s->snd_una + s->snd_len,
			   state = s->phase == CHIM_CLOSE_WAIT ? CHIM_LINUX_CLOSE_WAIT
							       : CHIM_LINUX_ESTABLISHED;
	struct tcp_repair_window w = {0};
	socklen_t len = sizeof(w);
	struct tcp_info info;

	return chim_info(fd, &info) == 0 && info.tcpi_state == state &&
	       chim_repair_queues(fd, &snd, &rcv) == 0 && snd == s->snd_len && rcv == s->rcv_len &&
	       (uint32_t)chim_opt(fd, IPPROTO_TCP, TCP_QUEUE_SEQ, 0) == end &&
	       getsockopt(fd, IPPROTO_TCP, TCP_REPAIR_WINDOW, &w, &len) == 0 &&
	       w.snd_wnd == s->snd_wnd && w.snd_wl1 == s->snd_wl1;
}

static bool may_bind(uint16_t port)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct cap[2] = {0};

	return ntohs(port) >= 1024 || syscall(SYS_capget, &head, cap) != 0 ||
	       cap[0].effective >> CAP_NET_BIND_SERVICE & 1;
}

/* While repair is on the port is shared with whoever has it, a listener for instance. The address
 * may have gone from the interface. */
static int reserve(int fd, const union chim_addr *at, socklen_t len)
{
	int free_bind = chim_opt(fd, IPPROTO_IP, IP_FREEBIND, 0), rc;

	chim_opt_set(fd, IPPROTO_IP, IP_FREEBIND, 1);
	rc = bind(fd, &at->sa, len) == 0 ? 0 : -errno;
	chim_opt_set(fd, IPPROTO_IP, IP_FREEBIND, free_bind);
	/* A socket that its application bound itself has kept its port. */
	return rc == -EINVAL ? 0 : rc;
}

int chim_repair_close(int fd, const struct chim_tcp_state *s, struct err *e)
{
	union chim_addr at;
	socklen_t len = sizeof(at);
	int rc;

	if (!may_bind(s->tuple.local_port)) {
		chim_repair_thaw(fd, s, NULL);
		return err_set(e, -EPERM, "port %u cannot be kept: give flued CAP_NET_BIND_SERVICE",
			       ntohs(s->tuple.local_port));
	}
	if (!same(fd, s) || getsockname(fd, &at.sa, &len) != 0) {
		chim_repair_thaw(fd, s, NULL);
		return err_set(e, -EAGAIN,
			       "the connection changed while it was offloaded: offer it again");
	}
	rc = disconnect(fd);
	if (rc != 0) {
		chim_repair_thaw(fd, s, NULL);
		return err_set(e, -EAGAIN, "the kernel keeps the connection (%s): offer it again",
			       strerror(-rc));
	}
	rc = reserve(fd, &at, len);
	if (rc != 0) {
		chim_repair_lose(fd, s->reuseaddr);
		return err_set(e, -ECONNABORTED,
			       "the connection is lost, the kernel would not reserve its port (%s)",
			       strerror(-rc));
	}
	/* Takes ECONNABORTED away, which nobody has to see. */
	chim_opt(fd, SOL_SOCKET, SO_ERROR, 0);
	return chim_repair_off(fd, TCP_REPAIR_OFF_NO_WP, s->reuseaddr);
}
