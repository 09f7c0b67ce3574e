#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# What becomes of offloaded connections when somebody ends without a word, or stands still: flued, the
# application, the peer's host. Nobody may take less than all for all.
#
#	h1 eth0 --+-----+-- eth0 h2, h4
#	          | br0 |
#	h3 eth0 --+-----+
# shellcheck disable=SC2086
. "$(dirname "$0")/../lib.sh"
need jq curl python3

export FLUE_CHIMNEY_SOCKET=$T/chimney.sock
stream=$BUILD/tests/chim/chim_stream
run=("$BUILD/cli/flue" chimney run --)

chimney() { # FILTER: of what chimney show says
	flue chimney show -j | jq -r "$1"
}
living() {
	chimney '[.flows[] | select(.state != "TIME-WAIT")] | length'
}
# Two ends of streams, LISTENER in h2 and CONNECTOR in h1, of which WHICH are offloaded.
begin() { # WHICH [KEY VALUE]...
	local which=$1 left=() right=()
	shift
	case $which in both | to) right=("${run[@]}") ;; esac
	case $which in both | from) left=("${run[@]}") ;; esac
	: >$T/listener.log
	: >$T/connector.log
	start listener ip netns exec h2 "${right[@]}" "$stream" listen 10.0.0.2 7001 "$@"
	eventually 5 grep -q listening $T/listener.log
	start connector ip netns exec h1 "${left[@]}" "$stream" connect 10.0.0.2 7001 "$@"
}
gone() { # NAME
	! running "$1"
}
succeeds() { # NAME
	wait "${pids[$1]}" || fail "$1"
	unset "pids[$1]"
}
# It ended, and knows that something is missing.
failed() { # NAME
	eventually 20 gone "$1"
	! wait "${pids[$1]}" || fail "$1 takes for all what was cut off"
	unset "pids[$1]"
	grep -E 'reset|ended early|Broken pipe|timed out' "$T/$1.log"
}
switch_up() {
	flued_start --chimney-socket $FLUE_CHIMNEY_SOCKET "$@"
}

switch_up
flue bridge add br0
host_port h1 br0 10.0.0.1/24 persist on
host_port h2 br0 10.0.0.2/24 persist on
host_port h3 br0 10.0.0.3/24 persist on
host_port h4 br0 10.0.0.4/24 persist on
flue config show >$T/again.yaml
ping_ok h1 10.0.0.2
ping_ok h3 10.0.0.4

mkdir -p $T/www
head -c 3000000 /dev/urandom >$T/www/file
start www ip netns exec h2 "${run[@]}" python3 -m http.server 8080 --bind 10.0.0.2 --directory $T/www
eventually 5 listening h2 8080
for which in both from to; do
	say "flued is killed amid streams, $which offloaded"
	begin $which count 3 bytes 100000000 pause-us 3000
	eventually 10 at_least 3 living
	stop flued KILL || true
	switch_up --config $T/again.yaml
	failed connector
	failed listener
	ping_ok h1 10.0.0.2
	say "and programs that live on offer new ones"
	sleep 1.1 # as long as the library waits before it asks again
	before=$(chimney .counts.offloaded)
	ip netns exec h1 curl -sS --max-time 20 -o $T/got http://10.0.0.2:8080/file
	cmp $T/got $T/www/file
	at_least $((before + 1)) chimney .counts.offloaded
done
stop www || true

say "the peer's host is gone: this one is looked at in the end"
start far ip netns exec h4 "$stream" listen 10.0.0.4 7001 bytes 1000000000
eventually 5 grep -q listening $T/far.log
start near ip netns exec h3 "${run[@]}" "$stream" connect 10.0.0.4 7001 bytes 1000000000 mode blocking
eventually 10 at_least 1 living
flue port del h4
cut=$SECONDS

for which in from both; do
	say "the application is killed, $which offloaded"
	begin $which count 3 bytes 1000000000
	eventually 10 at_least 3 living
	stop connector KILL || true
	failed listener
	eventually 10 equal 1 living
done

say "an application stands still, with data in flight"
begin both count 3 bytes 60000000 pause-us 20000
eventually 10 at_least 4 living
pid=$(pgrep -P "${pids[connector]}" || echo "${pids[connector]}")
kill -STOP "$pid"
sleep 2
kill -CONT "$pid"
succeeds connector
succeeds listener

say "... and while it is asked back, wherever it may be"
begin both count 2 bytes 60000000 pause-us 20000
eventually 10 at_least 3 living
pid=$(pgrep -P "${pids[connector]}" || echo "${pids[connector]}")
before=$(chimney .counts.uploaded)
for _ in {1..12}; do
	kill -STOP "$pid"
	flue chimney upload pid "$pid" >/dev/null
	sleep 0.05
	kill -CONT "$pid"
	sleep 0.1
done
succeeds connector
succeeds listener
at_least $((before + 2)) chimney .counts.uploaded
equal 0 chimney .counts.lost

say "fork, exec, dup"
start echo ip netns exec h2 python3 "$(dirname "$0")/../chim/echo.py" 10.0.0.2 7100
eventually 5 listening h2 7100
ip netns exec h1 "${run[@]}" python3 "$(dirname "$0")/../chim/inherit.py" 10.0.0.2 7100
at_least 3 chimney '.counts.upload_reasons | (.fork // 0) + (.unkept // 0)'

if [ -z "${LONG-}" ]; then
	say "LONG=1 also waits for the time-out of the peer that is gone"
	flued_stop
	exit 0
fi
say "the peer that is gone: $((SECONDS - cut)) s ago"
eventually 40 at_least 1 chimney '.counts.upload_reasons.timeout // 0'
stop near KILL || true
eventually 10 equal 0 living
flued_stop
