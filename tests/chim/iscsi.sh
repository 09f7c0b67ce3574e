# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
# iscsi.sh: what the tests of iSCSI over connections that the switch runs have in common; read after
# tests/lib.sh.
#
#	h1 eth0 10.0.0.1 ---[ flued, br0 ]--- 10.0.0.2 eth0 h2
#	initiator                                      tgtd
#
# ENDS is none, initiator, target or both: whose program runs under `flue chimney run`.
chimney=$T/chimney.sock
iqn=iqn.2000-01.flue-test:disk
try=$BUILD/bench/load/load_try

# The switch, and a host at each of two ports of it.
chim_begin() {
	need jq tgtd tgtadm iscsi-perf
	[ -x "$try" ] || fail "there is no $try; make build"
	flued_start --chimney-socket "$chimney"
	flue bridge add br0 mtu 1500
	host_port h1 br0 10.0.0.1/24
	host_port h2 br0 10.0.0.2/24
	ping_ok h1 10.0.0.2
}

# Offered again so long after each time a connection is given back.
chim_retry() { # MS
	export FLUE_CHIMNEY_RETRY_MS=$1
}

offloads() { # is this end's program to be offloaded?
	[ "$ENDS" = both ] || [ "$ENDS" = "$1" ]
}

# The words that stand before the program of an end.
under() { # initiator|target
	! offloads "$1" || echo "$BUILD/cli/flue chimney run socket $chimney --"
}

# tgtd with a disk of its own, in h2.
target_start() {
	local where="tgtadm -C 9 --lld iscsi"
	truncate -s 128M $T/disk
	mkdir -p /var/run/tgtd
	: >$T/tgtd.log
	# shellcheck disable=SC2046
	start tgtd ip netns exec h2 $(under target) tgtd -f -C 9 --iscsi portal=10.0.0.2:3260
	eventually 10 $where --mode system --op show
	$where --mode target --op new --tid 1 -T $iqn
	$where --mode logicalunit --op new --tid 1 --lun 1 -b $T/disk
	$where --mode target --op bind --tid 1 -I ALL
	eventually 5 listening h2 3260
}

# It would wait for initiators that are logged in.
target_stop() {
	stop tgtd KILL || true
	rm -f /var/run/tgtd/socket.9 /var/run/tgtd/socket.9.lock $T/disk
}

# An initiator's program in h1.
initiator() { # SECONDS COMMAND...
	local seconds=$1
	shift
	# shellcheck disable=SC2046
	timeout -k 5 "$seconds" ip netns exec h1 $(under initiator) "$@"
}

# From now on everything is given back to the kernel every MS on average, at random times.
give_back_start() { # MS
	: >$T/give-back.log
	start give-back "$top/tests/chim/give-back" $FLUE_SOCKET $(($1 / 2)) $(($1 + $1 / 2))
}

give_back_stop() {
	running give-back || fail "nothing was given back: $(cat $T/give-back.log)"
	stop give-back || fail "give-back: $(cat $T/give-back.log)"
	cat $T/give-back.log
}

chim_count() { # COUNTER of those since the start
	flue chimney show -j | jq ".counts.$1"
}

# None was lost, and at least so many were offloaded and given back since chim_mark.
chim_mark() {
	offloaded=$(chim_count offloaded)
	uploaded=$(chim_count uploaded)
}

chim_moved() { # OFFLOADS UPLOADS
	local on back
	[ "$ENDS" != none ] || return 0
	on=$(($(chim_count offloaded) - offloaded))
	back=$(($(chim_count uploaded) - uploaded))
	echo "offloaded $on times, given back $back times"
	equal 0 chim_count lost
	[ "$on" -ge "$1" ] || fail "only $on offloads, not $1: $(flue chimney show)"
	[ "$back" -ge "$2" ] || fail "only $back given back, not $2: $(flue chimney show)"
}

# Writes a pattern, reads it back, and then reads and writes at random until MBYTES were moved; each
# sector that is read is judged.
pattern() { # MBYTES [KEY VALUE]...: of load_try
	local mbytes=$1
	shift
	timeout -k 5 $((60 + mbytes / 10)) "$try" iscsi h1 10.0.0.1 h2 10.0.0.2 mbytes 64 windows 0 \
		proof_mbytes "$mbytes" ends "$ENDS" chimney "$chimney" silence_ms 20000 "$@" >$T/pattern.out 2>&1 || {
		tail -n 20 $T/pattern.out
		flue chimney show
		fail "the disk (ends $ENDS)"
	}
	grep '^{' $T/pattern.out >$T/pattern.json
	jq -se --argjson bytes $((mbytes << 20)) '
		all(.[] | select(.why != null); .why == "" and .unknown == 0) and
		([.[] | select(.step == "proof") | .read_bytes + .write_bytes] | add) >= $bytes' \
		$T/pattern.json >/dev/null || {
		cat $T/pattern.json
		fail "what was read is not what was written (ends $ENDS)"
	}
	jq -sr '[.[] | select(.step == "proof")] |
		"\((map(.read_bytes + .write_bytes) | add) / 1e9) GB moved, \(map(.checked) | add) sectors right"' \
		$T/pattern.json
}

# iscsi-perf as it comes: random reads for SECONDS.
perf() { # SECONDS BLOCKS DEPTH
	local status=0
	initiator "$1" iscsi-perf -m "$3" -r -b "$2" "iscsi://10.0.0.2/$iqn/1" >$T/perf.out 2>&1 || status=$?
	# It runs until it is ended.
	[ $status -eq 124 ] || fail "iscsi-perf: status $status: $(tail -c 500 $T/perf.out)"
	tr '\r' '\n' <$T/perf.out | grep -o 'iops average [0-9]*' | tail -n 1 >$T/perf.iops || true
	cat $T/perf.iops
	! grep -qi 'fail\|error' $T/perf.out || fail "iscsi-perf: $(tail -c 500 $T/perf.out)"
	grep -q '[1-9]' $T/perf.iops || fail "iscsi-perf read nothing: $(tail -c 500 $T/perf.out)"
}

# The suites of iscsi-test-cu -l that the words name: ALL, iSCSI, ALL.Read10.
suites() { # WORD...
	local word
	for word in "$@"; do
		case $word in
		*.*) echo "$word" ;;
		*) iscsi-test-cu -l | grep -E "^$word\.[^.]+\$" || fail "iscsi-test-cu -l knows no $word" ;;
		esac
	done
}

# What iscsi-test-cu says of each test, one a line, to FILE. Each suite is a run of its own: some end the
# program.
suite() { # FILE SECONDS SUITE...: as ALL.Read10
	local file=$1 seconds=$2 test status
	shift 2
	: >"$file"
	for test in "$@"; do
		status=0
		initiator "$seconds" iscsi-test-cu -d -v -t "$test" "iscsi://10.0.0.2/$iqn/1" >$T/suite.out 2>&1 || status=$?
		echo "$test status $status" >>"$file"
		[ $status -lt 124 ] || fail "iscsi-test-cu $test ended with status $status: $(tail -n 20 $T/suite.out)"
		awk '/^Suite: / { suite = $2 }
			/Test: / { name = $0; sub(/.*Test: /, "", name); sub(/ .*/, "", name) }
			/passed$|FAILED$/ && name { print suite "." name, /passed$/ ? "passed" : "FAILED"; name = "" }' \
			$T/suite.out >>"$file"
	done
	grep -q passed "$file" || fail "iscsi-test-cu ran nothing: $(tail -n 20 $T/suite.out)"
}

same_suite() { # FILE FILE
	diff -u "$1" "$2" || fail "iscsi-test-cu passes other tests than without (ends $ENDS)"
	echo "iscsi-test-cu: $(grep -c 'passed$' "$2") passed, $(grep -c 'FAILED$' "$2") failed, as without"
}
