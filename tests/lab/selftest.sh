#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# What the lab promises, seen from within (lab/run): an IOMMU with interrupt remapping, cards whose VFs can
# be made and assigned, a wire between them, what a host has, and a KVM that boots a stock kernel.
# shellcheck disable=SC2086
set -uo pipefail

top=$(realpath "$(dirname "$0")/../..")
kernel=${FLUE_GUEST_KERNEL-/var/cache/flue/guest}/6.12-cloud
T=/run/selftest
mkdir -p $T

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

guest() { # SECONDS COMMAND
	"$top/tests/tools/guest-run" $T/console "$1" "$2" "${@:3}"
}

# A stock kernel in the lab's own KVM, to init and back; its shell is reached over its only serial port.
nested_guest() {
	local began=$SECONDS pid status=0
	[ -r "$kernel/vmlinux" ] || { echo "no kernel for the guest"; return 1; }
	"$top/tests/tools/guest-image" "$kernel" $T/initrd virtio_net button evdev || return 1
	qemu-system-x86_64 -accel kvm -cpu host -M q35 -m 256 -nodefaults -no-user-config -display none -no-reboot \
		-chardev socket,id=console,path=$T/console,server=on,wait=off,logfile=$T/console.log \
		-serial chardev:console -kernel "$kernel/vmlinux" -initrd $T/initrd \
		-append "console=ttyS0 quiet panic=-1 nokaslr mitigations=off no_timer_check" </dev/null &
	pid=$!
	while [ ! -S $T/console ] && kill -0 $pid; do sleep 0.2; done
	guest 150 true again && guest 30 'uname -r; grep -c ^processor /proc/cpuinfo' && guest 20 'poweroff -f &' || status=1
	[ $status -eq 0 ] || { kill -9 $pid; tail $T/console.log; }
	wait $pid
	echo "a nested guest's life took $((SECONDS - began)) s of the lab's time"
	return $status
}

results() {
	echo "from the lab" >"$FLUE_LAB_RESULTS/note"
	cp $T/console.log "$FLUE_LAB_RESULTS/nested.log"
}

tests=(remapping seven_vfs_each vfio_takes_a_vf wire host nested_guest results)
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
exit $failed
