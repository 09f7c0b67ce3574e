#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# vfio: functions of an igb card are given to a guest by VFIO, used, and taken back. Runs in the lab:
#	lab/run --session --memory 2048 tests/lab/vfio.sh
#	lab/run --session --memory 2048 --no-intremap tests/lab/vfio.sh no-intremap
# With more memory the VFs are above 4 GB, where QEMU 10.0 maps only the lower half of their address.
set -u
try=${BUILD:-build}/hv-core/vfio/vfio_try
pci=/sys/bus/pci/devices

pfs=()
for device in "$pci"/*; do
	[ "$(cat "$device/device")" != 0x10c9 ] || pfs+=("${device##*/}")
done
pf=${pfs[0]} other=${pfs[1]}

bind() { # ADDRESS DRIVER
	[ ! -e "$pci/$1/driver" ] || echo "$1" >"$pci/$1/driver/unbind"
	echo "$2" >"$pci/$1/driver_override"
	echo "$1" >/sys/bus/pci/drivers_probe
}
vf() { # NUMBER: the first PF's
	basename "$(readlink "$pci/$pf/virtfn$1")"
}
check() { # NAME COMMAND...
	local name=$1
	shift
	if "$@"; then echo "ok $name"; else echo "not ok $name"; fi
}
until_said() { # WORDS FILE
	local i
	for ((i = 0; i < 600; i++)); do
		grep -q "$1" "$2" && return
		sleep 0.1
	done
	return 1
}

modprobe vfio-pci
modprobe vfio_iommu_type1
# The VFs' interrupts need the PF's.
ip link set "$(ls "$pci/$pf/net")" up
echo 0 >"$pci/$pf/sriov_drivers_autoprobe"
echo 3 >"$pci/$pf/sriov_numvfs"

if [ "${1-}" = no-intremap ]; then
	echo 1..1
	bind "$(vf 0)" vfio-pci
	"$try" refuse "$(vf 0)" "no interrupt remapping"
	exit
fi

echo 1..67
"$try" refuse "$(vf 0)" "no driver, not vfio-pci"
for n in 0 1 2; do bind "$(vf $n)" vfio-pci; done

echo "# a VF"
"$try" use "$(vf 0)"
echo "# two VFs"
"$try" share "$(vf 0)" "$(vf 1)"
echo "# a PF"
bind "$other" vfio-pci
"$try" use "$other"

# A group of several functions, one of which the host keeps.
refuse_group() {
	local function=0000:00:1f.2 other=0000:00:1f.3
	modprobe -q i2c-i801
	if [ ! -e $pci/$other/driver ]; then
		echo "ok a group of which the host uses a part is refused # SKIP no driver for $other here"
		return
	fi
	bind $function vfio-pci
	"$try" refuse $function "is not viable: the host uses $other (i801_smbus)"
}
refuse_group

# Without the right to lock as much memory as it likes.
setpriv --bounding-set -ipc_lock --inh-caps -ipc_lock prlimit --memlock=1048576 \
	"$try" refuse "$(vf 0)" "RLIMIT_MEMLOCK is 1048576 bytes and must be at least 67108864"

# What the host takes away is given back, and the host does not wait for ever.
held=$(vf 2)
"$try" hold "$held" >/tmp/held 2>&1 &
holder=$!
check "the guest has the VF" until_said "^ok the guest holds" /tmp/held
"$try" refuse "$held" "is open already"
check "removing the VFs comes back" timeout 60 sh -c "echo 0 >$pci/$pf/sriov_numvfs"
wait $holder
status=$?
cat /tmp/held
check "who held it ended well" [ $status = 0 ]
check "the VF is gone" [ ! -e "$pci/$held" ]
