#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# vhost-user in both modes: either side is killed, comes back, and traffic goes on.
#
#	s (flued is server, guest connects) --+-----+-- eth0 10.0.0.1 h1
#	c (guest is server, flued connects) --+ br0 |
#	                                      +-----+
. "$(dirname "$0")/../lib.sh"
need jq ping dpdk-testpmd

ms=02:00:00:00:02:01 mc=02:00:00:00:02:02
cat >$T/flue.yaml <<END
version: 1
bridges:
  - name: br0
ports:
  - name: h1
    kind: host
    bridge: br0
    netns: h1
    ifname: eth0
    address: 10.0.0.1/24
  - name: s
    kind: vhost
    bridge: br0
    socket: $T/s.sock
    mode: server
  - name: c
    kind: vhost
    bridge: br0
    socket: $T/c.sock
    mode: client
END
server_guest() { # the guest that connects to flued
	guest_start s "path=$T/s.sock,mac=$ms" --forward-mode=icmpecho --auto-start
}
client_guest() { # the guest that flued connects to; it does not clear an old socket away itself
	rm -f $T/c.sock
	guest_start c "path=$T/c.sock,server=1,mac=$mc" --forward-mode=icmpecho --auto-start
}
neighbours() {
	ns h1 ip neighbour replace 10.0.0.51 lladdr $ms dev eth0
	ns h1 ip neighbour replace 10.0.0.52 lladdr $mc dev eth0
}
waiting() { # PORT
	flue port show "$1" -j | jq -e '.[0].state == "waiting"'
}

host h1
flued_start --config $T/flue.yaml
neighbours
client_guest
server_guest
say "both guests answer"
eventually 20 ns h1 ping -c 1 -W 1 10.0.0.51
eventually 20 ns h1 ping -c 1 -W 1 10.0.0.52

say "the guest that connects is killed and comes back"
stop s KILL || true
eventually 10 waiting s
server_guest
eventually 20 ns h1 ping -c 1 -W 1 10.0.0.51

say "the guest that serves is killed and comes back"
stop c KILL || true
eventually 10 waiting c
client_guest
eventually 20 ns h1 ping -c 1 -W 1 10.0.0.52

say "flued is killed and comes back: the guest that serves stays and goes on"
stop flued KILL || true
flued_start --config $T/flue.yaml
neighbours
eventually 20 ns h1 ping -c 1 -W 1 10.0.0.52
running c || fail "the guest is gone"

say "and the one that connects finds the same socket again"
stop s KILL || true
server_guest
eventually 20 ns h1 ping -c 1 -W 1 10.0.0.51
flued_stop
