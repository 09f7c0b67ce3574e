#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# hv-core's side of vhost-user against flued: frames both ways, each byte compared, split and packed
# rings, both modes; flued is killed under load and comes back, and no buffer is lost or comes twice.
# The same with the vhost back end of dpdk-testpmd.
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

switch_start() { # MODE: the switch under test
	case $switch in
	flued)
		config "$1"
		flued_start --config $T/flue.yaml
		;;
	testpmd)
		# A socket that a killed one left is in the next one's way.
		[ "$1" = client ] || rm -f $T/[ab].sock
		start flued dpdk-testpmd --no-pci --no-huge -m 256 --file-prefix "$switch-$$" \
			--lcores "0@$(($(nproc) - 1)),1@0" \
			--vdev "net_vhost0,iface=$T/a.sock,client=$([ "$1" = client ] && echo 1 || echo 0)" \
			--vdev "net_vhost1,iface=$T/b.sock,client=$([ "$1" = client ] && echo 1 || echo 0)" \
			-- --forward-mode=io --auto-start --total-num-mbufs=8192 --stats-period 3600
		;;
	esac
}

run() { # SWITCH MODE, HOW HV_VU_FRAMES IS STARTED...
	local switch=$1 mode=$2 before kills=3
	shift 2
	rm -f $T/[ab].sock
	switch_start "$mode"
	: >$T/frames.log
	start frames "$frames" "$@" $T/a.sock $T/b.sock
	eventually 30 more 1000
	for ((i = 1; i <= kills; i++)); do
		stop flued KILL || true
		eventually 20 at_least $((2 * i)) lost
		before=$(received)
		switch_start "$mode"
		eventually 30 more $((before + 1000))
	done
	stop frames || fail "hv_vu_frames: $(tail -n 3 $T/frames.log)"
	grep -q '^ended' $T/frames.log || fail "hv_vu_frames did not end as it should"
	if [ "$switch" = flued ]; then
		flued_stop
	else
		stop flued KILL || true
	fi
}

say "split rings, flued listens"
run flued server
say "split rings, flued connects"
run flued client -l
say "packed rings, flued listens"
run flued server -p
say "packed rings, flued connects"
run flued client -p -l

if ! command -v dpdk-testpmd >/dev/null; then
	say "no dpdk-testpmd: its back end is not tried"
	exit
fi
say "split rings, testpmd's back end listens"
run testpmd server
say "packed rings, testpmd's back end connects"
run testpmd client -p -l
