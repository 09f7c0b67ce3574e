#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# What lab/run --session makes of a session's output and status.
set -euo pipefail

verdict=$(realpath "$(dirname "$0")/../../lab/verdict")
failed=0
expect() { # STATUS WORDS SCRIPT'S-STATUS OUTPUT
	local status=0 said
	# shellcheck disable=SC2059
	said=$(printf "$4" | "$verdict" "$3") || status=$?
	if [ $status -ne "$1" ] || [[ $said != *"$2"* ]]; then
		echo "FAILED: status $3 and '$4' give $status, '$said'; not $1, '$2'"
		failed=1
	fi
}
expect 0 '2 of 2 passed' 0 '1..2\nok a\nwords\nok b\n'
expect 0 '2 of 2 passed' 0 'ok a\r\nok b\r\n1..2\r\n'
expect 0 '2 of 2 passed, 1 of them skipped' 0 '1..2\nok a\nok b # SKIP no card\n'
expect 0 '1 of 1 passed' 0 '1..1\n    not ok inner\nok a\n'
expect 1 'failed: b' 0 '1..2\nok a\nnot ok b\n'
expect 3 'failed: b' 3 '1..2\nok a\nnot ok b\n'
expect 1 '1 of 2 passed; 1 ran' 0 '1..2\nok a\n'
expect 1 '3 of 2 passed; 3 ran' 0 '1..2\nok a\nok b\nok c\n'
expect 1 '0 plans' 0 'ok a\n'
expect 1 '0 plans' 0 ''
expect 1 '2 plans' 0 '1..1\nok a\n1..1\n'
expect 1 'Bail out! no memory' 0 '1..2\nok a\nBail out! no memory\n'
expect 9 'ended with status 9' 9 '1..1\nok a\n'
expect 77 'skip: no card' 0 '1..0 # SKIP no card\n'
expect 1 'nothing was planned' 0 '1..0\n'
exit $failed
