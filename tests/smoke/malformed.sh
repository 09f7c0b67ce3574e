#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Frames that no kernel would send, from a pcap: each is counted by name or forwarded, none hurts.
#
#	net_pcap (malformed.pcap) --+-----+-- h1
#	                            | br0 |-- h2 (csum off, tso off)
#	                            +-----+
. "$(dirname "$0")/../lib.sh"
need jq ping python3

"$tools/frames" malformed $T/malformed.pcap >$T/expected.json
expected() {
	jq ".$1" $T/expected.json
}

flued_start
flue bridge add br0
host_port h1 br0 10.0.0.1/24,fd00::1/64
host_port h2 br0 10.0.0.2/24,fd00::2/64 csum off tso off

# Once as an access port; once as a trunk, which looks into the tags.
number=0
for mode in access trunk; do
	say "on a port with vlan-mode $mode"
	flue port add bad kind ethdev bridge br0 vlan-mode $mode \
		device "net_pcap$number,rx_pcap=$T/malformed.pcap,infinite_rx=0"
	number=$((number + 1))
	eventually 20 equal "$(expected frames)" counter bad rx_packets
	for reason in runt bad_vlan bad_source mtu_in; do
		eventually 5 equal "$(expected $reason)" drop bad $reason
	done
	flue port show bad -s -j | jq -e --argjson size "$(expected giant_size)" \
		'.[0].stats.drops.mtu_in | .last_size == $size and .last_limit == 1500' >/dev/null ||
		fail "mtu_in does not tell both sizes"
	eventually 5 at_least 2000 counter h1 tx_packets
	flued_alive
	ping_ok h1 10.0.0.2
	ping_ok h1 fd00::2
	flue port del bad
done

say "followed by trace, step by step, they do not hurt either"
start trace timeout 100 "$BUILD/cli/flue" trace port h1 count 1000
sleep 1 # trace shows nothing before the first packet, so there is nothing to wait for
sent=$(ns h1 "$tools/frames" replay eth0 $T/malformed.pcap)
[ "$sent" -ge 1000 ] || fail "the kernel let only $sent frames through"
# Where that was too short for it to begin, it missed the first ones.
ns h1 "$tools/frames" replay eth0 $T/malformed.pcap >/dev/null
eventually 15 at_least 1000 grep -c '^packet' $T/trace.log
stop trace INT || true
grep -q 'headers cut off\|bad_vlan' $T/trace.log || fail "no cut-off frame in the trace"
flued_alive
ping_ok h2 10.0.0.1
flued_stop
