#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The benchmark's frames come back, each accounted for: between the mirror's ports, and through
# flued; small ones, a mix, many flows, TSO units, to everybody, for learning, and across a restart.
#
#	generator virtio-user --socket-- mirror or flued --socket-- virtio-user generator
. "$(dirname "$0")/../lib.sh"
need jq

try=$BUILD/bench/traffic/bench-traffic-try
cpu=0 # the load's; the switch's worker is on the last

spec() { # TSO SERVER SOCKET...
	local tso=$1 server=$2
	shift 2
	printf '%s\n' "$@" | jq -Rnc --argjson tso "$tso" --argjson server "$server" \
		'{name: "load", cpus: '$((1 << cpu))', mtu: 1500, tso: $tso,
		ports: [inputs | {socket: ., server: $server}]}'
}

# Low rates, and long to settle: the test must hold on a machine that is busy with other things.
trial() { # PATTERN FRAME-BYTES FLOWS PPS [KEY VALUE]...
	local json
	json=$(jq -nc --arg pattern "$1" --argjson bytes "$2" --argjson flows "$3" --argjson pps "$4" \
		'{pattern: $pattern, frame_bytes: $bytes, flows: $flows, pps: $pps, both_ways: true,
		seconds: 0.5, settle_seconds: 2, latency: true, track: true, content: true}')
	shift 4
	while [ $# -gt 0 ]; do
		json=$(jq -c ".$1 = $2" <<<"$json")
		shift 2
	done
	echo "$json"
}

# What a trial says must hold, in jq's words, and its own sums must be right.
holds() { # RESULT CONDITION
	jq -e '.offered == .sent + .refused and .corrupt == 0 and .duplicated == 0
		and .reordered == 0 and .raw.count <= .received
		and (.corrected.max >= .raw.min)' <<<"$1" >/dev/null || fail "does not add up: $1"
	jq -e "$2" <<<"$1" >/dev/null || fail "not '$2': $1"
	jq -c 'del(.raw, .corrected)' <<<"$1"
}

all_came='.offered > 100 and .refused == 0 and .received == .sent and .stray == 0'

run() { # SPEC TRIAL...: results, a line each, in $T/results
	timeout 120 "$try" "$@" >$T/results 2>$T/try.err || fail "$(cat $T/try.err)"
}

all_drops() {
	flue port show -s -j | jq '[.[].stats.drops[]?.count] | add // 0'
}

result() { # NUMBER
	sed -n "$1p" $T/results
}

say "the mirror gives every frame back, of any size"
start mirror "$try" __mirror $T/a $T/b
eventually 20 grep -q ready $T/mirror.log
run "$(spec false false $T/a $T/b)" \
	"$(trial pairs 64 1 800 content false)" \
	"$(trial pairs 0 100 800 content false)" \
	"$(trial pairs 64 1 0 content false seconds 0.1)"
holds "$(result 1)" "$all_came and .received == 400"
holds "$(result 2)" "$all_came and .received == 400"
# As fast as it goes: what was taken is delivered, and nothing counts as refused.
holds "$(result 3)" '.offered > 1000 and .refused == 0 and .received == .sent'
say "the same with TSO units, over several buffers each"
run "$(spec true false $T/a $T/b)" "$(trial pairs 65536 1 400 content false)"
holds "$(result 1)" "$all_came and .received == 200"
stop mirror

say "through flued, with the switch's own counters"
flued_start --no-huge
flue bridge add br0
for port in a b c; do
	flue port add $port kind vhost bridge br0 socket $T/flued-$port
done
run "$(spec false false $T/flued-a $T/flued-b)" \
	"$(trial pairs 64 1 800)" \
	"$(trial pairs 0 500 800)" \
	"$(trial pairs 1518 10 800)"
for i in 1 2 3; do
	holds "$(result $i)" "$all_came and .received == 400"
done
[ "$(drops tx_full)" = 0 ] || fail "flued dropped frames"

say "at overload, what is missing was counted as dropped"
before=$(all_drops)
run "$(spec false false $T/flued-a $T/flued-b)" "$(trial pairs 64 1 0 seconds 0.2 teach false)"
after=$(all_drops)
holds "$(result 1)" ".offered > 100 and .refused == 0 and .sent == .received + $((after - before))"

say "units with their segment size, and frames beside them; what a full ring did not take is counted"
before=$(all_drops)
run "$(spec true false $T/flued-a $T/flued-b)" \
	"$(trial pairs 65536 1 400)" "$(trial pairs 64 1 800)"
lost=$(($(all_drops) - before))
holds "$(result 1)" ".sent == 200 and .refused == 0 and .stray == 0 and .received >= 200 - $lost"
holds "$(result 2)" ".sent == 400 and .refused == 0 and .stray == 0 and .received >= 400 - $lost"

say "addresses that were announced do not flood; what is for everybody goes everywhere"
run "$(spec false false $T/flued-a $T/flued-b $T/flued-c)" \
	"$(trial learn 64 500 2000)" "$(trial broadcast 64 1 1000)"
holds "$(result 1)" "$all_came and .received == 1000"
holds "$(result 2)" '.sent == 500 and .received == 1000 and .stray == 0'
flued_stop

say "the guest owns the socket, and lives on while the switch is killed"
up() { # a switch that connects to the sockets
	flued_start --no-huge
	flue bridge add br0
	flue port add a kind vhost bridge br0 socket $T/own-a mode client
	flue port add b kind vhost bridge br0 socket $T/own-b mode client
}
up
start restart "$try" "$(spec false true $T/own-a $T/own-b)" "$(trial pairs 64 1 4000 seconds 12 latency false)"
received() {
	counter b tx_packets
}
eventually 30 at_least 1000 received
stop flued KILL || true
up
eventually 40 at_least 1000 received
wait "${pids[restart]}" || fail "$(cat $T/restart.log)"
unset "pids[restart]"
outcome=$(grep -a offered $T/restart.log)
echo "$outcome"
# How much is lost depends on how long it took; nothing may be damaged, or come from nowhere.
jq -e '.offered == .sent + .refused and .corrupt == 0 and .gap_ns > 10000000
	and .received - .duplicated <= .offered and .received > .offered / 10' <<<"$outcome" >/dev/null ||
	fail "a restart looks different: $outcome"
flued_stop
