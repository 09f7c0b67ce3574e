#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The lab ends when its time is over or when it is told to, leaves nothing, and says why it cannot be had.
# shellcheck disable=SC2086
. "$(dirname "$0")/../lib.sh"

# This sandbox has processes of its own, so every QEMU here is the lab's.
no_qemu() {
	! pgrep qemu-system >/dev/null
}
some_qemu() {
	running lab || fail "the lab ended before it was told to"
	pgrep qemu-system >/dev/null
}
ends_with() { # STATUS COMMAND...
	local expected=$1 status=0
	shift
	"$@" >$T/output 2>&1 || status=$?
	cat $T/output
	[ $status -ne 77 ] || [ "$expected" -eq 77 ] || skip "$(tail -n 1 $T/output)"
	[ $status -eq "$expected" ] || fail "status $status, not $expected"
}

say "time is over before it has booted"
ends_with 124 "$top/lab/run" --time 2 true
grep -q 'ended after 2 s.*the last line seen' $T/output || fail "it does not say why"
no_qemu || fail "QEMU is still there"

say "told to end, and killed"
for signal in TERM KILL; do
	start lab "$top/lab/run" --time 60 true
	eventually 30 some_qemu || fail "no QEMU"
	kill -$signal "${pids[lab]}"
	eventually 10 no_qemu || fail "SIG$signal leaves QEMU"
	wait "${pids[lab]}" || true
	unset 'pids[lab]'
done

say "nothing to boot, nothing to boot it"
ends_with 77 env FLUE_GUEST_KERNEL=$T/none "$top/lab/run" true
mkdir $T/bin
printf '#!/bin/sh\necho "QEMU emulator version 7.2.9"\n' >$T/bin/qemu-system-x86_64
chmod 755 $T/bin/qemu-system-x86_64
ends_with 77 env PATH="$T/bin:$PATH" "$top/lab/run" true
grep -q 'QEMU 7' $T/output || fail "it does not say why"
ends_with 2 "$top/lab/run" --cpus none true
