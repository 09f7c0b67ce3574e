#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Two hosts that both believe in 9000 bytes, and a way of 1500 between them: with answers "packet too
# big" Linux finds out and everything arrives; without, large transfers hang.
#
#	h1 eth0 mtu 9000 --+-----------+-- port mtu 1500, eth0 mtu 9000 -- h2
#	                   | br0 9000  |
#	                   +-----------+
. "$(dirname "$0")/../lib.sh"
. "$top/tests/pmtu.sh"
need jq ping socat ethtool

flued_start
flue bridge add br0 mtu 9000
host_port h1 br0 10.0.0.1/24,fd00::1/64
host_port h2 br0 10.0.0.2/24,fd00::2/64 mtu 1500
untold h2
pmtu_plain h1 h2
make_data 100
ping_ok h1 10.0.0.2
ping_ok h1 fd00::2

say "on by default for a host, and shown"
flue port show h1 -j | jq -e '.[0].ptb' >/dev/null || fail "ptb is not on"

say "off: small packets pass, large transfers hang"
flue port set h1 ptb off
for address in 10.0.0.2 fd00::2; do
	hangs h1 h2 $address
	ping_ok h1 $address
	equal none pmtu h1 $address
done
equal 0 counter h1 ptb_sent

say "on: the same transfers end"
flue port set h1 ptb on
for address in 10.0.0.2 fd00::2; do
	arrives h1 h2 $address
	equal 1500 pmtu h1 $address
done
at_least 2 counter h1 ptb_sent
make_data 20

say "the same from a host that makes no units"
ns h1 ethtool -K eth0 tso off gso off
for address in 10.0.0.2 fd00::2; do
	forget_pmtu h1
	arrives h1 h2 $address
	equal 1500 pmtu h1 $address
done
ns h1 ethtool -K eth0 tso on gso on

say "the other way: too large for the way in"
for address in 10.0.0.1 fd00::1; do
	# What h1 learned would be in the MSS it announces.
	forget_pmtu h1
	flue port set h2 ptb off
	hangs h2 h1 $address
	flue port set h2 ptb on
	arrives h2 h1 $address
	equal 1500 pmtu h2 $address
done
at_least 2 counter h2 ptb_sent

say "and everything still works"
ping_ok h1 10.0.0.2
flued_alive
flued_stop
