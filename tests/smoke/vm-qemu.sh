#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Guests of two monitors talk through flued: Debian's kernel in QEMU finds a micro-guest of flue-vm by ARP,
# and each byte it sends comes back; also while flued, QEMU or flue-vm is killed and started again.
#
#	q (QEMU, 10.0.0.1) --+-----+-- v (flue-vm, 10.0.0.9)
#	                     + br0 +
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../qemu.sh"
[ -w /dev/kvm ] || skip "no /dev/kvm; 'flue host check' says what is missing"
native=$BUILD/hv-core/microguest/microguest
export FLUE_VM_DIR=$T/vm FLUE_VM_PROGRAM=$BUILD/hv-core/flue-vm

ports() {
	flue switch set mtu 9000
	flue bridge add br0
	flue port add q kind vhost bridge br0 socket $T/q.sock
	flue port add v kind vhost bridge br0 socket $T/v.sock
}
echoes() { # BYTES: ten come back; the kernel that sent them looks at their checksums
	qemu_run q "ping -c 10 -i 0.2 -W 2 -s $1 10.0.0.9" 120 >$T/ping.txt || true
	grep -q "^10 packets transmitted, 10 packets received" $T/ping.txt ||
		fail "not every echo of $1 bytes came back: $(tail -n 3 $T/ping.txt)"
}
stopped() { # GUEST of flue-vm
	[ "$(flue vm show "$1" -j | jq -r '.[0].state')" = stopped ]
}
reaches() {
	qemu_run q "ping -c 1 -W 1 -q 10.0.0.9" >/dev/null
}

flued_start
ports
flue vm create v native "$native" memory 64 log $T/v-console.log \
	cmdline "role=reflector address=10.0.0.9 wait=1000 settle=1000 buffer=2048"
flue vm nic add v net0 port v mac 02:00:00:00:00:09
flue vm start v
qemu_start q $T/q.sock server "" host_mtu=9000,mac=02:00:00:00:03:01
qemu_booted q
qemu_address q 10.0.0.1/24

say "ARP finds the other, and echoes come back"
eventually 60 reaches || fail "QEMU's guest does not reach flue-vm's"
qemu_run q "ip neigh show 10.0.0.9" | grep 02:00:00:00:00:09 || fail "ARP found another"
for bytes in 0 1 56 1472; do
	echoes $bytes
done

say "jumbo frames come back"
echoes 8972

say "flue-vm is killed and started again"
flue vm kill v
eventually 30 stopped v || fail "flue-vm does not end"
reaches && fail "a guest that is gone answers"
flue vm start v
eventually 60 reaches || fail "the new guest is not reached"
echoes 1472

say "flued is killed and started again: both guests find it"
stop flued KILL || true
flued_start
ports
eventually 60 reaches || fail "the guests do not find each other by the new flued"
echoes 1472

say "QEMU is killed: flue-vm's guest goes on, and answers the next one"
stop q KILL || true
qemu_start q $T/q.sock server "" host_mtu=9000,mac=02:00:00:00:03:02
qemu_booted q
qemu_address q 10.0.0.1/24
eventually 60 reaches || fail "the next guest of QEMU does not reach flue-vm's"
echoes 8972
flue vm kill v
flued_stop
