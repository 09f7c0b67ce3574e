#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# iSCSI over connections that the switch runs and gives back every 50 ms: each end alone, and both. The long
# version is tests/chim/iscsi-proof.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../chim/iscsi.sh"
quick=(ALL.Read10 ALL.Write10 ALL.TestUnitReady)

chim_begin
for ENDS in initiator target both; do
	say "$ENDS: every sector that is read is what was written"
	chim_retry 10
	chim_mark
	give_back_start 50
	pattern 256 depth 16
	give_back_stop
	chim_moved 3 3
	unset FLUE_CHIMNEY_RETRY_MS
done

say "iscsi-perf, both ends, given back every 50 ms"
chim_retry 10
target_start
chim_mark
give_back_start 50
perf 2 128 16
give_back_stop
chim_moved 3 3

if command -v iscsi-test-cu >/dev/null; then
	say "iscsi-test-cu says the same as without"
	chim_mark
	give_back_start 50
	suite $T/moved 30 "${quick[@]}"
	give_back_stop
	target_stop
	ENDS=none
	target_start
	suite $T/plain 30 "${quick[@]}"
	same_suite $T/plain $T/moved
fi
target_stop
flued_stop
