/* SPDX-License-Identifier: BSD-3-Clause */
#include "vswitch/port/tap.h"

#include "base/log.h"
#include "vswitch/port/port.h"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#ifndef TUN_F_USO4 /* Linux 6.2 */
#define TUN_F_USO4 0x20
#define TUN_F_USO6 0x40
#endif

int tap_open(const char *ifname, bool multi, bool persist, struct err *e)
{
	struct ifreq ifr = {.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR};
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	int code, size = sizeof(struct virtio_net_hdr), little_endian = 1;

	if (fd < 0)
		return err_set(e, -errno, "cannot open /dev/net/tun: %s; 'modprobe tun' as root",
			       strerror(errno));
	if (multi)
		ifr.ifr_flags |= IFF_MULTI_QUEUE;
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", ifname);
	if (ioctl(fd, TUNSETIFF, &ifr) != 0) {
		code = errno;
		err_set(e, -code, "ifname: cannot make the TAP '%s': %s%s", ifname, strerror(code),
			code == EBUSY	 ? "; another program holds it, or it is no TAP: choose "
					   "another ifname"
			: code == EPERM	 ? "; flued needs CAP_NET_ADMIN"
			: code == EINVAL ? "; an interface of that name is there with other "
					   "settings: choose another ifname"
					 : "");
		goto close_fd;
	}
	if (ioctl(fd, TUNSETVNETHDRSZ, &size) != 0 ||
	    ioctl(fd, TUNSETVNETLE, &little_endian) != 0 ||
	    ioctl(fd, TUNSETPERSIST, (unsigned long)persist) != 0) {
		code = errno;
		err_set(e, -code, "cannot set up the TAP '%s': %s", ifname, strerror(code));
		goto close_fd;
	}
	return fd;

close_fd:
	close(fd);
	return -code;
}

uint32_t tap_set_offloads(int fd, const char *port, bool csum, bool tso)
{
	unsigned int want = csum ? TUN_F_CSUM : 0;
	uint32_t caps = csum ? PORT_CAP_CSUM : 0;

	if (tso) {
		want |= TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN;
		caps |= PORT_CAP_TSO4 | PORT_CAP_TSO6 | PORT_CAP_ECN;
		if (ioctl(fd, TUNSETOFFLOAD, want | TUN_F_USO4 | TUN_F_USO6) == 0)
			return caps | PORT_CAP_USO;
	}
	if (ioctl(fd, TUNSETOFFLOAD, want) != 0)
		log_warn("port %s: the kernel refuses offloads: %s", port, strerror(errno));
	return caps;
}
