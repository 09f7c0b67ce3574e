#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# A guest with Debian's kernel drives a VF of an igb card that was given to it (in the lab): the stock driver,
# MSI-X, TCP over the wire to the other card; taken out while it runs, and a synthetic card put in.
#
#	guest: igbvf -- VF of PF 0 -- wire -- PF 1 (10.0.0.9)
# shellcheck disable=SC2086
set -euo pipefail
if [ -z "${FLUE_SANDBOX-}" ]; then
	# The cards are the lab's, outside of the sandbox the test then runs in.
	[ -n "${FLUE_LAB_RESULTS-}" ] || {
		echo "skip: this is not the lab; lab/run --session --memory 2048 $0"
		exit 77
	}
	pci=/sys/bus/pci/devices
	pfs=()
	for device in "$pci"/*; do
		[ "$(cat $device/device)" != 0x10c9 ] || pfs+=("${device##*/}")
	done
	modprobe vfio-pci
	modprobe vfio_iommu_type1
	near=$(ls $pci/${pfs[0]}/net) far=$(ls $pci/${pfs[1]}/net)
	ip link set "$near" up
	ip addr add 10.0.0.9/24 dev "$far"
	ip link set "$far" up
	echo 0 >$pci/${pfs[0]}/sriov_drivers_autoprobe
	[ -e $pci/${pfs[0]}/virtfn0 ] || echo 1 >$pci/${pfs[0]}/sriov_numvfs
	FLUE_VF=$(basename "$(readlink $pci/${pfs[0]}/virtfn0)")
	[ ! -e $pci/$FLUE_VF/driver ] || echo "$FLUE_VF" >$pci/$FLUE_VF/driver/unbind
	ip link set "$near" vf 0 mac 02:00:00:00:00:77
	echo vfio-pci >$pci/$FLUE_VF/driver_override
	echo "$FLUE_VF" >/sys/bus/pci/drivers_probe
	# What comes goes back. The lab ends it.
	busybox nc -ll -p 7000 -e /bin/cat </dev/null >/dev/null 2>&1 &
	export FLUE_VF
fi
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../vm.sh"

"$tools/guest-image" "$kernels/6.12" $T/initrd virtio_pci virtio_net igbvf button evdev
flued_start --no-huge
flue bridge add br0
flue port add s kind vhost bridge br0 socket $T/s.sock
flue port add h kind host bridge br0 address 10.1.0.1/24
ip link set h up 2>/dev/null || true
vm_create d "$kernels/6.12/vmlinux"
flue vm nic add d vf0 model direct address $FLUE_VF

say "the VF's own driver binds, with MSI-X"
flue vm start d
vm_booted d
vm_run d 'ethtool -i eth0' | grep 'driver: igbvf' || fail "not igbvf"
vm_run d 'cat /sys/class/net/eth0/address' | grep 02:00:00:00:00:77 || fail "not the VF's address"
vm_vf d 10.0.0.1/24 eth0
vm_run d 'grep eth0 /proc/interrupts' | tee $T/interrupts
grep -q MSIX $T/interrupts || fail "no MSI-X"

say "TCP over the wire"
eventually 60 vm_ping d 10.0.0.9 || fail "no ping over the wire"
vm_run d 'head -c 500000 /dev/urandom >/tmp/sent; nc 10.0.0.9 7000 </tmp/sent >/tmp/back; wc -c </tmp/back
	cmp /tmp/sent /tmp/back && echo the same' 600 >$T/echo || true
cat $T/echo
grep -q 'the same' $T/echo || fail "not all that was sent came back"

say "it is taken out, and a synthetic card put in"
gone() {
	[ "$(flue vm show d -j | jq '[.[0].nics[]? | select(.name == "vf0")] | length')" = 0 ]
}
flue vm nic del d vf0
eventually 60 gone || fail "the guest does not let go of the VF"
vm_run d 'ls /sys/class/net' | grep -q eth0 && fail "the guest still has the VF"
flue vm nic add d net0 port s
there() {
	vm_run d 'ethtool -i eth0' | grep -q 'driver: virtio_net'
}
eventually 60 there || fail "the guest does not find the new card"
vm_address d 10.1.0.2/24
eventually 60 vm_ping d 10.1.0.1 || fail "no ping by the new card"
flue vm kill d
flued_stop
