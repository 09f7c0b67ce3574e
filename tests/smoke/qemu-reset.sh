#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Guests with Debian's kernel, while they send each other 64 KB units as fast as they can: a guest
# reboots, its devices are reset, its driver goes; flued is killed, QEMU is killed. Each time what is
# left goes on, and what comes back is served, without help.
#
#	a (QEMU connects) --+-----+-- h1 10.0.0.1
#	b (QEMU serves)   --+ br0 |
#	                    +-----+
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../qemu.sh"
need ping

cat >$T/flue.yaml <<END
version: 1
bridges:
  - name: br0
ports:
  - {name: h1, kind: host, bridge: br0, netns: h1, ifname: eth0, address: 10.0.0.1/24, persist: on}
  - {name: a, kind: vhost, bridge: br0, socket: $T/a.sock, mode: server}
  - {name: b, kind: vhost, bridge: br0, socket: $T/b.sock, mode: client}
