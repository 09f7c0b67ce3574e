#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The systems flue-bench compares: each starts, carries packets as large as its MTU, counts them,
# stands still when it is frozen, goes on, comes back after kill -9 where it can, and leaves nothing.
# Then the same once more in the same place. Without huge pages.
. "$(dirname "$0")/../lib.sh"
try=$BUILD/bench/system/systems_try
[ -x "$try" ] || fail "there is no $try; make build"
need ip ping

run() { # SYSTEM KIND MTU TSO [HUGE-PAGES]
	local status=0
	say "$*"
	timeout 80 "$try" "$@" >$T/try.log 2>&1 || status=$?
	case $status in
	0) ;;
	77)
		# One that was asked for by name is skipped; one of many is said.
		[ -z "$alone" ] || skip "$(tail -n 1 $T/try.log)"
		tail -n 1 $T/try.log
		;;
	*) fail "systems_try $*: status $status" ;;
	esac
}

alone=${1-}
case ${1-all} in
all)
	run veth host 1500 on
	run veth host 9000 off
	run linux-bridge host 1500 off
	run linux-bridge host 9000 on
	run flue host 1500 off
	run flue host 9000 on
	run flue vhost 1500 on
	run flue serve 9000 off
	run testpmd vhost 1500 on
	run testpmd-mac serve 9000 off
	;;
*) run "$@" ;;
esac
