#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Connections of unmodified programs, handed from the kernel to flued, run there, and handed back.
#
#	h1 eth0 --+-----+-- eth0 h2
#	          | br0 |
#	          +-----+
. "$(dirname "$0")/../lib.sh"
need jq curl iperf3 python3

export FLUE_CHIMNEY_SOCKET=$T/chimney.sock
stream=$BUILD/tests/chim/chim_stream
workers=${WORKERS:-1}
switch_up() {
	flued_start --chimney-socket $FLUE_CHIMNEY_SOCKET --cores "$([ "$workers" = 1 ] && echo $(($(nproc) - 1)) || echo "0-$((workers - 1))")" "$@"
}

chimney() { # FILTER: of what chimney show says
	flue chimney show -j | jq -r "$1"
}
# Those that somebody still uses; TIME-WAIT takes a minute.
living() {
	chimney '[.flows[] | select(.state != "TIME-WAIT")] | length'
}
run() { # NAMESPACE COMMAND...: with its connections offered
	local where=$1
	shift
	ip netns exec "$where" "$BUILD/cli/flue" chimney run -- "$@"
}

# One end listens in TO, the other connects from FROM; WHICH of them are offloaded: from, to, both.
streams() { # WHICH FROM TO ADDRESS [KEY VALUE]...
	local which=$1 from=$2 to=$3 address=$4 left=() right=() mine=() log=$T/stream-$RANDOM
	shift 4
	left=(ip netns exec "$from") right=(ip netns exec "$to")
	mine=("$BUILD/cli/flue" chimney run --)
	: >$T/listener.log
	case $which in both | to) right+=("${mine[@]}") ;; esac
	case $which in both | from) left+=("${mine[@]}") ;; esac
	start listener "${right[@]}" "$stream" listen "$address" 7001 "$@"
	eventually 5 grep -q listening $T/listener.log
	timeout 120 "${left[@]}" "$stream" connect "$address" 7001 seed 2 "$@" >$log 2>&1 || {
		cat $log
		fail "the stream from $from to $address ($which offloaded)"
	}
	wait "${pids[listener]}" || fail "the stream's listening end"
	unset 'pids[listener]'
}

switch_up
flue bridge add br0
host_port h1 br0 10.0.0.1/24,fd00::1/64 persist on
host_port h2 br0 10.0.0.2/24,fd00::2/64 persist on
flue config show >$T/again.yaml
ping_ok h1 10.0.0.2
ping_ok h1 fd00::2

for address in 10.0.0.2 fd00::2; do
	for which in from to both; do
		say "checked streams, $which offloaded, $address"
		before=$(chimney .counts.offloaded)
		streams $which h1 h2 $address count 4 bytes 3000000
		now=$(chimney .counts.offloaded)
		[ $((now - before)) -ge 4 ] || {
			chimney .counts
			fail "$((now - before)) of 4 connections were offloaded"
		}
	done
done
for mode in blocking epoll; do
	say "in $mode mode, with pauses"
	streams both h1 h2 10.0.0.2 count 2 bytes 2000000 mode $mode pause-us 2000 chunk 9000
done
equal 0 chimney .counts.lost

say "and back: all are uploaded again and again"
(
	while sleep 0.05; do flue chimney upload all on >/dev/null || true; done
) &
pids[uploads]=$!
for which in from to both; do
	streams $which h1 h2 10.0.0.2 count 3 bytes 6000000 pause-us 3000
done
stop uploads || true
at_least 5 chimney .counts.uploaded
equal 0 chimney .counts.lost

say "curl"
mkdir -p $T/www
head -c 20000000 /dev/urandom >$T/www/file
start www ip netns exec h2 python3 -m http.server 8080 --bind 10.0.0.2 --directory $T/www
eventually 5 listening h2 8080
run h1 curl -sS -o $T/got http://10.0.0.2:8080/file
cmp $T/got $T/www/file
stop www || true

say "iperf3, both ends, both ways"
start iperf-server ip netns exec h2 "$BUILD/cli/flue" chimney run -- iperf3 -s
eventually 5 listening h2 5201
for way in "" -R; do
	run h1 timeout 60 iperf3 -c 10.0.0.2 -n 200M -J $way >$T/iperf.json || fail "$(jq -r .error $T/iperf.json)"
done
stop iperf-server || true

say "an application that dies takes its connections with it"
: >$T/listener.log
start listener ip netns exec h2 "$stream" listen 10.0.0.2 7001 bytes 1000000000
eventually 5 grep -q listening $T/listener.log
start dying ip netns exec h1 "$BUILD/cli/flue" chimney run -- "$stream" connect 10.0.0.2 7001 bytes 1000000000
eventually 5 at_least 1 living
flow_tells() {
	flue flow show -j | jq -e '[.flows[] | select(.mode == "offloaded" and .where == "offloaded" and .state == "ESTAB" and
		.application == "chim_stream" and .worker >= 0 and .cwnd > 0 and .rtt_us > 0 and .retrans >= 0)] | length == 1' &&
		flue flow show | grep -E 'SOURCE .*STATE .*CWND .*RTT-US' && flue flow show | grep -E '10\.0\.0\.2:7001 .*offloaded .*ESTAB'
}
eventually 5 flow_tells
stop dying KILL || true
eventually 10 equal 0 living
stop listener || true

say "flued ends amid streams, which go on in the kernel"
: >$T/listener.log
start listener ip netns exec h2 "$stream" listen 10.0.0.2 7001 bytes 40000000 pause-us 20000
eventually 5 grep -q listening $T/listener.log
start living ip netns exec h1 "$BUILD/cli/flue" chimney run -- "$stream" connect 10.0.0.2 7001 bytes 40000000 pause-us 20000
eventually 5 at_least 1 living
flued_stop
at_least 1 grep -c 'go back to the kernel' $T/flued.log
switch_up --config $T/again.yaml
wait "${pids[living]}" || fail "the connecting end"
wait "${pids[listener]}" || fail "the listening end"
unset 'pids[living]' 'pids[listener]'
flued_stop
