#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Two hosts find and reach each other over IPv4 (ARP) and IPv6 (neighbour discovery).
#
#	h1 eth0 10.0.0.1 fd00::1 --+-----+-- eth0 10.0.0.2 fd00::2 h2
#	                           | br0 |
#	                           +-----+
. "$(dirname "$0")/../lib.sh"
need jq ping

flued_start
flue bridge add br0
host_port h1 br0 10.0.0.1/24,fd00::1/64
host_port h2 br0 10.0.0.2/24,fd00::2/64

say "both directions, both families"
ping_ok h1 10.0.0.2
ping_ok h2 10.0.0.1
ping_ok h1 fd00::2
ping_ok h2 fd00::1
ping_ok h1 10.0.0.2 -s 1472 -M "do"

say "each address is known behind its port"
equal h1 fdb_port br0 "$(mac_of h1)"
equal h2 fdb_port br0 "$(mac_of h2)"

say "what was counted"
at_least 10 counter h1 rx_packets
at_least 10 counter h2 tx_packets

say "an address given to the interface, and a port that is removed"
host h3
flue port add h3 kind host bridge br0 netns h3 ifname lan0 mac 02:00:00:00:00:33 \
	address 10.0.0.3/24 mtu 1400
equal 02:00:00:00:00:33 mac_of h3 lan0
equal 1400 ns h3 cat /sys/class/net/lan0/mtu
ping_ok h1 10.0.0.3
flue port del h3
ping_fails h1 10.0.0.3
if ns h3 test -e /sys/class/net/lan0; then
	fail "the interface outlived its port"
fi
flued_stop
