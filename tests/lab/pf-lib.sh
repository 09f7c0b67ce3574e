# shellcheck shell=bash disable=SC2034,SC2086,SC2154
# SPDX-License-Identifier: BSD-3-Clause
# pf-lib.sh: flue-pf and stock guests, for tests in the lab. Before lib.sh: the cards are the lab's own, so there
# is no sandbox within it.
[ -n "${FLUE_LAB_RESULTS-}" ] || {
	echo "skip: this is not the lab; lab/run --session $0"
	exit 77
}
pci=/sys/bus/pci/devices
pfs=()
for device in "$pci"/*; do
	[ "$(cat "$device/device")" != 0x10c9 ] || pfs+=("${device##*/}")
done
near=$(ls "$pci/${pfs[0]}/net") far=$(ls "$pci/${pfs[1]}/net")
modprobe vfio-pci
modprobe vfio_iommu_type1
ip link set lo up
ip link set "$near" up
ip link set "$far" up
export FLUE_SANDBOX=1
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../vm.sh"
export FLUE_PF_SOCKET=$T/pf.sock FLUE_PF_HAND=$T/hand.sock

pf_start() {
	start pf "$BUILD/sriov-pf/flue-pf" --socket $FLUE_PF_SOCKET --hand-socket $FLUE_PF_HAND --state-dir $T/state \
		--run-dir $T/run --vm-run-dir $FLUE_VM_DIR/run
	eventually 60 flue pf show || fail "flue-pf is not ready"
}

vf_is() { # PF INDEX STATE
	[ "$(flue vf show "$1" "$2" -j | jq -r '.[0].state')" = "$3" ]
}

linux() { # INTERFACE INDEX FIELD: what iproute2 says of a VF
	ip -j -d link show "$1" | jq -r ".[0].vfinfo_list[$2].$3"
}

# The guest's interface with that address of its own; nothing: it has none.
vm_interface() { # NAME MAC
	vm_run "$1" "grep -l $2 /sys/class/net/*/address" | tr -d '\r' | sed -n 's|/sys/class/net/\(.*\)/address|\1|p'
}
vm_has() { # NAME MAC
	[ -n "$(vm_interface "$1" "$2")" ]
}
