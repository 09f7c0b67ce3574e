#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# flue-pf on two igb cards, in the lab: functions are declared, checked against iproute2, given to holders and
# taken back, also from those that do not let go; somebody else's changes are seen; a stray DMA is named.
# Holders are tests/tools/vf-hold; stock guests are in pf-guests.sh.
#	lab/run --session --time 600 tests/lab/pf.sh
#	FLUE_PF_TESTS=no_interrupt_remapping lab/run --session --no-intremap tests/lab/pf.sh
# shellcheck disable=SC2086,SC2015
set -u
[ -n "${FLUE_LAB_RESULTS-}" ] || {
	echo "skip: this is not the lab; lab/run --session $0"
	exit 77
}
top=$(realpath "$(dirname "$0")/../..")
BUILD=${BUILD:-$top/build}
T=$(mktemp -d)
export FLUE_PF_SOCKET=$T/pf.sock FLUE_PF_HAND=$T/hand.sock FLUE_VM_DIR=$T/vm
pci=/sys/bus/pci/devices

pfs=()
for device in "$pci"/*; do
	[ "$(cat "$device/device")" != 0x10c9 ] || pfs+=("${device##*/}")
done
near=$(ls "$pci/${pfs[0]}/net") far=$(ls "$pci/${pfs[1]}/net")
ip link set "$near" up
ip link set "$far" up
modprobe vfio-pci
modprobe vfio_iommu_type1
# A rate is refused as long as the link has no speed.
for _ in {1..100}; do
	[ "$(cat "/sys/class/net/$near/carrier" "/sys/class/net/$far/carrier")" != $'1\n1' ] || break
	sleep 0.2
done

failed=0
check() { # NAME COMMAND...
	local name=$1
	shift
	if "$@" >"$T/said" 2>&1; then
		echo "ok $name"
		grep '^# ' "$T/said"
	else
		failed=1
		echo "not ok $name"
		tail -n 30 "$T/said" | sed 's/^/    /'
		tail -n 20 "$T/pf.log" | sed 's/^/    flue-pf: /'
	fi
}
eventually() { # SECONDS COMMAND...: those of a calm machine
	local end=$((SECONDS + 5 * $1))
	shift
	until "$@"; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.2
	done
}
flue() {
	"$BUILD/cli/flue" "$@"
}

pf_pid=''
pf_start() {
	"$BUILD/sriov-pf/flue-pf" --socket "$FLUE_PF_SOCKET" --hand-socket "$FLUE_PF_HAND" --state-dir "$T/state" \
		--run-dir "$T/run" >>"$T/pf.log" 2>&1 &
	pf_pid=$!
	eventually 60 answers
}
answers() {
	flue pf show >/dev/null 2>&1
}
pf_kill() {
	kill -9 "$pf_pid"
	wait "$pf_pid" 2>/dev/null || true
}

vf() { # PF INDEX: what flue-pf says of it
	flue vf show "$1" "$2" -j
}
state_is() { # PF INDEX STATE
	[ "$(vf "$1" "$2" | jq -r '.[0].state')" = "$3" ]
}
linux() { # INTERFACE INDEX FIELD: what iproute2 says of it
	ip -j -d link show "$1" | jq -r ".[0].vfinfo_list[$2].$3"
}
count() { # INTERFACE
	ip -j -d link show "$1" | jq '.[0].vfinfo_list | length'
}

config() { # FURTHER LINES of wan and lan's functions
	cat >"$T/c.yaml" <<-END
		pfs:
		  - {name: wan, address: "${pfs[0]}", numvfs: 4, mtu: 9000}
		  - {name: lan, ifname: $far, numvfs: 3}
		vfs:
		  - {pf: wan, index: 0, mac: "02:00:00:00:01:00", vlan: 10, qos: 3, driver: vfio-pci}
		  - {pf: wan, index: 1, mac: "02:00:00:00:01:01", max-rate: 500, spoofchk: off, driver: vfio-pci}
		  - {pf: lan, index: 0, mac: "02:00:00:00:02:00", driver: vfio-pci}
		$1
	END
}

declared() {
	config ""
	flue apply "$T/c.yaml" dry-run on | tee "$T/plan" &&
		grep -q 'pf wan' "$T/plan" && [ "$(count "$near")" = 0 ] &&
		flue apply "$T/c.yaml" && [ "$(count "$near")" = 4 ] && [ "$(count "$far")" = 3 ]
}
as_iproute2_says() {
	[ "$(linux "$near" 0 address)" = 02:00:00:00:01:00 ] &&
		[ "$(linux "$near" 0 'vlan_list[0].vlan')" = 10 ] &&
		[ "$(linux "$near" 0 'vlan_list[0].qos')" = 3 ] &&
		[ "$(linux "$near" 1 'rate.max_tx')" = 500 ] &&
		[ "$(linux "$near" 1 spoofchk)" = false ] &&
		[ "$(linux "$near" 2 spoofchk)" = true ] &&
		[ "$(cat "/sys/class/net/$near/mtu")" = 9000 ] && return
	ip -d link show "$near"
	return 1
}
get='nlmsg_type=(0x12|RTM_GETLINK)' set='nlmsg_type=(0x13|RTM_SETLINK)' write='write\([0-9]*</sys'
# What all of flue-pf's processes ask of the kernel meanwhile. Message types are by number where strace cannot
# tell what socket it is.
watched() { # COMMAND...
	local tracer status=0 pids
	pids=$(pgrep -d, -P "$pf_pid"),$pf_pid
	rm -f "$T/strace"
	strace -f -y -e trace=write,sendto,sendmsg -o "$T/strace" -p "$pids" &
	tracer=$!
	eventually 20 traced || return 1
	"$@" || status=$?
	kill $tracer
	wait $tracer
	echo "# $*: $(wc -l <"$T/strace") system calls, RTM_GETLINK: $(grep -cE "$get" "$T/strace")," \
		"RTM_SETLINK: $(grep -cE "$set" "$T/strace"), sysfs writes: $(grep -cE "$write" "$T/strace")"
	return $status
}
traced() {
	local pid
	for pid in $pf_pid $(pgrep -P "$pf_pid"); do
		! grep -q 'TracerPid:[[:space:]]*0' "/proc/$pid/status" || return 1
	done
}
nothing_is_set_twice() {
	watched flue apply "$T/c.yaml" | tee "$T/again"
	grep -q 'nothing to change' "$T/again" && grep -qE "$get" "$T/strace" &&
		! grep -E "$set|$write" "$T/strace" &&
		# Of devlink, eswitch get (29) and info get (51) are asked.
		! grep 'nlmsg_type=0x17' "$T/strace" | grep -vE '"\\x(1d|33)\\x01'
}
one_message_an_attribute() {
	watched flue vf set wan 1 max-rate 400 && [ "$(grep -cE "$set" "$T/strace")" = 1 ] &&
		watched flue vf set wan 1 max-rate 500 vlan 7 && [ "$(grep -cE "$set" "$T/strace")" = 2 ] &&
		watched flue vf set wan 2 driver vfio-pci && grep -E "$write" "$T/strace" &&
		config "" && flue apply "$T/c.yaml"
}
refused_whole() {
	ip -d link show "$near" >"$T/before"
	config '  - {pf: wan, index: 2, mac: "02:00:00:00:01:02", link-state: disable}'
	! flue apply "$T/c.yaml" 2>"$T/why" && cat "$T/why" && grep -q 'link-state' "$T/why" &&
		grep -q 'igb' "$T/why" && ip -d link show "$near" >"$T/after" && diff "$T/before" "$T/after"
}

hold() { # VF GUEST [OPTION]...
	"$top/tests/tools/vf-hold" "$@" >"$T/hold" 2>&1 &
	holder=$!
	eventually 60 grep -q held "$T/hold" || {
		cat "$T/hold"
		return 1
	}
}
# As flue vf assign does for a guest that is not there yet.
assign() { # PF INDEX GUEST
	flue vm create "$3" kernel /vmlinux 2>/dev/null || true
	flue vf assign "$1" "$2" "$3"
}
taken_and_given() {
	assign wan 0 red && state_is wan 0 reserved && hold wan/0 red && state_is wan 0 held &&
		[ "$(vf wan 0 | jq -r '.[0].guest')" = red ] && kill $holder && wait $holder && cat "$T/hold" &&
		eventually 30 state_is wan 0 free && as_iproute2_says
}
not_for_others() {
	assign wan 1 red && ! "$top/tests/tools/vf-hold" wan/1 blue && ! flue vf assign wan 1 blue &&
		flue vf release wan 1 && state_is wan 1 free
}
dead_holder() {
	assign wan 0 red && hold wan/0 red && kill -9 $holder && wait $holder 2>/dev/null
	eventually 30 state_is wan 0 free && as_iproute2_says
}
stray_dma_is_named() {
	assign wan 1 red && hold wan/1 red --stray && eventually 30 grep -q strayed "$T/hold" &&
		eventually 30 faults wan 1 && vf wan 1 | jq -r '.[0].faults.last' &&
		grep 'red' "$T/pf.log" | grep -i 'dma' && kill $holder && wait $holder &&
		eventually 30 state_is wan 1 free
}
faults() { # PF INDEX
	[ "$(vf "$1" "$2" | jq '.[0].faults.count')" -gt 0 ]
}
manager_may_die() {
	assign wan 0 red && hold wan/0 red && pf_kill && pf_start && state_is wan 0 held &&
		[ "$(vf wan 0 | jq -r '.[0].guest')" = red ] && kill $holder && wait $holder &&
		eventually 30 state_is wan 0 free && as_iproute2_says
}
both_may_die() {
	assign wan 0 red && hold wan/0 red && pf_kill && kill -9 $holder && wait $holder 2>/dev/null
	pf_start && eventually 30 state_is wan 0 free && as_iproute2_says
}
late_release() {
	local old
	assign wan 0 red && hold wan/0 red && old=$(vf wan 0 | jq '.[0].epoch') && kill $holder && wait $holder &&
		eventually 30 state_is wan 0 free && assign wan 0 blue && hold wan/0 blue &&
		! flue vf release wan 0 epoch "$old" && state_is wan 0 held && kill $holder && wait $holder &&
		eventually 30 state_is wan 0 free
}
deaf_holder() {
	assign wan 0 red && hold wan/0 red --ignore || return 1
	! flue vf release wan 0 timeout 2 && state_is_not_free && flue vf release wan 0 timeout 2 force on &&
		eventually 30 state_is wan 0 free && as_iproute2_says
	wait $holder 2>/dev/null
	[ $? -eq 137 ]
}
state_is_not_free() {
	! state_is wan 0 free
}
blast_radius() {
	assign wan 3 red && hold wan/3 red || return 1
	config ""
	sed -i 's/numvfs: 4/numvfs: 2/' "$T/c.yaml"
	! flue apply "$T/c.yaml" >"$T/blast" 2>&1 && cat "$T/blast" && grep -q 'guest red loses wan/3' "$T/blast" &&
		[ "$(count "$near")" = 4 ] && state_is wan 3 held && flue apply "$T/c.yaml" evict on &&
		[ "$(count "$near")" = 2 ] && wait $holder
	config ""
	flue apply "$T/c.yaml" && [ "$(count "$near")" = 4 ] && as_iproute2_says
}
drifts() { # HOW MANY
	[ "$(flue pf show wan -j | jq '.[0].drift | length')" -eq "$1" ]
}
drift_is_seen() {
	ip link set "$near" vf 1 mac 02:00:00:00:66:66
	eventually 30 drifts 1 && flue pf show wan && flue apply "$T/c.yaml" && eventually 30 drifts 0 &&
		as_iproute2_says
}
drift_is_repaired() {
	config ""
	sed -i 's/mtu: 9000/mtu: 9000, drift: repair/' "$T/c.yaml"
	flue apply "$T/c.yaml" || return 1
	ip link set "$near" vf 1 mac 02:00:00:00:66:66
	eventually 30 as_iproute2_says
}
# Somebody without a REQ eventfd has a VF, and somebody else takes the VFs away: this waits in the kernel.
wedged() {
	local address answer group
	address=$(basename "$(readlink "$pci/${pfs[1]}/virtfn0")")
	group=$(basename "$(readlink "$pci/$address/iommu_group")")
	python3 - "$address" "$group" <<-'END' &
		import fcntl, os, struct, sys, time
		container, group = os.open("/dev/vfio/vfio", os.O_RDWR), os.open("/dev/vfio/" + sys.argv[2], os.O_RDWR)
		fcntl.ioctl(group, 0x3B68, struct.pack("i", container))
		fcntl.ioctl(container, 0x3B66, 1)
		device = fcntl.ioctl(group, 0x3B6A, bytearray(sys.argv[1].encode() + b"\0"))
		open(os.environ["FLUE_VM_DIR"] + "/has-it", "w").close()
		time.sleep(1000)
	END
	local thief=$!
	eventually 60 test -e "$FLUE_VM_DIR/has-it" || return 1
	sh -c "echo 0 >$pci/${pfs[1]}/sriov_numvfs" &
	local writer=$!
	sleep 3
	for ((answer = 0; answer < 5; answer++)); do
		"$top/tests/tools/rpc-time" "$FLUE_PF_SOCKET" pf.show 20 >"$T/times" || return 1
		sed 's/^/# wedged: /' "$T/times"
	done
	# The other card works meanwhile.
	flue vf set wan 1 max-rate 400 && [ "$(linux "$near" 1 'rate.max_tx')" = 400 ] &&
		flue vf set wan 1 max-rate 500
	local status=$?
	kill -9 $thief
	wait $thief $writer 2>/dev/null
	config ""
	eventually 60 flue apply "$T/c.yaml" && [ "$(count "$far")" = 3 ] && return $status
}
# Killed at a moment of its choosing while it makes or unmakes VFs; what is there after the next start is
# one of the two, whole.
killed_while_it_applies() {
	local i
	for ((i = 1; i <= 6; i++)); do
		config ""
		[ $((i % 2)) = 0 ] || sed -i 's/numvfs: 4/numvfs: 3/; s/vlan: 10/vlan: 11/' "$T/c.yaml"
		flue apply "$T/c.yaml" >/dev/null 2>&1 &
		local command=$!
		sleep "0.$i"
		pf_kill
		wait $command
		pf_start || return 1
		flue apply "$T/c.yaml" || return 1
		flue apply "$T/c.yaml" | grep -q 'nothing to change' || return 1
		[ "$(linux "$near" 0 'vlan_list[0].vlan')" = $((10 + i % 2)) ] || return 1
	done
	as_iproute2_says
}

# lab/run --no-intremap
no_interrupt_remapping() {
	assign wan 0 red && ! "$top/tests/tools/vf-hold" wan/0 red >"$T/hold" 2>&1 && cat "$T/hold" &&
		grep -q 'interrupt remapping' "$T/hold" && state_is wan 0 reserved && flue vf release wan 0 &&
		state_is wan 0 free
}

tests=(declared as_iproute2_says nothing_is_set_twice one_message_an_attribute refused_whole taken_and_given not_for_others dead_holder
	stray_dma_is_named manager_may_die both_may_die late_release deaf_holder blast_radius drift_is_seen
	drift_is_repaired wedged killed_while_it_applies)
# Some of them, by name.
[ -z "${FLUE_PF_TESTS-}" ] || read -ra tests <<<"declared $FLUE_PF_TESTS"
mkdir -p "$FLUE_VM_DIR"
echo "1..$((${#tests[@]} + 1))"
check started pf_start
for test in "${tests[@]}"; do
	check "$test" "$test"
done
kill "$pf_pid"
wait "$pf_pid"
# As it was, for the next test in this boot.
for pf in "${pfs[@]}"; do
	echo 0 >"$pci/$pf/sriov_numvfs"
done
ip link set "$near" mtu 1500
cp "$T/pf.log" "$FLUE_LAB_RESULTS/flue-pf.log"
rm -rf "$T"
exit $failed
