#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# What a guest's process may do: a real guest runs on real KVM with disk and cards of both kinds, each
# of its threads under a list of system calls of its own, nobody's user and no file by name; it lives
# through a switch that is killed, a card that is added and a snapshot. And what it may not do ends it.
. "$(dirname "$0")/../lib.sh"
need jq
[ -w /dev/kvm ] || skip "no /dev/kvm; 'flue host check' says what is missing"
native=$BUILD/hv-core/microguest/microguest
probe=$BUILD/hv-core/flue-vm-probe
for file in "$native" "$BUILD/hv-core/flue-vm" "$probe" "$BUILD/hv-core/hv-probe-guest"; do
	[ -x "$file" ] || fail "there is no $file; make build"
done
export FLUE_VM_DIR=$T/vm FLUE_VM_PROGRAM=$BUILD/hv-core/flue-vm
uid=65534

truncate -s 1M $T/disk.raw
cat >$T/flue.yaml <<-END
	version: 1
	bridges:
	  - name: br0
	ports:
	  - {name: p0, kind: vhost, bridge: br0, socket: $T/p0.sock}
	  - {name: p1, kind: vhost, bridge: br0, socket: $T/p1.sock}
	  - {name: p2, kind: vhost, bridge: br0, socket: $T/p2.sock}
	  - {name: p3, kind: vhost, bridge: br0, socket: $T/p3.sock}
	  - {name: p4, kind: vhost, bridge: br0, socket: $T/p4.sock, mode: client}
	guests:
	  - {name: vm0, native: $native, memory: 64, cpus: 2, log: $T/vm0.out,
	     cmdline: "role=both rate=5k seconds=1000 wait=100"}
	disks:
	  - {guest: vm0, name: root, path: $T/disk.raw, direct: off}
	nics:
	  - {guest: vm0, name: net0, port: p0}
	  - {guest: vm0, name: net1, port: p1}
	  - {guest: vm0, name: net2, port: p2, model: emulated}
	  - {guest: vm0, name: net4, port: p4, model: emulated}
END
guest_pid() {
	flue vm show vm0 -j | jq '.[0].guest_pid'
}
field() { # KEY of each thread's status, one line a value
	sed -n "s/^$1:[[:space:]]*//p" /proc/"$(guest_pid)"/task/*/status | sort -u
}
is() { # KEY VALUE: of all threads
	[ "$(field "$1")" = "$2" ] || fail "$1 is not '$2' in all threads but: $(field "$1")"
}
threads() { # NAME: how many are called that
	cat /proc/"$(guest_pid)"/task/*/comm | grep -c "^$1" || true
}
locked_in() { # THREADS
	# The kernel's own workers for KVM and io_uring count as threads; they run no code of ours.
	[ "$(cat /proc/"$(guest_pid)"/task/*/comm | grep -cvE '^(kvm-|iou-)')" -eq "$1" ] ||
		fail "not $1 threads: $(cat /proc/"$(guest_pid)"/task/*/comm)"
	is Seccomp 2
	is NoNewPrivs 1
	is CapEff 0000000000000000
	is CapPrm 0000000000000000
	is CapBnd 0000000000000000
	is Uid "$uid	$uid	$uid	$uid"
	is Gid "$uid	$uid	$uid	$uid"
}
delivered() {
	counter p1 tx_packets
}
goes_on() {
	local before
	before=$(delivered)
	eventually 30 at_least $((before + 1000)) delivered || fail "no frames"
}
up() { # CARD...
	local card
	for card; do
		flue vm show vm0 -j | jq -e --arg n "$card" '.[0].nics[] | select(.name == $n) | .link == "up"'
	done
}
same_guest() {
	[ "$(guest_pid)" = "$pid" ] || fail "the guest's process is another one: $(cat $T/vm/run/*.log)"
}

flued_start
flue apply $T/flue.yaml >/dev/null
eventually 30 up net0 net1 net2 net4
goes_on
pid=$(guest_pid)

say "each thread has its list, nobody's user and no capability"
for name in "vcpu 2" "disk 1" "e1000 2" "vm:vm0 1"; do
	[ "$(threads "${name% *}")" -eq "${name#* }" ] || fail "not $name: $(cat /proc/"$pid"/task/*/comm)"
done
locked_in 6
grep -q '^Max core file size *0 *0' /proc/"$pid"/limits || fail "it can leave a core dump"
# Files it has by name: what was handed in, and the bit bucket.
for file in /proc/"$pid"/fd/*; do
	case $(readlink "$file") in
	/dev/null | /dev/kvm | "$T/disk.raw" | "$T/vm/run/"*.log) ;;
	/memfd:* | anon_inode:* | socket:* | pipe:*) ;;
	*) fail "it has $(readlink "$file") open" ;;
	esac
done

say "killed, the switch comes back, and all cards find it"
stop flued KILL || true
flued_start
flue apply $T/flue.yaml >/dev/null
eventually 30 up net0 net1 net2 net4
goes_on
same_guest

say "cards come while the guest runs"
flue vm nic add vm0 net3 port p3 model emulated
eventually 30 up net3
locked_in 7
flue vm nic add vm0 net5 socket $T/none.sock
flue vm show vm0 -s >/dev/null
same_guest

say "paused, saved, resumed"
flue vm pause vm0
flue vm snapshot vm0 file $T/state
[ "$(stat -c %s $T/state)" -gt 1000 ] || fail "the snapshot is empty"
flue vm resume vm0
flue vm snapshot vm0 file $T/state2
goes_on
same_guest
flue vm kill vm0

say "a restored guest is locked in as well"
flue vm create vm1 native "$native" memory 64 cmdline "role=sink wait=1000"
flue vm nic add vm1 net0 socket $T/none.sock
flue vm start vm1
flue vm snapshot vm1 file $T/state3
flue vm kill vm1
flue vm restore vm1 file $T/state3
guest_pid() {
	flue vm show vm1 -j | jq '.[0].guest_pid'
}
locked_in 2
flue vm kill vm1

intrude() { # LETTER: exit status
	local status=0
	"$probe" --native "$BUILD/hv-core/hv-probe-guest" --memory 16 --append "$1" </dev/null >$T/probe.out 2>&1 || status=$?
	echo $status
}
say "without an intrusion the probe's guest ends well"
[ "$(intrude 0)" -eq 0 ] || fail "$(cat $T/probe.out)"
grep -q 'lives on' $T/probe.out || fail "it said: $(cat $T/probe.out)"
# A sanitizer opens files itself, so its builds let the call through, to Landlock (hv_sandbox tests it).
ways=("2 execve" "3 socket" "4 code" "5 kill")
grep -q __asan_init "$probe" || ways+=("1 open")
for how in "${ways[@]}"; do
	say "${how#* } ends the process, and is named for what it is"
	[ "$(intrude "${how% *}")" -eq 6 ] || fail "${how#* }: $(cat $T/probe.out)"
	grep -q 'not allowed (seccomp)' $T/probe.out || fail "${how#* } said: $(cat $T/probe.out)"
	! grep -qE 'lives on|no probe' $T/probe.out || fail "${how#* } was survived"
done
grep -qi 'sanitizer' $T/vm/run/*.log && fail "a sanitizer found something"
flued_stop
