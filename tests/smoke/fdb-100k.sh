#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 100 000 addresses are learned, listed, limited and flushed.
#
#	net_pcap (100 000 frames, each from another address) --+-----+-- h1, h2
#	                                                       +-----+
. "$(dirname "$0")/../lib.sh"
need jq ping python3

count=100000
"$tools/frames" macs $T/macs.pcap $count
"$tools/frames" macs $T/few.pcap 500

flued_start
flue bridge add br0
host_port h1 br0 10.0.0.1/24
host_port h2 br0 10.0.0.2/24
known() { # the entries behind a port
	flue fdb show br0 port "$1" -j | jq '(if type == "array" then . else .entries end) | length'
}

say "learned, every one"
flue port add gen kind ethdev bridge br0 device "net_pcap0,rx_pcap=$T/macs.pcap,infinite_rx=0"
eventually 30 equal $count counter gen fdb_learned
equal $count known gen
equal gen fdb_port br0 02:11:00:01:86:9f

say "the bridge still works, and knows the hosts too"
ping_ok h1 10.0.0.2
equal h1 fdb_port br0 "$(mac_of h1)"
equal 0 counter gen fdb_full

say "flushed"
flue fdb flush br0 port gen
equal 0 known gen
equal h1 fdb_port br0 "$(mac_of h1)"

say "a port's limit holds"
flue port del gen
flue port add few kind ethdev bridge br0 learn-limit 100 \
	device "net_pcap1,rx_pcap=$T/few.pcap,infinite_rx=0"
eventually 10 equal 400 counter few fdb_limit
equal 100 known few
flued_stop
