#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 9000-byte packets pass where the MTU says so, 9600 at most; what does not fit is counted with both
# sizes. (What the sender is told of it: ptb.sh.)
#
#	h1 eth0 mtu 9000 --+------------+-- mtu 9000 eth0 h2
#	                   | br0 mtu 9k |-- mtu 1500 eth0 h3
#	                   +------------+
. "$(dirname "$0")/../lib.sh"
. "$top/tests/pmtu.sh"
need jq ping

flued_start
flue bridge add br0 mtu 9000
host_port h1 br0 10.0.0.1/24,fd00::1/64
host_port h2 br0 10.0.0.2/24,fd00::2/64
host_port h3 br0 10.0.0.3/24 mtu 1500

say "the bridge's MTU reaches the interfaces"
equal 9000 ns h1 cat /sys/class/net/eth0/mtu
equal 1500 ns h3 cat /sys/class/net/eth0/mtu

say "whole 9000-byte packets, not fragments"
ping_ok h1 10.0.0.2 -M "do" -s 8972
ping_ok h1 fd00::2 -M "do" -s 8952
ping_ok h1 10.0.0.2 -M "do" -s 8971

say "too large for the way out"
ping_ok h1 10.0.0.3 -M "do" -s 1472
ping_fails h1 10.0.0.3 -M "do" -s 1473
eventually 5 at_least 1 drop h3 mtu_out
flue port show h3 -s -j | jq -e '.[0].stats.drops.mtu_out |
	.last_size == 1501 and .last_limit == 1500' >/dev/null ||
	fail "mtu_out does not tell both sizes: $(flue port show h3 -s -j | jq -c '.[0].stats.drops')"

say "too large for the way in"
flue port set h2 mtu 4000
# The interface was told as well; a host that does not care sends it all the same.
ns h2 ip link set eth0 mtu 9000
ping_fails h2 10.0.0.1 -M "do" -s 8972
eventually 5 at_least 1 drop h2 mtu_in
flue port show h2 -s -j | jq -e '.[0].stats.drops.mtu_in |
	.last_size == 9000 and .last_limit == 4000' >/dev/null ||
	fail "mtu_in does not tell both sizes: $(flue port show h2 -s -j | jq -c '.[0].stats.drops')"

say "and back"
flue port set h2 mtu 9000
forget_pmtu h2
ping_ok h2 10.0.0.1 -M "do" -s 8972

say "9600, the most there is"
flue bridge set br0 mtu 9600
flue port set h2 mtu 9600
equal 9600 ns h1 cat /sys/class/net/eth0/mtu
ping_ok h1 10.0.0.2 -M "do" -s 9572
ping_ok h2 fd00::1 -M "do" -s 9552
ping_fails h1 10.0.0.2 -M "do" -s 9573
refused 'mtu' flue port set h2 mtu 9601
refused 'mtu' flue port set h2 mtu 575
flued_stop
