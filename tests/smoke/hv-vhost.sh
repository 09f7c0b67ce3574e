#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# hv-core's side of vhost-user against flued: frames both ways, each byte compared, split and packed
# rings, both modes; flued is killed under load and comes back, and no buffer is lost or comes twice.
#
#	hv_vu_frames card 0 --+-----+-- card 1 hv_vu_frames
#	                      + br0 +
. "$(dirname "$0")/../lib.sh"
frames=$BUILD/hv-core/vhost/hv_vu_frames

config() { # MODE OF FLUED'S PORTS
	cat >$T/flue.yaml <<-END
		version: 1
		bridges:
		  - name: br0
		ports:
		  - {name: a, kind: vhost, bridge: br0, socket: $T/a.sock, mode: $1}
		  - {name: b, kind: vhost, bridge: br0, socket: $T/b.sock, mode: $1}
	END
}
received() { # what the card that got less of them has
	tail -n 1 $T/frames.log | awk '/^received/ { print $2 < $3 ? $2 : $3 }'
}
more() { # than that many frames, at each card
	local now
	running frames || fail "hv_vu_frames ended: $(tail -n 3 $T/frames.log)"
	now=$(received)
	[ "${now:-0}" -gt "$1" ]
}
lost() { # how often a connection was lost
	tail -n 1 $T/frames.log | awk '/^received/ { print $5 }'
}

run() { # MODE OF FLUED'S PORTS, HOW HV_VU_FRAMES IS STARTED...
	local before kills=3
	config "$1"
	shift
	rm -f $T/[ab].sock
	flued_start --config $T/flue.yaml
	: >$T/frames.log
	start frames "$frames" "$@" $T/a.sock $T/b.sock
	eventually 30 more 1000
	for ((i = 1; i <= kills; i++)); do
		stop flued KILL || true
		eventually 20 at_least $((2 * i)) lost
		before=$(received)
		flued_start --config $T/flue.yaml
		eventually 30 more $((before + 1000))
	done
	stop frames || fail "hv_vu_frames: $(tail -n 3 $T/frames.log)"
	grep -q '^ended' $T/frames.log || fail "hv_vu_frames did not end as it should"
	flued_stop
}

say "split rings, flued listens"
run server
say "split rings, flued connects"
run client -l
say "packed rings, flued listens"
run server -p
say "packed rings, flued connects"
run client -p -l
