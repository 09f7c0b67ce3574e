#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Boots the lab once and runs in it all tests that need what only the lab has (lab/each); then looks for the
# files they left. Status 77 where there is no lab.
set -euo pipefail

top=$(realpath "$(dirname "$0")/../..")
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
trap 'exit 130' INT TERM

cd "$top"
# A hand may name some of them.
tests=("$@")
[ $# -gt 0 ] || tests=(tests/lab/selftest.sh tests/lab/pf.sh tests/lab/vm-direct.sh)
# Of flue-pf those that are quick; all of them by hand (docs/lab.md).
export FLUE_PF_TESTS=${FLUE_PF_TESTS-as_iproute2_says nothing_is_set_twice refused_whole stray_dma_is_named}
status=0
# Some four minutes on a calm machine. These limits are for what hangs: a translated machine takes what its
# host leaves it, and that may be a tenth.
lab/run --session --time "${LAB_TIME-3000}" --results "$results" lab/each --time 1800 "${tests[@]}" || status=$?
[ $status -eq 0 ] || exit $status
if [[ " ${tests[*]} " == *selftest.sh* ]]; then
	[ "$(cat "$results/note")" = "from the lab" ] || {
		echo "FAILED: what was written to the results is not there" >&2
		exit 1
	}
	[ ! -e "$top/lab-can-write" ] || {
		echo "FAILED: the lab writes to the files of the machine outside" >&2
		exit 1
	}
fi
