#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# A script's words, its output and its exit status go through the lab unchanged.
# shellcheck disable=SC2086
. "$(dirname "$0")/../lib.sh"

status=0
# shellcheck disable=SC2016
"$top/lab/run" --pfs 0 --cpus 1 --memory 1024 --time 120 bash -c \
	'printf "%s\n" "$@"; nproc; ls /sys/class/net; pwd; echo lost; echo complaint >&2; sleep 100 & exit 7' \
	script 'two  words' "a 'quote'" >$T/output 2>&1 || status=$?
cat $T/output
[ $status -ne 77 ] || skip "$(tail -n 1 $T/output)"
[ $status -eq 7 ] || fail "status $status"
diff $T/output - <<-END || fail "the output is another"
	two  words
	a 'quote'
	1
	lo
	$PWD
	lost
	complaint
END
