#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The MSS clamp: hosts that were never told of a smaller MTU agree on segments that fit it.
#
#	h1 eth0 mtu 9000 --+----------------------+-- port mtu 1500, eth0 mtu 9000 -- h2
#	                   | br0 9000, mss-clamp  |-- trunk, mtu 4000, eth0 mtu 9000 - h3 (raw frames)
#	                   +----------------------+
. "$(dirname "$0")/../lib.sh"
. "$top/tests/pmtu.sh"
need jq ping socat tcpdump ethtool python3

flued_start
flue bridge add br0 mtu 9000
host_port h1 br0 10.0.0.1/24,fd00::1/64 ptb off
host_port h2 br0 10.0.0.2/24,fd00::2/64 mtu 1500 ptb off
host_port h3 br0 10.0.0.3/24,fd00::3/64 mtu 4000 csum off tso off ptb off
untold h2
untold h3
pmtu_plain h1 h2 h3
make_data 20
ping_ok h1 10.0.0.2

say "off by default: the MSS is what the hosts believe, and the transfer hangs"
flue bridge show br0 -j | jq -e '.[0]."mss-clamp" == false' >/dev/null || fail "it is on"
hangs h1 h2 10.0.0.2
equal 0 counter h2 mss_clamped

syn='tcp[13] & 2 != 0 or (ip6[6] == 6 and ip6[53] & 2 != 0)'
announced() { # CAPTURE: the MSS of each SYN and SYN-ACK in it
	captured "$1" -v | grep -o 'mss [0-9]*' | sort -u | tr '\n' ' '
}

right() { # CAPTURE: no checksum that was complete became wrong
	captured "$1" -vv >$T/text
	if grep -E 'bad (udp|tcp)? ?cksum|incorrect' $T/text; then
		fail "a wrong checksum"
	fi
}

flue bridge set br0 mss-clamp on
for address in 10.0.0.2 fd00::2; do
	mss=1460
	[[ $address != *:* ]] || mss=1440
	say "both ways, and everything arrives though nobody answers: $address"
	capture near h1 -s 200 "$syn" -Q in
	capture far h2 -s 200 "$syn" -Q in
	arrives h1 h2 $address
	arrives h2 h1 "${address%2}1"
	eventually 10 equal "mss $mss " announced near
	eventually 10 equal "mss $mss " announced far
	stop near || true
	stop far || true
	equal none pmtu h1 $address
done
at_least 4 counter h2 mss_clamped
at_least 4 counter h1 mss_clamped
equal 0 counter h1 ptb_sent

say "a complete checksum is brought up to date"
# From h3 sums are complete: it has no offloads. To h3 they are completed behind the clamp.
ns h3 ethtool -K eth0 tx off >/dev/null
capture near h1 -s 200 "$syn" -Q in
capture far h3 -s 200 "$syn" -Q in
arrives h3 h1 10.0.0.1
arrives h3 h1 fd00::1
arrives h1 h3 10.0.0.3
eventually 10 equal "mss 3940 mss 3960 " announced near
eventually 10 equal "mss 3940 mss 3960 " announced far
stop near || true
stop far || true
right near
right far

say "never raised"
ip -n h1 link set eth0 mtu 1400
capture near h2 -s 200 "$syn" -Q in
transfer h1 h2 10.0.0.2 30
eventually 10 equal "mss 1360 " announced near
stop near || true

say "a flooded SYN is clamped for each that gets it"
before=$(counter h2 mss_clamped)
ip -n h1 link set eth0 mtu 9000
capture far h2 -s 200 "$syn" -Q in
capture third h3 -s 200 "$syn" -Q in
ip -n h1 neighbour replace 10.0.0.77 lladdr 02:00:00:00:00:77 dev eth0
ns h1 timeout 2 socat -u OPEN:/dev/null TCP:10.0.0.77:5000,connect-timeout=1 2>/dev/null || true
eventually 5 at_least $((before + 1)) counter h2 mss_clamped
eventually 10 equal "mss 1460 " announced far
eventually 10 equal "mss 3960 " announced third
stop far || true
stop third || true
flued_stop
