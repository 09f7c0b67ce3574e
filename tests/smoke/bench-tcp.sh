#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# flue-bench's TCP load: what one end sent the other received, connections live on between windows,
# what goes wrong has a reason, and nothing is left behind.
#
#	v1 eth0 ======= veth ======= eth0 v2
#	h1 eth0 ---[ flued, br0 ]--- eth0 h2
. "$(dirname "$0")/../lib.sh"
try=$BUILD/bench/load/load_try
[ -x "$try" ] || fail "there is no $try; make build"
need jq

# The load's processes write to logs of their own; what a sanitizer finds in them comes here.
export ASAN_OPTIONS="$ASAN_OPTIONS:log_path=$T/found"
sound() {
	! cat $T/found.* 2>/dev/null || fail "a sanitizer found something"
}

load() { # A B [KEY VALUE]...: each window's JSON to load.json
	local again
	# An end that was kept from running says so; then the window is no window, here as well.
	for again in {1..10}; do
		timeout 60 "$try" tcp "$1" 10.0.0.1 "$2" 10.0.0.2 "${@:3}" >$T/load.out 2>&1 || {
			cat $T/load.out
			fail "no load between $1 and $2"
		}
		grep '^{' $T/load.out >$T/load.json
		grep -q 'did not run when' $T/load.json || return 0
		echo "try $again: an end did not run"
	done
	fail "no window that both ends saw"
}

each() { # CONDITION: of every window
	jq -se "all(.[]; $1)" $T/load.json >/dev/null || {
		cat $T/load.json
		fail "not so for every window: $1"
	}
}

left() { # how many processes of the load there are
	{ pgrep -fc 'load_try|__tcp' || true; }
}

host v0 # leads nowhere
host v1
host v2
ip -n v1 link add eth0 type veth peer eth0 netns v2
for n in 1 2; do
	ip -n v$n address add 10.0.0.$n/24 dev eth0
	ip -n v$n link set eth0 up
done

say "one connection, one way"
load v1 v2 windows 2
equal 2 jq -s length $T/load.json
each '.why == "" and .goodput > 0 and .cpu_per_gbyte > 0 and .a_cpu > 0 and .b_cpu > 0'
each '.fairness == 1 and .raw.a.received == [0] and .raw.a.mss_bytes == 1448'
each '(.raw.b.end_ns - .raw.b.begin_ns) > 4e8'

say "four connections, both ways"
load v1 v2 connections 4 both on
each '.why == "" and (.raw.a.received | length) == 4 and .fairness <= 1'
each '(.raw.a.received | add) > 0 and (.raw.b.received | add) > 0'
each '8e9 * ((.raw.a | (.received | add) / (.end_ns - .begin_ns)) +
	(.raw.b | (.received | add) / (.end_ns - .begin_ns))) / .goodput | . > 0.999 and . < 1.001'

say "the congestion control is the one asked for"
refused "no congestion control 'nonsense'.*tcp_available_congestion_control" \
	"$try" tcp v1 10.0.0.1 v2 10.0.0.2 cc nonsense
refused 'cannot listen on 10.0.0.2' "$try" tcp v1 10.0.0.1 v1 10.0.0.2
refused 'no connection to 10.0.0.2' "$try" tcp v0 10.0.0.1 v2 10.0.0.2

say "the path dies within the window"
: >$T/dies.log
start dies "$try" tcp v1 10.0.0.1 v2 10.0.0.2 seconds 2
eventually 20 grep -q loading $T/dies.log
ip -n v2 link set eth0 down
wait "${pids[dies]}" || fail "the load ended with status $?"
unset 'pids[dies]'
grep -qE '"why":"([0-9]+ bytes are not acknowledged|not a byte came)' $T/dies.log ||
	fail "the window counts: $(cat $T/dies.log)"
equal 0 left

say "through the switch"
flued_start
flue bridge add br0 mtu 9000
host_port h1 br0 10.0.0.1/24
host_port h2 br0 10.0.0.2/24
load h1 h2 connections 2 both on windows 2
each '.why == "" and .goodput > 0 and .raw.a.mss_bytes == 8948'

say "an end that is killed takes the load with it"
: >$T/killed.log
start killed "$try" tcp h1 10.0.0.1 h2 10.0.0.2 seconds 30
eventually 20 grep -q loading $T/killed.log
kill -KILL "${pids[killed]}"
wait "${pids[killed]}" || true
unset 'pids[killed]'
eventually 10 equal 0 left
flued_stop
sound
