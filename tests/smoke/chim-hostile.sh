#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Applications that lie to flued about their connections (tests/chim/hostile.c), all at the same time: flued
# survives, serves others meanwhile, answers, and keeps nothing of them.
# shellcheck disable=SC2086
. "$(dirname "$0")/../lib.sh"
need jq python3

export FLUE_CHIMNEY_SOCKET=$T/chimney.sock HOSTILE_ADDRESS=10.0.0.2 HOSTILE_PORT=7700
stream=$BUILD/tests/chim/chim_stream
acts=("$@") # default: all

# Those that somebody still uses; TIME-WAIT takes a minute.
living() {
	flue chimney show -j | jq '[.flows[] | select(.state != "TIME-WAIT")] | length'
}
# Descriptors, but for those of connections that are still in TIME-WAIT: two each, and the bells of their
# applications.
descriptors() {
	local waiting
	waiting=$(flue chimney show -j | jq '2 * (.flows | length) + 2 * .applications')
	echo $(($(find /proc/"${pids[flued]}"/fd -mindepth 1 | wc -l) - waiting))
}
rss_kb() {
	awk '/^RssAnon/ { print $2 }' /proc/"${pids[flued]}"/status
}
few_descriptors() { # AT-MOST
	local now
	now=$(descriptors)
	echo "descriptors: $now, before: $1"
	[ "$now" -le "$1" ]
}
attack() {
	ip netns exec h1 "$BUILD/tests/chim/chim_hostile" "$@" 2>&1 | sed 's/^/   /'
}

flued_start --chimney-socket $FLUE_CHIMNEY_SOCKET
flue bridge add br0
host_port h1 br0 10.0.0.1/24
host_port h2 br0 10.0.0.2/24
ping_ok h1 10.0.0.2

cat >$T/peer.py <<'END'
import asyncio

async def serve(r, w):
    try:
        while await r.read(65536):
            w.write(b'x' * 3000)
    except OSError:
        pass
    w.close()

async def main():
    await (await asyncio.start_server(serve, '10.0.0.2', 7700, backlog=500)).serve_forever()

asyncio.run(main())
END
start peer ip netns exec h2 python3 $T/peer.py
eventually 5 listening h2 7700

say "a first one, so that what is made once is there"
attack indices
eventually 5 equal 0 living
fds=$(descriptors)
rss=$(rss_kb)

say "all of them, beside one that is honest"
start listener ip netns exec h2 "$stream" listen 10.0.0.2 7001 bytes 30000000 pause-us 10000
eventually 5 grep -q listening $T/listener.log
start honest ip netns exec h1 "$BUILD/cli/flue" chimney run -- "$stream" connect 10.0.0.2 7001 bytes 30000000 pause-us 10000
(
	worst=0
	while sleep 0.2; do
		from=$(date +%s%N)
		flue switch show -j >/dev/null || exit 1
		took=$((($(date +%s%N) - from) / 1000000))
		[ $took -le $worst ] || worst=$took
		echo $worst >$T/worst
	done
) &
pids[asking]=$!
attack "${acts[@]}" || fail "flued did not do what it is to"
running asking || fail "flued did not answer 'flue switch show' in time"
stop asking || true
say "'flue switch show' took $(cat $T/worst) ms at most"
wait "${pids[honest]}" || fail "the honest application's stream"
wait "${pids[listener]}" || fail "the stream's other end"
unset 'pids[honest]' 'pids[listener]'

say "nothing is left of them"
flued_alive
eventually 10 equal 0 living
# Some sockets to the kernel are kept for a while.
eventually 5 few_descriptors $((fds + 8))
flue chimney show -j | jq -c '.counts, .engine.hostile'
at_least 1 jq .engine.hostile <<<"$(flue chimney show -j)"
[ ${#acts[@]} -gt 0 ] || at_least 12 jq .counts.refused.not_tcp <<<"$(flue chimney show -j)"
say "memory: $rss kB before, $(rss_kb) kB now"
# A sanitizer keeps what is freed for a while.
grep -q 'lib[at]san' /proc/"${pids[flued]}"/maps || [ $(($(rss_kb) - rss)) -lt 65536 ] || fail "flued keeps $(($(rss_kb) - rss)) kB more than before"

say "a new one is served as ever"
start listener ip netns exec h2 "$stream" listen 10.0.0.2 7001 bytes 3000000
eventually 5 grep -q listening $T/listener.log
before=$(flue chimney show -j | jq .counts.offloaded)
ip netns exec h1 "$BUILD/cli/flue" chimney run -- "$stream" connect 10.0.0.2 7001 bytes 3000000
at_least $((before + 1)) jq .counts.offloaded <<<"$(flue chimney show -j)"
wait "${pids[listener]}" || fail "the stream's other end"
unset 'pids[listener]'
flued_stop
