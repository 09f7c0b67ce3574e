#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Guests of flue's own on this machine's KVM: two micro-guests, declared in one file with the switch,
# send to each other through flued; one is paused, killed, and started again.
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
# In case of a failure: guests are no children of this test, but end with its namespaces.

mac0=02:00:00:00:00:01 mac1=02:00:00:00:00:02
cat >$T/flue.yaml <<-END
	version: 1
	bridges:
	  - name: br0
	ports:
	  - {name: p0, kind: vhost, bridge: br0, socket: $T/p0.sock}
	  - {name: p1, kind: vhost, bridge: br0, socket: $T/p1.sock, mode: client}
	guests:
	  - {name: vm0, native: $native, memory: 64, log: $T/vm0.out,
	     cmdline: "role=generator dst=$mac1 rate=20k seconds=1000"}
	  - {name: vm1, native: $native, memory: 64, log: $T/vm1.out, autostart: off,
	     cmdline: "role=sink wait=1000"}
	nics:
	  - {guest: vm0, name: net0, port: p0, mac: "$mac0"}
	  - {guest: vm1, name: net0, port: p1, mac: "$mac1"}
END
state() { # GUEST
	flue vm show "$1" -j | jq -r '.[0].state'
}
exits() { # GUEST: of its processors, all kinds
	flue vm show "$1" -s -j | jq '[.[0].vcpus[].exits[]] | add'
}
delivered() { # to vm1
	counter p1 tx_packets
}

flued_start
say "a dry run changes nothing"
flue apply $T/flue.yaml --dry-run >$T/dry
grep -q '^+ vm vm0' $T/dry || fail "the dry run does not name the guest: $(cat $T/dry)"
[ ! -e $T/vm/vm0.json ] || fail "a dry run defined a guest"

say "one file makes switch and guests"
flue apply $T/flue.yaml
equal running state vm0
equal stopped state vm1
flue vm start vm1
equal running state vm1
flue vm | tee $T/list
eventually 30 at_least 1000 delivered
[ "$(exits vm0)" -gt 0 ] || fail "no exits are counted"
flue apply $T/flue.yaml | grep -q 'nothing to change' || fail "applying twice changes something"

say "a guest that changed runs on until it is started anew"
pid=$(flue vm show vm1 -j | jq '.[0].pid')
sed 's/wait=1000/wait=900/' $T/flue.yaml >$T/changed.yaml
flue apply $T/changed.yaml | grep -q 'until it is started anew' || fail "nothing is said of the guest"
equal "$pid" sh -c "$BUILD/cli/flue vm show vm1 -j | jq '.[0].pid'"

say "paused, it takes nothing; resumed, it goes on"
flue vm pause vm0
equal paused state vm0
flue vm resume vm0
before=$(delivered)
eventually 30 at_least $((before + 1000)) delivered

say "a card comes while the guest runs"
flue port add p2 kind vhost bridge br0 socket $T/p2.sock
flue vm nic add vm0 net1 port p2
link() { # GUEST CARD
	flue vm show "$1" -j | jq -r ".[0].nics[] | select(.name == \"$2\").link"
}
eventually 30 equal up link vm0 net1

say "a killed flue-vm takes its guest along, and a start heals"
guest=$(flue vm show vm1 -j | jq '.[0].guest_pid')
pid=$(flue vm show vm1 -j | jq '.[0].pid')
kill -KILL "$pid"
gone() {
	! kill -0 "$1" 2>/dev/null
}
eventually 10 gone "$guest"
equal stopped state vm1
flued_alive
flue vm start vm1
before=$(delivered)
eventually 30 at_least $((before + 1000)) delivered

say "a killed flued comes back to the same guests"
stop flued KILL || true
flued_start
flue apply $T/changed.yaml >/dev/null
eventually 30 at_least 1000 delivered
equal running state vm0

say "what is wrong is said where it is wrong"
refused "runs already" flue vm start vm0
refused "there is no guest 'vm9'" flue vm start vm9
refused "does not run" flue vm pause vm9
refused "runs; end it first" flue vm delete vm0
flue vm create bad native /there/is/no/such
refused "cannot open /there/is/no/such" flue vm start bad
flue vm delete bad

say "guests that are no more in the file go"
sed '/^guests/,$d' $T/flue.yaml >$T/none.yaml
printf 'guests: []\n' >>$T/none.yaml
flue apply $T/none.yaml | grep -q 'kept while it runs' || fail "nothing is said of running guests"
equal running state vm0
# A micro-guest has no power button to hear: it is ended by force.
flue vm kill vm0
flue vm kill vm1
equal stopped state vm0
flue apply $T/none.yaml
equal 0 sh -c "$BUILD/cli/flue vm -j | jq length"
grep -qi 'sanitizer' $T/vm/run/*.log && fail "a sanitizer found something"
flued_stop
