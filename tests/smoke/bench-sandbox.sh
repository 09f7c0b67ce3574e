#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# flue-bench's sandbox: whatever way a run ends, its processes are gone, its huge pages are given
# back, and the signal arrives once.
. "$(dirname "$0")/../lib.sh"
try=$BUILD/bench/machine/sandbox_try
[ -x "$try" ] || fail "there is no $try; make build"

pages() {
	cat /sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages
}

processes() { # how many there are of what sandbox_try starts
	{ pgrep -f 'sleep 1000|sandbox_try' || true; } | wc -l
}

enter() { # PAGES: in the background
	: >$T/try.log
	start try "$try" "$1"
	eventually 30 grep -qE '^(ready|skip)' $T/try.log || fail "it is not ready"
	grep -q ^ready $T/try.log || skip "$(cat $T/try.log)"
	[ "$(processes)" -ge 4 ] || fail "it has no processes"
}

# Others may reserve pages at the same time, so each look allows for them: what must not remain is
# more than there was before.
before=$(pages 2>/dev/null || echo none)

say "Ctrl-C"
enter 4
stop try INT && status=0 || status=$?
[ "$status" -eq 3 ] || fail "its status is $status"
equal 1 grep -c '^signal 2$' $T/try.log
equal 0 processes
if grep -qE 'pages [1-9]' $T/try.log; then
	eventually 10 equal "$before" pages
fi

say "the work is killed"
enter 4
worker=$(pgrep -P "$(pgrep -P "${pids[try]}")" sandbox_try)
kill -KILL "$worker"
status=0
wait "${pids[try]}" || status=$?
unset 'pids[try]'
[ "$status" -eq 137 ] || fail "its status is $status"
equal 0 processes
if grep -qE 'pages [1-9]' $T/try.log; then
	eventually 10 equal "$before" pages
fi

say "the process outside is killed: everything inside ends too"
enter 0
stop try KILL || true
eventually 10 equal 0 processes

say "nothing is left in the place it came from"
[ ! -e /run/netns/a ] || fail "a namespace is left"
[ ! -e /run/bench ] || fail "a directory is left"

say "without root"
if setpriv --reuid 65534 --regid 65534 --clear-groups unshare --user --map-root-user true 2>/dev/null; then
	: >$T/try.log
	chmod 755 $T
	# Where that user may read it, wherever the build directory is.
	cp "$try" $T/sandbox_try
	start try setpriv --reuid 65534 --regid 65534 --clear-groups $T/sandbox_try 4
	eventually 30 grep -qE '^(ready|skip)' $T/try.log || fail "it is not ready"
	if grep -q ^ready $T/try.log; then
		grep -q 'root 0' $T/try.log || fail "it says it is root"
		stop try INT || true
		equal 0 processes
	else
		cat $T/try.log
	fi
else
	echo "no user namespaces here"
fi
