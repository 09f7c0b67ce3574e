# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
# lib.sh: what every smoke test begins with:
#	. "$(dirname "$0")/../lib.sh"
# The test then runs in a sandbox (scripts/sandbox), with a directory of its own ($T), and ends
# with everything it started. BUILD is the build directory under test.
# Exit status: 0 passed, 77 skipped (the reason is the last line), anything else failed.
set -euo pipefail

top=$(realpath "$(dirname "${BASH_SOURCE[0]}")/..")
BUILD=$(realpath "${BUILD:-$top/build}")
export BUILD PATH="$PATH:/usr/sbin:/sbin" LC_ALL=C.UTF-8
if [ -z "${FLUE_SANDBOX-}" ]; then
	exec "$top/scripts/sandbox" env FLUE_SANDBOX=1 "$(realpath "$0")" "$@"
fi

export tools=$top/tests/tools
T=/run/test
mkdir -p $T
export FLUE_SOCKET=$T/flued.sock
declare -A pids=() # what this test started, by name

# A finding of a sanitizer ends flued with a status of its own, and names itself in the log.
export ASAN_OPTIONS="detect_leaks=1:abort_on_error=0:exitcode=66:${ASAN_OPTIONS-}"
export UBSAN_OPTIONS="print_stacktrace=1:halt_on_error=1:${UBSAN_OPTIONS-}"
export LSAN_OPTIONS="suppressions=$top/tests/lsan.supp:print_suppressions=0:${LSAN_OPTIONS-}"

say() {
	echo "-- $*"
}

skip() {
	echo "skip: $*"
	trap - EXIT
	stop_all
	exit 77
}

fail() {
	echo "FAILED: $* (${BASH_SOURCE[1]##*/}:${BASH_LINENO[0]})" >&2
	exit 1
}

need() { # COMMAND...
	local command
	for command in "$@"; do
		command -v "$command" >/dev/null || skip "no $command; make setup installs it"
	done
}

# Ends what this test started, each by its own process id. A guest whose switch went first may
# not hear the first request.
stop_all() {
	local name round
	for name in "${!pids[@]}"; do
		kill "${pids[$name]}" 2>/dev/null || true
	done
	for round in {1..20}; do
		any_running || break
		sleep 0.1
	done
	for name in "${!pids[@]}"; do
		[ "$round" -lt 20 ] || kill -KILL "${pids[$name]}" 2>/dev/null || true
		wait "${pids[$name]}" 2>/dev/null || true
	done
	pids=()
}

any_running() {
	local pid
	for pid in "${pids[@]}"; do
		! kill -0 "$pid" 2>/dev/null || return 0
	done
	return 1
}

ended() {
	local status=$? log
	trap - EXIT
	trap '' INT TERM
	if [ $status -ne 0 ]; then
		timeout 5 "$BUILD/cli/flue" port show -s 2>&1 | head -n 200 || true
		for log in "$T"/*.log; do
			[ -s "$log" ] || continue
			echo "== the end of ${log##*/}"
			tail -n 40 "$log"
		done
	fi >&2
	stop_all
	exit $status
}
trap ended EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# The command's words are expanded here and now; its output goes to NAME.log.
start() { # NAME COMMAND...
	local name=$1
	shift
	"$@" >>"$T/$name.log" 2>&1 </dev/null &
	pids[$name]=$!
}

stop() { # NAME [SIGNAL]: ends it and waits for it; its status is that of the process
	local pid=${pids[$1]} status=0
	kill "-${2:-TERM}" "$pid" 2>/dev/null || true
	wait "$pid" 2>/dev/null || status=$?
	unset "pids[$1]"
	return $status
}

running() { # NAME
	kill -0 "${pids[$1]}" 2>/dev/null
}

# Tries until the command succeeds. Waiting is for a state, never for a while. The limit is what a machine
# needs that has its processors for itself; one whose host takes them away for seconds gets four times that.
eventually() { # SECONDS COMMAND...
	local end=$((SECONDS + 4 * $1))
	shift
	until "$@" >$T/eventually 2>&1; do
		if [ $SECONDS -ge $end ]; then
			cat $T/eventually
			echo "never succeeded: $*" >&2
			return 1
		fi
		sleep 0.1
	done
}

ready() {
	running flued || return 1
	grep -q ready $T/flued.log && "$BUILD/cli/flue" switch show -j
}

flued_start() { # [ARGUMENT]...: starts the switch and waits until it serves
	[ -x "$BUILD/vswitch/flued" ] || fail "there is no $BUILD/vswitch/flued; make build"
	: >$T/flued.log
	# The last core is the worker's, unless the test says otherwise.
	[[ " $* " == *" --cores "* ]] || set -- --cores $(($(nproc) - 1)) "$@"
	start flued "$BUILD/vswitch/flued" --socket $FLUE_SOCKET "$@"
	eventually 30 ready || fail "flued is not ready"
}

# Ends the switch and demands that it ended well: status 0, nothing from a sanitizer.
flued_stop() {
	local status=0
	stop flued TERM || status=$?
	if grep -E 'ERROR: (Address|Leak)Sanitizer|runtime error:' $T/flued.log; then
		fail "a sanitizer found something"
	fi
	[ $status -eq 0 ] || fail "flued ended with status $status"
}

flued_alive() {
	running flued || fail "flued is gone"
	flue switch show -j >/dev/null || fail "flued does not answer"
}

# For one that hangs; the lab is emulated, on a machine that may have little time for it.
flue_limit=20
[ -z "${FLUE_LAB_RESULTS-}" ] || flue_limit=200
flue() {
	timeout $flue_limit "$BUILD/cli/flue" "$@"
}

# A command that must fail, and say something that matches.
refused() { # PATTERN COMMAND...
	local pattern=$1 out
	shift
	if out=$("$@" 2>&1); then
		fail "should have failed: $*"
	fi
	grep -qiE "$pattern" <<<"$out" || fail "'$*' said: $out; not: $pattern"
}

ns() { # NAMESPACE COMMAND...
	ip netns exec "$@"
}

# A namespace that is a host; addresses work at once (no duplicate address detection).
host() { # NAME
	ip netns add "$1"
	ns "$1" sysctl -qw net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.all.accept_dad=0 \
		net.ipv6.conf.default.router_solicitations=0
	ip -n "$1" link set lo up
}

# A host NAME with eth0 on the switch.
host_port() { # NAME BRIDGE ADDRESS [KEY VALUE]...
	local name=$1 bridge=$2 address=$3
	shift 3
	host "$name"
	flue port add "$name" kind host bridge "$bridge" netns "$name" ifname eth0 \
		${address:+address "$address"} "$@"
}

mac_of() { # NAMESPACE [INTERFACE]
	ns "$1" cat "/sys/class/net/${2:-eth0}/address"
}

ping_ok() { # NAMESPACE ADDRESS [PING ARGUMENT]...
	local from=$1 to=$2
	shift 2
	ns "$from" ping -c 3 -i 0.2 -W 2 -q "$@" "$to" >$T/ping 2>&1 || {
		cat $T/ping
		fail "no ping from $from to $to"
	}
}

ping_fails() { # NAMESPACE ADDRESS [PING ARGUMENT]...
	local from=$1 to=$2
	shift 2
	if ns "$from" ping -c 2 -i 0.2 -W 1 -q "$@" "$to" >$T/ping 2>&1; then
		fail "ping from $from reaches $to, and must not"
	fi
}

counter() { # PORT COUNTER: its value
	flue port show "$1" -s -j | jq -r ".[0].stats.\"$2\" // 0"
}

drop() { # PORT REASON: how often
	flue port show "$1" -s -j | jq -r ".[0].stats.drops.\"$2\".count // 0"
}

drops() { # REASON: on all ports together
	flue port show -s -j | jq "[.[].stats.drops.\"$1\".count // 0] | add"
}

port_up() { # PORT
	flue port show "$1" -j | jq -e '.[0].state == "up"'
}

at_least() { # NUMBER COMMAND...: does the command print at least that?
	local value
	value=$("${@:2}")
	echo "${*:2}: $value"
	[ "$value" -ge "$1" ]
}

equal() { # EXPECTED COMMAND...
	local value
	value=$("${@:2}")
	echo "${*:2}: $value"
	[ "$value" = "$1" ]
}

fdb_port() { # BRIDGE MAC: the port it is behind
	flue fdb show "$1" mac "$2" -j |
		jq -r '(if type == "array" then . else .entries end) | .[0].port // "none"'
}

# iperf3 from one host to another; its JSON goes to iperf.json.
tcp() { # FROM TO-NAMESPACE ADDRESS [IPERF3 ARGUMENT]...
	local from=$1 to=$2 address=$3
	shift 3
	start iperf-server ip netns exec "$to" iperf3 -s -1 --forceflush
	eventually 5 listening "$to" 5201
	ns "$from" timeout 60 iperf3 -c "$address" -J "$@" >$T/iperf.json || {
		jq -r .error $T/iperf.json
		fail "no TCP from $from to $address"
	}
	stop iperf-server || true
}

listening() { # NAMESPACE TCP-PORT
	ns "$1" ss -Hltn "sport = :$2" | grep -q .
}

# Captures into NAME.pcap until `stop NAME`.
capture() { # NAME NAMESPACE [TCPDUMP ARGUMENT]...
	local name=$1 where=$2
	shift 2
	: >"$T/$name.log"
	start "$name" ip netns exec "$where" tcpdump -i eth0 -n -U --immediate-mode -w "$T/$name.pcap" "$@"
	eventually 5 grep -q 'listening on' "$T/$name.log"
}

captured() { # NAME [TCPDUMP ARGUMENT]...: as text
	local name=$1
	shift
	tcpdump -n -e -r "$T/$name.pcap" "$@" 2>/dev/null
}

# A guest: dpdk-testpmd with one virtio-user port. Ordinary memory, so it runs anywhere.
# Its console is the FIFO NAME.in; `guest_say NAME "show port stats all"`.
guest_start() { # NAME VDEV-ARGUMENTS [TESTPMD ARGUMENT]...
	local name=$1 vdev=$2
	shift 2
	[ -p "$T/$name.in" ] || mkfifo "$T/$name.in"
	: >"$T/$name.log"
	# It forwards on the first core, away from the switch's worker; lines appear when they are whole.
	stdbuf -oL dpdk-testpmd --no-pci --no-huge -m 256 --file-prefix "$name-$$" \
		--lcores "0@$(($(nproc) - 1)),1@0" --vdev "virtio_user0,$vdev" -- -i --total-num-mbufs=8192 "$@" \
		<>"$T/$name.in" >>"$T/$name.log" 2>&1 &
	pids[$name]=$!
}

guest_say() { # NAME COMMAND
	printf '%s\n' "$2" >"$T/$1.in"
}

guest_stat() { # NAME COUNTER (RX-packets, TX-packets): its latest value
	local before
	before=$(grep -c "NIC statistics" "$T/$1.log" || true)
	guest_say "$1" "show port stats 0"
	eventually 5 more_stats "$1" "$before" || fail "guest $1 does not answer"
	sed -n "s/.*$2: *\([0-9]*\).*/\1/p" "$T/$1.log" | tail -n 1
}

more_stats() { # GUEST BEFORE: is there a complete new table?
	local seen
	seen=$(grep -c "Tx-bps" "$T/$1.log" || true)
	[ "$seen" -gt "$2" ]
}
