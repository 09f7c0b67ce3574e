#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# What the lab promises, seen from within (lab/run): an IOMMU with interrupt remapping, cards whose VFs can
# be made and assigned, a wire between them, and what a host has. Its KVM is vm-direct.sh's to show.
set -uo pipefail

top=$(realpath "$(dirname "$0")/../..")
if [ -z "${FLUE_LAB_RESULTS-}" ]; then
	echo "skip: this is not the lab; lab/run --session $0"
	exit 77
fi

pfs() { # their folders in sysfs
	local pf
	for pf in /sys/class/net/*/device/sriov_totalvfs; do
		[ ! -e "$pf" ] || dirname "$(realpath "$pf")"
	done
}

remapping() {
	[ -e /sys/class/iommu/dmar0 ] || { echo "no IOMMU"; return 1; }
	dmesg | grep 'DMAR-IR: Enabled IRQ remapping'
}

seven_vfs_each() {
	local pf vfs
	[ "$(pfs | wc -l)" -eq 2 ] || { echo "not two PFs: $(pfs)"; return 1; }
	for pf in $(pfs); do
		echo 7 >"$pf/sriov_numvfs" || return 1
		vfs=("$pf"/virtfn*)
		echo "${pf##*/}: ${#vfs[@]} VFs"
		[ ${#vfs[@]} -eq 7 ] || return 1
	done
}

# DMA and interrupts of a VF in the hands of a process: without interrupt remapping VFIO refuses here.
vfio_takes_a_vf() {
	local vf
	vf=$(realpath "$(pfs | head -n 1)/virtfn0")
	echo vfio-pci >"$vf/driver_override"
	echo "${vf##*/}" >/sys/bus/pci/drivers_probe
	[ "$(basename "$(realpath "$vf/driver")")" = vfio-pci ] || { echo "vfio-pci does not bind"; return 1; }
	python3 - "$(basename "$(realpath "$vf/iommu_group")")" "${vf##*/}" <<-'END'
		import fcntl, os, struct, sys
		# <linux/vfio.h>
		GROUP_GET_STATUS, GROUP_SET_CONTAINER, SET_IOMMU, GET_DEVICE_FD = 0x3B67, 0x3B68, 0x3B66, 0x3B6A
		DEVICE_GET_IRQ_INFO, MSIX = 0x3B6D, 2
		container = os.open("/dev/vfio/vfio", os.O_RDWR)
		group = os.open("/dev/vfio/" + sys.argv[1], os.O_RDWR)
		status = bytearray(struct.pack("II", 8, 0))
		fcntl.ioctl(group, GROUP_GET_STATUS, status)
		assert struct.unpack("II", status)[1] & 1, "the group is not viable"
		fcntl.ioctl(group, GROUP_SET_CONTAINER, struct.pack("i", container))
		fcntl.ioctl(container, SET_IOMMU, 1)
		device = fcntl.ioctl(group, GET_DEVICE_FD, bytearray(sys.argv[2].encode() + b"\0"))
		irqs = bytearray(struct.pack("IIII", 16, 0, MSIX, 0))
		fcntl.ioctl(device, DEVICE_GET_IRQ_INFO, irqs)
		print(sys.argv[2], "in group", sys.argv[1], "has", struct.unpack("IIII", irqs)[3], "MSI-X vectors")
		assert struct.unpack("IIII", irqs)[3] > 0
	END
}

# From one card to the other, each in a namespace of its own.
wire() {
	local pf number=0 name
	for pf in $(pfs); do
		name=$(ls "$pf/net")
		ip netns add "wire$number"
		ip link set "$name" netns "wire$number" name eth0
		ip -n "wire$number" addr add "192.0.2.$((number + 1))/24" dev eth0
		ip -n "wire$number" link set eth0 up
		number=$((number + 1))
	done
	for _ in {1..20}; do
		! ip netns exec wire0 ping -c 1 -W 1 -q 192.0.2.2 || return 0
	done
	return 1
}

host() {
	ip tuntap add tap0 mode tap &&
		ip link add veth0 type veth peer name veth1 &&
		ip link add br0 type bridge &&
		ip link set veth0 master br0 &&
		echo 16 >/proc/sys/vm/nr_hugepages &&
		[ "$(cat /proc/sys/vm/nr_hugepages)" -eq 16 ] &&
		touch /dev/hugepages/page && rm /dev/hugepages/page &&
		unshare --net --mount --pid --fork --mount-proc true &&
		echo printed >/dev/stdout &&
		touch /lab-can-write "$top/lab-can-write"
}

results() {
	echo "from the lab" >"$FLUE_LAB_RESULTS/note"
}

# For the next test in this boot: no VFs, and the cards are back from their namespaces.
give_back() {
	local pf number
	for number in 0 1; do
		ip netns del "wire$number" || true
	done
	for pf in /sys/bus/pci/devices/*/sriov_numvfs; do
		pf=${pf%/*}
		echo 0 >"$pf/sriov_numvfs"
		for _ in {1..100}; do
			[ ! -e "$pf/net" ] || [ -z "$(ls "$pf/net")" ] || break
			sleep 0.1
		done
	done
}

tests=(remapping seven_vfs_each vfio_takes_a_vf wire host results)
failed=0
echo "1..${#tests[@]}"
for test in "${tests[@]}"; do
	if $test; then
		echo "ok $test"
	else
		echo "not ok $test"
		failed=1
	fi
done
give_back
exit $failed
