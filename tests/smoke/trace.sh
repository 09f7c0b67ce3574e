#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Trace follows single packets through the stages, in words, and stops by itself.
#
#	h1 --+-----+-- h2
#	     | br0 |-- h3 (VLAN 20)
#	     +-----+
. "$(dirname "$0")/../lib.sh"
need jq ping

flued_start
flue bridge add br0
host_port h1 br0 10.0.0.1/24
host_port h2 br0 10.0.0.2/24
host_port h3 br0 10.0.0.3/24 pvid 20
ping_ok h1 10.0.0.2

traced() { # ADDRESS TRACE-ARGUMENT...: what trace says while h1 pings the address
	local to=$1
	shift
	start trace timeout 15 "$BUILD/cli/flue" trace port h1 "$@"
	sleep 1 # trace has nothing to show before the first packet, so nothing to wait for
	ns h1 ping -c 5 -i 0.2 -W 1 "$to" >/dev/null || true
	wait "${pids[trace]}" || fail "trace did not end by itself"
	unset "pids[trace]"
	cat $T/trace.log
}

say "a known destination"
traced 10.0.0.2 count 3 ethertype 2048 >$T/known
grep -q parse $T/known || fail "no parse stage: $(cat $T/known)"
grep -qE "ICMP|IPv4 protocol 1" $T/known || fail "not told what it is"
grep -q h2 $T/known || fail "not told where it goes"

say "an unknown one"
: >$T/trace.log
ns h1 ip neighbour replace 10.0.0.77 lladdr 02:00:00:00:00:77 dev eth0
traced 10.0.0.77 count 2 mac 02:00:00:00:00:77 >$T/unknown
grep -qi flood $T/unknown || fail "not told that it is flooded: $(cat $T/unknown)"

say "a drop, by its counter's name"
: >$T/trace.log
flue port set h2 mtu 600
traced_drop() {
	start trace timeout 15 "$BUILD/cli/flue" trace port h1 count 2 ethertype 2048
	sleep 1
	ns h1 ping -c 3 -i 0.2 -W 1 -s 1000 10.0.0.2 >/dev/null || true
	wait "${pids[trace]}" || fail "trace did not end by itself"
	unset "pids[trace]"
}
traced_drop
grep -q mtu_out $T/trace.log || fail "not told why it was dropped: $(cat $T/trace.log)"
flue port set h2 mtu 1500

say "off again: traffic goes on"
ping_ok h1 10.0.0.2
refused 'nobody' flue trace port nobody
flued_stop
