#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Host ports with several queues, and several workers when there are cores for them.
#
#	h1 eth0, 2 queues --+-----+-- 2 queues, eth0 h2
#	                    +-----+
. "$(dirname "$0")/../lib.sh"
need jq ping iperf3

cores=$(($(nproc) - 1))
[ "$(nproc)" -lt 2 ] || cores=0-1
flued_start --cores $cores
flue bridge add br0
host_port h1 br0 10.0.0.1/24 queues 2
host_port h2 br0 10.0.0.2/24 queues 2
# More queues than workers, and fewer, must both work.
host_port h3 br0 10.0.0.3/24 queues 4

equal 2 ns h1 sh -c 'ls -d /sys/class/net/eth0/queues/tx-* | wc -l'
ping_ok h1 10.0.0.2
ping_ok h1 10.0.0.3
say "many streams at once, both directions, nothing stuck"
tcp h1 h2 10.0.0.2 -P 8 -t 2
tcp h1 h2 10.0.0.2 -P 8 -t 2 -R
tcp h3 h1 10.0.0.1 -P 8 -n 50M
ping_ok h2 10.0.0.1

say "ports come and go under load"
start load ip netns exec h1 ping -q -i 0.01 -c 300 10.0.0.2
for round in 1 2 3 4 5; do
	host "x$round"
	flue port add x kind host bridge br0 netns "x$round" ifname eth0 queues 2
	flue port del x
done
wait "${pids[load]}" || fail "ping lost while ports came and went"
unset "pids[load]"
grep -q ' 0% packet loss' $T/load.log || fail "lost: $(tail -n 2 $T/load.log)"
flued_stop
