#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Snapshots of guests under traffic, on this machine's KVM: a generator and a sink, each saved,
# ended and restored while frames flow, with both forms of rings; and files that are cut, changed,
# or of another machine, which are refused.
#
#	vm0 (generator) --+-----+-- vm1 (sink)
#	                  + br0 +
. "$(dirname "$0")/../lib.sh"
need jq
[ -w /dev/kvm ] || skip "no /dev/kvm; 'flue host check' says what is missing"
native=$BUILD/hv-core/microguest/microguest
for file in "$native" "$BUILD/hv-core/flue-vm"; do
	[ -x "$file" ] || fail "there is no $file; make build"
done
export FLUE_VM_DIR=$T/vm FLUE_VM_PROGRAM=$BUILD/hv-core/flue-vm

mac0=02:00:00:00:00:01 mac1=02:00:00:00:00:02
configure() { # RINGS PACKED MEMORY: of vm0
	cat >$T/flue.yaml <<-END
		version: 1
		bridges:
		  - name: br0
		ports:
		  - {name: p0, kind: vhost, bridge: br0, socket: $T/p0.sock}
		  - {name: p1, kind: vhost, bridge: br0, socket: $T/p1.sock}
		guests:
		  - {name: vm0, native: $native, memory: $3, log: $T/vm0.out, autostart: off,
		     cmdline: "role=generator dst=$mac1 rate=5k seconds=1000 wait=60 check=1 rings=$1"}
		  - {name: vm1, native: $native, memory: 64, log: $T/vm1.out, autostart: off,
		     cmdline: "role=sink wait=60 settle=20 check=1 rings=$1"}
		nics:
		  - {guest: vm0, name: net0, port: p0, mac: "$mac0", packed: $2}
		  - {guest: vm1, name: net0, port: p1, mac: "$mac1", packed: $2}
	END
	flue apply $T/flue.yaml >/dev/null
}
state() { # GUEST
	flue vm show "$1" -j | jq -r '.[0].state'
}
taken() { # from vm0
	counter p0 rx_packets
}
delivered() { # to vm1
	counter p1 tx_packets
}
flows() {
	local before
	before=$(delivered)
	eventually 30 at_least $((before + 1000)) delivered ||
		fail "nothing flows: vm0 $(state vm0), vm1 $(state vm1), $(tail -n 2 $T/vm0.out $T/vm1.out)"
}
is_drained() { # everything vm0 had put into its ring was taken
	local before
	before=$(taken)
	sleep 0.2
	[ "$(taken)" = "$before" ]
}
is_stopped() { # GUEST
	[ "$(state "$1")" = stopped ]
}
kill_guest() { # GUEST
	flue vm kill "$1"
	eventually 30 is_stopped "$1"
}

under_traffic() { # RINGS PACKED
	say "$1 rings: a sender is saved, ended and restored"
	: >$T/vm1.out
	configure "$1" "$2" 64
	flue vm start vm1
	flue vm start vm0
	flows
	# Still, so that what it sends after the snapshot is not sent twice.
	flue vm pause vm0
	eventually 30 is_drained
	flue vm snapshot vm0 file $T/vm0.snap
	kill_guest vm0
	flue vm restore vm0 file $T/vm0.snap
	equal running state vm0
	flows

	say "$1 rings: a receiver is saved as it runs, goes on, ends and is restored"
	flue vm snapshot vm1 file $T/vm1.snap
	equal running state vm1
	flows
	kill_guest vm1
	flue vm restore vm1 file $T/vm1.snap
	flows

	say "$1 rings: both guests' checks hold"
	kill_guest vm0
	eventually 120 is_stopped vm1
	grep -h '^{"microguest"' $T/vm1.out | tail -n 1 >$T/vm1.json
	jq -e '.cards[0] | .received > 2000 and .corrupt == 0 and .duplicated == 0
		and .reordered == 0 and .rings == "'"$1"'"' $T/vm1.json >/dev/null ||
		fail "the receiver's checks: $(cat $T/vm1.json; tail -n 3 $T/vm1.out)"

	say "$1 rings: a sender that went on after its snapshot begins from there again"
	# A new receiver: where KVM does not move the TSC, time goes on while a guest is a file, and
	# one restored late would think that its sender has ended long ago.
	flue vm start vm1
	flue vm restore vm0 file $T/vm0.snap
	flows
	flue vm snapshot vm0 file $T/vm0.again
	flows
	kill_guest vm0
	flue vm restore vm0 file $T/vm0.again
	flows
	kill_guest vm0
	kill_guest vm1
}

refuses() { # WORDS FILE: restoring vm0 from it fails and says so; nothing runs afterwards
	refused "$1" flue vm restore vm0 file "$2"
	equal stopped state vm0
}
put() { # FILE OFFSET OCTAL
	printf '%b' "\\0$3" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

flued_start
under_traffic split off
under_traffic packed on

say "what is no whole snapshot is refused"
good=$T/vm0.snap size=$(stat -c %s $T/vm0.snap)
refuses "cannot open" $T/there-is-none
head -c 10 "$good" >$T/bad
refuses "no snapshot" $T/bad
for cut in 17 $((size / 3)) $((size / 2)) $((size - 1)); do
	head -c "$cut" "$good" >$T/bad
	refuses "damaged" $T/bad
done
(cat "$good" && echo) >$T/bad
refuses "something follows its end" $T/bad
cp "$good" $T/bad && put $T/bad 8 007
refuses "of format 7" $T/bad
RANDOM=1
for _ in 1 2 3 4 5 6; do
	at=$((20 + (RANDOM * 32768 + RANDOM) % (size - 20)))
	old=$(od -An -tu1 -j$at -N1 "$good")
	cp "$good" $T/bad && put $T/bad $at "$(printf '%03o' $(((old + 1 + RANDOM % 255) % 256)))"
	# A bit of a frame's head may mean nothing; all else is found.
	if flue vm restore vm0 file $T/bad 2>$T/why; then
		say "a byte changed at $at of $size means nothing"
		kill_guest vm0
	else
		grep -q . $T/why || fail "no reason is given for a byte changed at $at"
		echo "at $at: $(cat $T/why)"
	fi
	equal stopped state vm0
done

say "a snapshot of another machine is refused"
configure packed on 96
refuses "another machine" "$good"
sed -i "s|port: p0, mac: \"$mac0\"|name: other, port: p0, mac: \"$mac0\"|; s|guest: vm0, name: net0|guest: vm0|; s|memory: 96|memory: 64|" $T/flue.yaml
flue apply $T/flue.yaml >/dev/null
refuses "nic:net0" "$good"

say "a function of the host that is not there is refused with the reason"
refused "ffff:ff:1f.7" "$BUILD/hv-core/flue-vm" --native "$native" --memory 64 --nic direct,address=ffff:ff:1f.7
flued_stop
