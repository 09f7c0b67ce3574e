#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Thousands of short connections, both ends offloaded, leave nothing behind in flued; and where there may be no
# more of them, connections go by the kernel.
#
#	h1 eth0 --+-----+-- eth0 h2
#	          | br0 |
#	          +-----+
# shellcheck disable=SC2086
. "$(dirname "$0")/../lib.sh"
need jq python3

export FLUE_CHIMNEY_SOCKET=$T/chimney.sock
chim=$(realpath "$(dirname "$0")/../chim")

chimney() { # FILTER: of what chimney show says
	flue chimney show -j | jq -r "$1"
}
living() {
	chimney '[.flows[] | select(.state != "TIME-WAIT")] | length'
}
# Descriptors, but for those of connections in TIME-WAIT: two each, and the bells of their applications.
fds() {
	local waiting
	waiting=$(chimney '2 * .connections + 2 * .applications')
	echo $(($(find /proc/"${pids[flued]}"/fd -mindepth 1 | wc -l) - waiting))
}
rss_kb() {
	awk '/^VmRSS/ { print $2 }' /proc/"${pids[flued]}"/status
}
run() { # NAMESPACE COMMAND...
	local where=$1
	shift
	ip netns exec "$where" "$BUILD/cli/flue" chimney run -- "$@"
}
up() { # [FLUED ARGUMENT]...
	flued_start --chimney-socket $FLUE_CHIMNEY_SOCKET "$@"
	flue bridge add br0
	host_port h1 br0 10.0.0.1/24
	host_port h2 br0 10.0.0.2/24
	ping_ok h1 10.0.0.2
	start echo ip netns exec h2 "$BUILD/cli/flue" chimney run -- python3 "$chim/echo.py" 10.0.0.2 7100
	eventually 5 listening h2 7100
}
down() {
	stop echo || true
	flued_stop
	ip netns del h1
	ip netns del h2
}

say "10000 short ones, of which at most 200 wait for late packets"
up --chimney-max 200
run h1 python3 "$chim/churn.py" 10.0.0.2 7100 2000 20
eventually 5 equal 0 living
sleep 0.3 # memory of what is in TIME-WAIT is given back
fds=$(fds) rss=$(rss_kb)
run h1 python3 "$chim/churn.py" 10.0.0.2 7100 8000 20
eventually 5 equal 0 living
chimney '.counts'
at_least 2000 chimney .counts.offloaded
echo "descriptors: $fds, then $(fds); memory: $rss kB, then $(rss_kb) kB"
few_fds() { # AT-MOST
	local now
	now=$(fds)
	echo "descriptors: $now, before: $1"
	[ "$now" -le "$1" ]
}
# Some sockets to the kernel are kept for a while.
eventually 5 few_fds $((fds + 8))
# A sanitizer keeps what is freed for a while.
grep -q 'lib[at]san' /proc/"${pids[flued]}"/maps || [ $(($(rss_kb) - rss)) -lt 8192 ] || fail "memory is left"
[ "$(chimney .connections)" -le 200 ] || fail "there are more than may be"
equal 0 chimney .counts.lost
down

say "at most four at a time: the others go by the kernel"
up --chimney-max 4
run h1 python3 "$chim/churn.py" 10.0.0.2 7100 400 40 keep
[ "$(chimney .connections)" -le 4 ] || fail "there are more than four"
at_least 100 chimney .counts.refused.limit
eventually 5 equal 0 living
say "... and new ones take the places of those that ended"
more() {
	run h1 python3 "$chim/churn.py" 10.0.0.2 7100 5 1
	at_least "$1" chimney .counts.offloaded
}
eventually 5 more $(($(chimney .counts.offloaded) + 8))
down

say "few descriptors: again the others go by the kernel, and everybody is answered"
ulimit -n 400
up
at_least 1 grep -c 'raise the limit' $T/flued.log
run h1 python3 "$chim/churn.py" 10.0.0.2 7100 600 100 keep
flued_alive
at_least 10 chimney .counts.offloaded
at_least 100 chimney .counts.refused.limit
equal 0 chimney .counts.lost
[ "$(find /proc/"${pids[flued]}"/fd -mindepth 1 | wc -l)" -lt 350 ] || fail "nothing was kept for others"
down
