#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# A port that is told to makes what leaves by it late, loses and doubles some, and keeps to a rate.
#
#	h1 eth0 10.0.0.1 --+-----+-- eth0 10.0.0.2 h2
#	                   | br0 |
#	                   +-----+
. "$(dirname "$0")/../lib.sh"
need jq ping iperf3

flued_start
flue bridge add br0
host_port h1 br0 10.0.0.1/24
host_port h2 br0 10.0.0.2/24
# Nothing but what the test sends may be lost.
ip -n h1 neigh replace 10.0.0.2 lladdr "$(mac_of h2)" dev eth0 nud permanent
ip -n h2 neigh replace 10.0.0.1 lladdr "$(mac_of h1)" dev eth0 nud permanent
ns h1 sysctl -qw net.ipv6.conf.eth0.disable_ipv6=1
ns h2 sysctl -qw net.ipv6.conf.eth0.disable_ipv6=1
ping_ok h1 10.0.0.2

pings() { # COUNT [PING ARGUMENT]...: their output goes to the file ping
	ns h1 ping -c "$1" -i 0.01 -W 1 "${@:2}" 10.0.0.2 >$T/ping || true
}

received() {
	sed -n 's/.* \([0-9]*\) received.*/\1/p' $T/ping
}

rtt() { # FIELD: 1 the least, 2 the mean, 3 the largest, in microseconds
	sed -n 's/^rtt [^=]*= \([^ ]*\) ms.*/\1/p' $T/ping | cut -d / -f "$1" | tr -d .
}

say "delay: each packet is as late as said, and the worker sleeps meanwhile"
flue port set h2 impair 'delay 20ms'
flue port set h1 impair 'delay 10ms'
pings 20
equal 20 received
at_least 30000 rtt 1
[ "$(rtt 1)" -lt 40000 ] || fail "the fastest took $(rtt 1) us"
before=$(flue switch show -j | jq '.workers[0].sleeps')
pings 20
at_least $((before + 10)) eval "flue switch show -j | jq '.workers[0].sleeps'"

say "loss: what is lost is counted, and comes again with the seed"
flue port set h1 impair none
for round in 1 2; do
	before=$(drop h2 impaired)
	flue port set h2 impair "loss 20% seed 11 limit $((4000 + round))" # it begins anew
	pings 200
	lost[round]=$(($(drop h2 impaired) - before))
	equal $((200 - lost[round])) received
done
[ "${lost[1]}" = "${lost[2]}" ] || fail "one time ${lost[1]} were lost, then ${lost[2]}"
[[ ${lost[1]} -ge 20 && ${lost[1]} -le 60 ]] || fail "${lost[1]} of 200 were lost"

say "duplicates"
flue port set h2 impair 'duplicate 100%'
pings 10
grep -q "+10 duplicates\|DUP!" $T/ping || fail "nothing came twice"

say "a rate, and a queue that is full"
flue port set h2 impair 'rate 50mbit limit 100'
tcp h1 h2 10.0.0.2 -t 3
bps=$(jq '.end.sum_received.bits_per_second | floor' $T/iperf.json)
echo "$bps bit/s"
[ "$bps" -lt 52000000 ] || fail "faster than the rate"
[ "$bps" -gt 15000000 ] || fail "far slower than the rate"
at_least 1 drop h2 impaired

say "without it, nothing is late"
flue port set h2 impair none
pings 20
equal 20 received
[ "$(rtt 1)" -lt 15000 ] || fail "the fastest took $(rtt 1) us"
equal none eval "flue port show h2 -j | jq -r '.[0].impair'"

say "a port that goes while packets wait for it"
flue port set h2 impair 'delay 5s'
pings 3
flue port del h2
flued_alive

say "what cannot be meant is refused, and says what can"
refused "percentage" flue port set h1 impair 'loss 1'
refused "is not none, or of loss" flue port set h1 impair 'los 1%'
refused "raise delay" flue port set h1 impair 'delay 1ms jitter 2ms'
flued_stop
