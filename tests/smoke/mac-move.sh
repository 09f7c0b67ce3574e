#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# An address that turns up behind another port is followed; a pinned one is not.
#
#	h1 --+-----+-- h2     m's address is first used by h2, then by h3
#	     | br0 |-- h3
#	     +-----+
. "$(dirname "$0")/../lib.sh"
need jq ping python3

m=02:00:00:00:00:aa
flued_start
flue bridge add br0
host_port h1 br0 10.0.0.1/24
host_port h2 br0 10.0.0.2/24
host_port h3 br0 10.0.0.3/24

# An ARP announcement of 10.0.0.9 from m.
announce() { # NAMESPACE
	ns "$1" "$tools/frames" send eth0 \
		"ffffffffffff${m//:/}08060001080006040001${m//:/}0a0000090000000000000a000009"
}

say "learned behind h2, then behind h3"
announce h2
eventually 5 equal h2 fdb_port br0 $m
announce h3
eventually 5 equal h3 fdb_port br0 $m
eventually 5 at_least 1 counter h3 fdb_moved

say "traffic follows: the same address on an interface, moved between hosts"
take() { # NAMESPACE: becomes the owner of m and 10.0.0.9
	ns "$1" ip link set eth0 address $m
	ip -n "$1" address add 10.0.0.9/24 dev eth0
}
own=$(mac_of h2)
take h2
announce h2
ping_ok h1 10.0.0.9
ip -n h2 address del 10.0.0.9/24 dev eth0
ns h2 ip link set eth0 address "$own"
take h3
announce h3
ping_ok h1 10.0.0.9
equal h3 fdb_port br0 $m

say "a pinned address stays, and a frame that claims it is dropped by name"
flue fdb add br0 02:00:00:00:00:bb vlan 1 port h2
ns h3 "$tools/frames" send eth0 ffffffffffff0200000000bb88b50000000000000000000000000000
eventually 5 at_least 1 drop h3 static_moved
equal h2 fdb_port br0 02:00:00:00:00:bb
flue fdb del br0 02:00:00:00:00:bb vlan 1
equal none fdb_port br0 02:00:00:00:00:bb

say "learned addresses are forgotten on demand"
flue fdb flush br0 port h3
equal none fdb_port br0 $m
flued_stop
