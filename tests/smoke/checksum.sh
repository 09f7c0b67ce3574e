#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# A far side without offloads gets checksums that are right, on every frame.
#
#	h1 eth0 (csum, TSO) --+-----+-- (csum off, tso off) eth0 h2
#	                      +-----+
. "$(dirname "$0")/../lib.sh"
need jq iperf3 tcpdump

flued_start
flue bridge add br0
host_port h1 br0 10.0.0.1/24,fd00::1/64
host_port h2 br0 10.0.0.2/24,fd00::2/64 csum off tso off

for address in 10.0.0.2 fd00::2; do
	say "TCP and UDP to and from $address"
	capture cap h2 -s 0 -c 3000
	tcp h1 h2 $address -n 4M
	tcp h2 h1 "${address%2}1" -n 1M
	tcp h1 h2 $address -u -b 10M -l 1200 -n 100K
	stop cap || true
	at_least 500 sh -c "tcpdump -n -r $T/cap.pcap 2>/dev/null | wc -l"
	captured cap -vv >$T/text
	if grep -E 'incorrect|bad (udp|tcp)? ?cksum' $T/text >$T/bad; then
		head -n 5 $T/bad
		fail "$(wc -l <$T/bad) wrong checksums"
	fi
done
at_least 1 counter h2 csum_sw
flued_stop
