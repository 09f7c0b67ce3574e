#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# As bench-systems, with Open vSwitch. It needs its package, which the tests do not install, and 2 GB
# of huge pages, which are reserved and given back; it is skipped where either is missing.
command -v ovs-vswitchd >/dev/null || [ -x /usr/sbin/ovs-vswitchd ] || {
	echo "skip: no ovs-vswitchd; scripts/setup bench installs it"
	exit 77
}
if [ "$(awk '/^MemAvailable/ { print int($2 / 1024) }' /proc/meminfo)" -lt 5000 ]; then
	echo "skip: 5 GB of memory should be available"
	exit 77
fi
case ${1-host} in
host) exec "$(dirname "$0")/bench-systems.sh" ovs-dpdk host 1500 on 1100 ;;
*) exec "$(dirname "$0")/bench-systems.sh" ovs-dpdk vhost 9000 off 1100 ;;
esac
