#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# A large TCP segment crosses the switch whole: tcpdump on the far TAP sees up to 64 KB.
#
#	h1 eth0 (TSO) --+-----+-- (TSO) eth0 h2
#	                | br0 |-- (tso off) eth0 h3
#	                +-----+
. "$(dirname "$0")/../lib.sh"
need jq iperf3 tcpdump

flued_start
flue bridge add br0
host_port h1 br0 10.0.0.1/24,fd00::1/64
host_port h2 br0 10.0.0.2/24,fd00::2/64
host_port h3 br0 10.0.0.3/24 tso off

longest() { # CAPTURE: the longest frame in it, bytes
	captured "$1" | sed -n 's/.*, length \([0-9]*\): .*/\1/p' | sort -n | tail -n 1
}

for address in 10.0.0.2 fd00::2; do
	say "whole to a port that takes units: $address"
	capture cap h2 -s 128 -c 400 tcp dst port 5201
	tcp h1 h2 $address -n 20M
	stop cap || true
	at_least 30000 longest cap
done
at_least 1 counter h1 rx_units
at_least 1 counter h2 tx_units
equal 0 counter h2 split_units

say "as frames to one that does not"
capture cap h3 -s 128 -c 400 tcp dst port 5201
tcp h1 h3 10.0.0.3 -n 20M
stop cap || true
at_least 1000 longest cap
[ "$(longest cap)" -le 1514 ] || fail "a unit of $(longest cap) bytes reached a port with tso off"
at_least 1 counter h3 split_units
at_least 2 counter h3 split_frames
equal 0 counter h3 tx_units

say "a load that meets a slow reader is late, not lost for good"
tcp h1 h2 10.0.0.2 -t 2 -P 4
jq -e '.end.sum_received.bytes > 1000000' $T/iperf.json >/dev/null || fail "hardly anything arrived"
flued_alive
flued_stop
