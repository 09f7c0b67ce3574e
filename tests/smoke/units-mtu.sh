#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 64 KB segments at each MTU from 576 to 9600: whole to a port that takes them, as frames of that size to
# one that does not. It is their frames that must fit the MTU.
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

for mtu in 9600 9000 4000 1500 1280 576; do
	say "MTU $mtu"
	flue bridge set br0 mtu $mtu
	for address in 10.0.0.2 fd00::2; do
		# Below 1280 an interface has no IPv6.
		[[ $mtu -ge 1280 || $address != *:* ]] || continue
		capture cap h2 -s 128 -c 200 tcp dst port 5201
		tcp h1 h2 $address -n 5M
		eventually 10 at_least 20000 longest cap
		stop cap || true
	done
	before=$(counter h3 split_units)
	capture cap h3 -s 128 -c 200 tcp dst port 5201
	tcp h1 h3 10.0.0.3 -n 2M
	eventually 10 at_least $((mtu - 12)) longest cap
	stop cap || true
	[ "$(longest cap)" -le $((mtu + 14)) ] || fail "a frame of $(longest cap) bytes at MTU $mtu"
	at_least $((before + 1)) counter h3 split_units
done
equal 0 drops mtu_in
equal 0 drops mtu_out
flued_alive
flued_stop
