#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# flue-bench's iSCSI load: what is written is read back, with digests and without, over small and
# large frames; a path that dies is noticed; nothing is left behind.
#
#	v1 eth0 ======= veth ======= eth0 v2 (tgtd)
#	h1 eth0 ---[ flued, br0 ]--- eth0 h2 (tgtd)
. "$(dirname "$0")/../lib.sh"
try=$BUILD/bench/load/load_try
[ -x "$try" ] || fail "there is no $try; make build"
need jq tgtd tgtadm

# The load's processes write to logs of their own; what a sanitizer finds in them comes here.
export ASAN_OPTIONS="$ASAN_OPTIONS:log_path=$T/found"
sound() {
	! cat $T/found.* 2>/dev/null || fail "a sanitizer found something"
}

load() { # A B [KEY VALUE]...: each step's JSON to load.json
	timeout 80 "$try" iscsi "$1" 10.0.0.1 "$2" 10.0.0.2 "${@:3}" >$T/load.out 2>&1 || {
		cat $T/load.out
		fail "no load between $1 and $2"
	}
	grep '^{' $T/load.out >$T/load.json
}

step() { # NAME CONDITION: of that step
	jq -se "any(.[]; .step == \"$1\") and all(.[] | select(.step == \"$1\"); $2)" $T/load.json \
		>/dev/null || {
		cat $T/load.json
		fail "not so of $1: $2"
	}
}

left() { # how many processes of the load there are
	{ pgrep -fc 'load_try|__iscsi|tgtd' || true; }
}

nothing_left() {
	equal 0 left
	[ -z "$(ls /run/tgtd)" ] || fail "left in /run/tgtd: $(ls /run/tgtd)"
}

host v1
host v2
ip -n v1 link add eth0 type veth peer eth0 netns v2
for n in 1 2; do
	ip -n v$n address add 10.0.0.$n/24 dev eth0
	ip -n v$n link set eth0 up
done

say "16 MB written and read back in blocks of 4 KB, then both at once"
load v1 v2 mbytes 16 block 4096 depth 32 op mixed windows 2 seconds 2
step login '.header_digest == false and .sector_bytes == 512'
step write '.why == "" and .write_bytes == 16777216 and .writes == 4096 and .samples == 4096'
step read '.why == "" and .read_bytes == 16777216 and .checked == 32768 and .unknown == 0'
step window '.why == "" and .reads > 0 and .writes > 0 and .checked > 0 and .unknown == 0'
nothing_left

say "header digests: on the wire, not merely asked for"
load v1 v2 digest header mbytes 8 windows 0
step login '.header_digest == true'
step read '.why == "" and .checked == 16384 and .unknown == 0'
refused 'declined header digests' "$try" iscsi v1 10.0.0.1 v2 10.0.0.2 digest header target_digest none
refused 'no data digests.*libiscsi' "$try" iscsi v1 10.0.0.1 v2 10.0.0.2 digest data

say "more commands than blocks"
refused 'too small' "$try" iscsi v1 10.0.0.1 v2 10.0.0.2 mbytes 1 block 65536 depth 32

say "the path dies"
: >$T/dies.log
start dies "$try" iscsi v1 10.0.0.1 v2 10.0.0.2 seconds 60 silence_ms 1000 depth 12
eventually 20 grep -q loading $T/dies.log
ip -n v2 link set eth0 down
wait "${pids[dies]}" || fail "the load ended with status $?: $(cat $T/dies.log)"
unset 'pids[dies]'
grep -q '"why":"no answer for 1 s with 12 commands outstanding"' $T/dies.log ||
	fail "it did not say so: $(cat $T/dies.log)"
refused 'no connection|login' "$try" iscsi v1 10.0.0.1 v2 10.0.0.2 silence_ms 500
nothing_left

say "100 MB through the switch, frames of 9000 bytes, header digests"
flued_start
flue bridge add br0 mtu 9000
host_port h1 br0 10.0.0.1/24
host_port h2 br0 10.0.0.2/24
load h1 h2 digest header mbytes 100 block 1048576 depth 16 op mixed seconds 2
step write '.why == "" and .write_bytes == 104857600'
step read '.why == "" and .read_bytes == 104857600 and .checked == 204800 and .unknown == 0'
step window '.why == "" and .reads > 0 and .writes > 0 and .unknown == 0'
equal 0 drop h1 mtu_out
equal 0 drop h2 mtu_out

say "without offloads"
for n in h1 h2; do
	ns $n ethtool -K eth0 tso off gso off gro off tx off >/dev/null
done
load h1 h2 mbytes 16 op write seconds 2
step read '.why == "" and .checked == 32768 and .unknown == 0'
step window '.why == "" and .writes > 0 and .reads == 0'
nothing_left
flued_stop
sound
