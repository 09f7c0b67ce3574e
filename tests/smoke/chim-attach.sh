#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Connections of programs that already run, taken out of their hands, run by flued, and given back.
#
#	h1 eth0 --+-----+-- eth0 h2
#	          | br0 |
#	          +-----+
. "$(dirname "$0")/../lib.sh"
need jq

export FLUE_CHIMNEY_SOCKET=$T/chimney.sock FLUE_ATTACHED_DIR=$T/attached
stream=$BUILD/tests/chim/chim_stream

count() { # FILTER: of what chimney show says
	flue chimney show -j | jq -r "$1"
}
# The descriptor of its first socket, and none of the listening end's.
socket_of() { # PID
	local fd
	for fd in /proc/"$1"/fd/*; do
		case $(readlink "$fd") in socket:*)
			echo "${fd##*/}"
			return
			;;
		esac
	done
	return 1
}

none_attached() {
	[ -z "$(ls $FLUE_ATTACHED_DIR)" ]
}

flued_start --chimney-socket $FLUE_CHIMNEY_SOCKET
flue bridge add br0
host_port h1 br0 10.0.0.1/24 persist on
host_port h2 br0 10.0.0.2/24 persist on
ping_ok h1 10.0.0.2

both_start() { # [KEY VALUE]...
	: >$T/listener.log
	start listener ip netns exec h2 "$stream" listen 10.0.0.2 7001 "$@"
	eventually 5 grep -q listening $T/listener.log
	start program ip netns exec h1 "$stream" connect 10.0.0.2 7001 "$@"
	eventually 5 socket_of "${pids[program]}" >/dev/null
	sleep 0.1
	fd=$(socket_of "${pids[program]}")
}
both_end() {
	wait "${pids[program]}" || {
		cat $T/program.log
		fail "the connecting end"
	}
	wait "${pids[listener]}" || fail "the listening end"
	unset 'pids[program]' 'pids[listener]'
}

for mode in blocking poll epoll; do
	say "attached and detached in mid-stream, $mode"
	both_start bytes 250000000 pause-us 3000 mode $mode
	before=$(count .counts.offloaded)
	for ((i = 0; i < 5; i++)); do
		flue chimney attach "${pids[program]}" "$fd"
		sleep 0.05
		flue chimney detach "${pids[program]}" "$fd"
	done
	equal $((before + 5)) count .counts.offloaded
	both_end
done

say "attached until it ends"
both_start bytes 60000000 pause-us 3000
flue chimney attach "${pids[program]}" "$fd"
both_end
eventually 5 none_attached

say "its relay is killed: neither side takes what it got for all"
both_start bytes 1000000000
before=$(count .counts.offloaded)
start relay "$BUILD/cli/flue" chimney attach "${pids[program]}" "$fd" foreground on
eventually 5 equal $((before + 1)) count .counts.offloaded
sleep 0.1
stop relay KILL || true
for end in program listener; do
	! wait "${pids[$end]}" || fail "$end takes for all what was cut off"
	unset "pids[$end]"
	grep -E 'reset|Broken pipe' $T/$end.log || fail "$end saw no reset: $(cat $T/$end.log)"
done
rm -f $FLUE_ATTACHED_DIR/*

say "given back by the switch, it goes back to its program"
both_start bytes 60000000 pause-us 3000
flue chimney attach "${pids[program]}" "$fd"
flue chimney upload all on >/dev/null
eventually 5 test ! -e "$FLUE_ATTACHED_DIR/${pids[program]}.$fd"
both_end
equal 0 count .counts.lost
flued_stop
