#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Micro-guests on the KVM that is here, joined by flued: every frame is checked byte by byte. Split
# and packed rings, in and out of order, checksum and TSO offload, large frames in several buffers,
# many flows; two cards in one guest, and two guests. So many frames are away at most that no ring
# of 256 can overflow: none may be lost, however busy the machine is.
. "$(dirname "$0")/../lib.sh"
if ! [ -r /dev/kvm ] || ! [ -w /dev/kvm ]; then
	skip "no /dev/kvm"
fi

image=$BUILD/hv-core/microguest/microguest
cat >$T/flue.yaml <<-END
	version: 1
	bridges:
	  - name: br0
	    mtu: 9000
	ports:
	  - {name: a, kind: vhost, bridge: br0, socket: $T/a.sock, mode: server}
	  - {name: b, kind: vhost, bridge: br0, socket: $T/b.sock, mode: server}
END
card() { # PORT: options of flue-vm
	echo "--nic synthetic,socket=$T/$1.sock,mode=connect,mac=02:0$1:00:00:00:01,packed=on,mtu=9000"
}
guest() { # NAME WORDS PORT...: starts one
	local name=$1 words=$2 port
	local nics=()
	shift 2
	for port; do
		read -ra nic <<<"$(card "$port")"
		nics+=("${nic[@]}")
	done
	# What the guest says goes to a file of its own: in $name.log lines of flue-vm's mix with it.
	: >"$T/$name.log"
	: >"$T/$name.out"
	start "$name" "$BUILD/hv-core/flue-vm" --native "$image" --memory 160 --append "$words" \
		--log "$T/$name.out" "${nics[@]}"
}
ended_well() { # NAME: switched itself off
	! running "$1" && wait "${pids[$1]}" && unset "pids[$1]"
}
said() { # NAME JQ-FILTER: must be true of what it said
	grep -h '^{"microguest"' "$T/$1.out" >"$T/$1.json" || fail "$1 said nothing: $(tail -n 3 "$T/$1.log")"
	jq -e "$2" "$T/$1.json" >/dev/null || fail "$1: not $2: $(cat "$T/$1.json")"
}

flued_start --config $T/flue.yaml

two_cards() { # WORDS [JQ-FILTER]
	say "one guest with two cards: $1"
	guest g "role=both check=1 seconds=300 wait=60 settle=20 $1" a b
	eventually 120 ended_well g || fail "the guest did not switch itself off: $(tail -n 3 $T/g.log)"
	said g '.cards | length == 2 and all(.sent > 0 and .received > 0 and .lost == 0
		and .missing == 0 and .corrupt == 0 and .duplicated == 0 and .reordered == 0)'
	said g "${2:-true}"
}
two_cards "count=100000 window=64" '.cards[0].sent == 100000 and .cards[0].rings == "split"'
two_cards "count=100000 window=64 rings=packed size=300" '.cards[0].rings == "packed"'
two_cards "count=20000 window=64 inorder=off eventidx=off size=1518"
two_cards "count=20000 window=64 inorder=off rings=packed mrg=off size=1518"
two_cards "count=20000 window=64 csum=on flows=500 size=1000"
two_cards "count=5000 window=8 size=9018 buffer=1536"
two_cards "count=2000 window=2 tso=64k mtu=9000" '.cards[0].frame_bytes > 60000'
two_cards "count=2000 window=2 tso=64k mtu=1500 rings=packed"

say "two guests: one asks, the other reflects"
guest b "role=reflector settle=20 wait=60" b
guest a "role=ping dst=02:0b:00:00:00:01 count=2000 seconds=300 wait=60 check=1 settle=0.5" a
eventually 120 ended_well a
eventually 120 ended_well b
said a '.cards[0] | .sent == 2000 and .received == 2000 and .corrupt == 0 and .latency.count == 2000'
said b '.cards[0].reflected >= 2000'

say "a guest says what it lacks"
guest g "role=generator dst=02:0e:00:00:00:99 wait=0.5" a
eventually 60 ended_well g
said g '.error | contains("nobody answered")'
guest g "role=router" a
eventually 60 ended_well g
said g '.error | contains("role may be")'
flued_stop
